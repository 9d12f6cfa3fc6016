"""Whether the service was there by the contract: outages, what does not count, service hours (F1, F2).

A domain package: no I/O, no clock; times are arguments.
"""
