"""API commands, as `api` and `bgapi` reach them."""
