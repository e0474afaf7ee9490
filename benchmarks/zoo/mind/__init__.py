"""What is asked of the planted minds, and how."""
