"""Decisions about calls: facts in, one decision with its reason out. Pure: no I/O, no clock."""
