"""The same barrier as rules of nftables (nft(8)), in a table of our own that is replaced as a whole.

For machines where it shall hold for every program, or where the switch is in a container. Not for a machine
without the `nft` program and the kernel's nf_tables.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from firewall.errors import ProgramFailed

TABLE: Final = "fernamt"
_TIMEOUT_S: Final = 5.0


def ruleset(ports: Sequence[int], banned: Sequence[str], slowed: Sequence[str]) -> str:
    """What `nft -f -` is given: one transaction, so there is no moment without the table.

    Before the connection tracking (priority raw, -300): a flood must not fill its table either.
    """
    to = ", ".join(str(port) for port in sorted(ports))
    sets = [
        _set("banned4", "ipv4_addr", (each for each in banned if ":" not in each)),
        _set("banned6", "ipv6_addr", (each for each in banned if ":" in each)),
        _set("slowed4", "ipv4_addr", (each for each in slowed if ":" not in each)),
        _set("slowed6", "ipv6_addr", (each for each in slowed if ":" in each)),
    ]
    rules = [
        f"meta l4proto {{ tcp, udp }} th dport {{ {to} }} ip saddr @banned4 drop",
        f"meta l4proto {{ tcp, udp }} th dport {{ {to} }} ip6 saddr @banned6 drop",
        f"meta l4proto {{ tcp, udp }} th dport {{ {to} }} ip saddr @slowed4 numgen random mod 10 != 0 drop",
        f"meta l4proto {{ tcp, udp }} th dport {{ {to} }} ip6 saddr @slowed6 numgen random mod 10 != 0 drop",
    ]
    chain = ["\tchain input {", "\t\ttype filter hook prerouting priority -300; policy accept;"]
    chain += [*(f"\t\t{rule}" for rule in rules), "\t}"]
    # `add` first: `delete` of a table that is not there would undo all of it.
    lines = [f"add table inet {TABLE}", f"delete table inet {TABLE}", f"table inet {TABLE} {{"]
    return "\n".join([*lines, *sets, *chain, "}", ""])


def _set(name: str, kind: str, elements: Iterable[str]) -> str:
    listed = sorted(elements)
    inside = [f"type {kind}; flags interval;"]
    if listed:
        inside.append(f"elements = {{ {', '.join(listed)} }}")
    return "\n".join([f"\tset {name} {{", *(f"\t\t{line}" for line in inside), "\t}"])


def run_nft(script: str) -> None:
    """Give the script to the program. Raises ProgramFailed."""
    try:
        done = subprocess.run(
            ["nft", "-f", "-"],  # noqa: S607 - where it is differs
            input=script,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise ProgramFailed(f"nft: {error}; install nftables, or set guard.barrier to sockets") from error
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[0][:200]
        raise ProgramFailed(f"nft refused the rules: {said}; it needs root or CAP_NET_ADMIN")


class NftablesBarrier:
    """controller.guard.Barrier by nftables. `run` takes a script."""

    def __init__(self, ports: Sequence[int], run: Callable[[str], None] = run_nft) -> None:
        self._ports = tuple(ports)
        self._run = run
        self._last = ""

    def put(self, banned: Sequence[str], slowed: Sequence[str]) -> int:
        """Replace the table where it differs; the number of ports it guards. Raises ProgramFailed."""
        script = ruleset(self._ports, banned, slowed)
        if script != self._last:
            self._run(script)
            self._last = script
        return len(self._ports)

    def lift_all(self) -> None:
        """Take the table away."""
        self._run(f"add table inet {TABLE}\ndelete table inet {TABLE}\n")
        self._last = ""
