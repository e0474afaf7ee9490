"""Preferences over lotteries, acts, options and purchases: coherent, or the pump."""
