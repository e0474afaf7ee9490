"""Architectures of the zoo. Every one takes a flat observation and gives a score per action."""
