"""Dialplan applications, one function each."""
