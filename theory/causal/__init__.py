"""Causal models and influence diagrams over finite domains, in exact rationals."""
