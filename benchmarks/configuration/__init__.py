"""What a configuration of 10,000 customers and 1,000,000 numbers costs: to check, to apply, to swap in.

    python -m benchmarks configuration [--json] [--quick]

Goals (issue 3): validate and plan within 60 s; a change of one customer applied within 2 s; a running
controller paused for at most 200 ms by the swap, with at most 1.5 GB; a number looked up within 2 µs.
"""
