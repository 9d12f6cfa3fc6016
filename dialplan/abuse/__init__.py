"""What abuse of a line looks like, and by which rules it is found (B10)."""
