"""Agents and supervisors with phones and commands: one exchange of two controllers for all of them."""
