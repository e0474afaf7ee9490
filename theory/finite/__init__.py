"""Finite processes over time: chains, decision processes and turn-based games, solved exactly."""
