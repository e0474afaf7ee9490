"""What the graph of a network shows by itself: loops, bottlenecks, typed candidates."""
