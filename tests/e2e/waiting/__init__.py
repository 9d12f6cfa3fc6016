"""What callers of a queue hear and where their keys lead: one contact centre for all of them."""
