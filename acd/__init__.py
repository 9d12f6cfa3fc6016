"""Automatic call distribution: queues, agents, skills. Pure: no I/O, no clock.

`step(state, event, now_ms) -> (state, effects)` is the whole of it; the journal makes a successor possible.
"""
