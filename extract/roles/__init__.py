"""The roles that parts of a network may play for an agent, each with its tests."""
