"""The labelled zoo: seeded recipes for agents whose inner parts are known."""
