"""Simpler things that stand for a network or a part of it, each with its error stated."""
