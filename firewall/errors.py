"""What can go wrong between us and the kernel.

FirewallError
├── NotPermitted    the process may not do what it has to
├── NobodyListens   no program has the SIP ports open
├── FilterTooLarge  the kernel's limit is too small for the list of addresses
└── ProgramFailed   `nft` is missing or refused its commands
"""

from __future__ import annotations


class FirewallError(Exception):
    """Base of this package's errors; `id` is stable and may be matched by programs."""

    id = "firewall.error"


class NotPermitted(FirewallError):
    """A capability is missing; the message names it."""

    id = "firewall.not-permitted"


class NobodyListens(FirewallError):
    """The switch does not run, or listens elsewhere."""

    id = "firewall.nobody-listens"


class FilterTooLarge(FirewallError):
    """net.core.optmem_max is smaller than the filter; the message says to what to set it."""

    id = "firewall.filter-too-large"


class ProgramFailed(FirewallError):
    """`nft` is not installed, or said no."""

    id = "firewall.program"
