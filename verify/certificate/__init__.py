"""Certificates: the split tree of a proof, written by the search and checked by separate code."""
