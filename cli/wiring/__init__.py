"""Adapters between the service layer and the stores and switches, and the processes that run them."""
