"""What an agent could do, changes, tampers with, and how it takes interruptions."""
