"""Addresses that nobody invited: how much each may ask, and for how long one that asks more is shut out."""
