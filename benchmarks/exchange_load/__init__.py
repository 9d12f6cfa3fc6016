"""A load of SIPp's on a whole exchange, and whether every leg of it has its record."""
