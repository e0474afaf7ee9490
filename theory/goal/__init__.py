"""What an agent pursues: whether it keeps its goal, what pins the goal down, how directed it is."""
