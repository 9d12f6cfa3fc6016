"""Which numbers may not be called, and who may not call (B5 to B7, A7)."""
