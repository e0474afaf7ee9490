"""The cognition of an agent: its parts, what they read, and finite planners taken apart."""
