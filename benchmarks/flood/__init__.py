"""A flood of SIP requests from one address against FreeSWITCH, with and without the guard.

The attacker has an address of its own on the loopback and sends REGISTER, INVITE and OPTIONS in turn, at a
steady rate, to the three profiles. Callers call as in benchmarks/calls. It takes FreeSWITCH, SIPp and the
rights of the guard (CAP_NET_RAW, CAP_SYS_PTRACE: root).
"""
