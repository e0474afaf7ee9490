"""Rigorous bounds on the tensors of a problem over boxes of inputs."""
