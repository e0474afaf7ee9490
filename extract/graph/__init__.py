"""What the graph of a network shows by itself: loops, fans, typed candidates."""
