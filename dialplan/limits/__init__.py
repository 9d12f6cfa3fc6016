"""What a customer agreed to call at most, and which counters a call takes (B11)."""
