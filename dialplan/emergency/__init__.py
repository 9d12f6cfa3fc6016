"""Calls to 110 and 112: rules, routing by the contract address, room on full trunks, what is sent."""
