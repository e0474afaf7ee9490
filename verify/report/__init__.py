"""A report as people meet it: on the terminal and as a page."""
