"""Money, tariffs, charges, invoices. Pure: no I/O, no clock, no float. Grows with rating."""
