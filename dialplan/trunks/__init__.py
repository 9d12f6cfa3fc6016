"""Which carrier trunks take a call, in which order, and how they stand (B1)."""
