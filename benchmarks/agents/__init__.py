"""Architectures of third-party agents whose weights lie in the data folder."""
