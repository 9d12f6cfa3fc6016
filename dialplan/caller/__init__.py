"""Which number a call shows, and in which headers (B2 to B4)."""
