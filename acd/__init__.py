"""Automatic call distribution: queues, agents, skills. Pure: no I/O, no clock. Grows later."""
