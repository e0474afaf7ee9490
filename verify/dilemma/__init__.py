"""Dilemmas before a solver and before a network: regions, proofs, score cards, pages."""
