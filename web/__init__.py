"""The HTTP interface for agents' and supervisors' screens: who may do what, and nothing of the how."""
