"""How the nets of the zoo are trained: short, seeded, on the processor."""
