"""The same barrier as rules of nftables (nft(8)), in a table of our own that is replaced as a whole.

Somebody else's `nft flush ruleset` (the start of many a firewall) takes it away: it is looked for each time.

For machines where it shall hold for every program, or where the switch is in a container. Not for a machine
without the `nft` program and the kernel's nf_tables.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from firewall.errors import ProgramFailed

TABLE: Final = "fernamt"
CHAIN: Final = "input"
_SETS: Final = {
    "banned4": "ipv4_addr", "banned6": "ipv6_addr", "slowed4": "ipv4_addr", "slowed6": "ipv6_addr",
}  # fmt: skip
_TIMEOUT_S: Final = 5.0
#: What UDP packets of slowed sources begin with that are let in all the same, as in firewall/bpf.py.
_ALWAYS: Final = (b"ACK ", b"SIP/", b"INVITE sip:110@", b"INVITE sip:112@")
_THINNED: Final = "numgen random mod 10 != 0 drop"


def ruleset(ports: Sequence[int], banned: Sequence[str], slowed: Sequence[str]) -> str:
    """What `nft -f -` is given: one transaction, so there is no moment without the table.

    Before the connection tracking (priority raw, -300): a flood must not fill its table either.
    """
    to = ", ".join(str(port) for port in sorted(ports))
    sets = [
        _set(name, kind, (each for each in sources if (":" in each) is name.endswith("6")))
        for (name, kind), sources in zip(_SETS.items(), (banned, banned, slowed, slowed), strict=True)
    ]
    here = f"th dport {{ {to} }}"
    rules = [
        f"meta l4proto {{ tcp, udp }} {here} ip saddr @banned4 drop",
        f"meta l4proto {{ tcp, udp }} {here} ip6 saddr @banned6 drop",
        f"meta l4proto udp {here} ip saddr @slowed4 jump slowed",
        f"meta l4proto udp {here} ip6 saddr @slowed6 jump slowed",
    ]
    chains = [
        *_chain("slowed", [*(f"{_begins_with(each)} return" for each in _ALWAYS), _THINNED]),
        *_chain(CHAIN, ["type filter hook prerouting priority -300; policy accept;", *rules]),
    ]
    # `add` first: `delete` of a table that is not there would undo all of it.
    lines = [f"add table inet {TABLE}", f"delete table inet {TABLE}", f"table inet {TABLE} {{"]
    return "\n".join([*lines, *sets, *chains, "}", ""])


def _begins_with(text: bytes) -> str:
    """The payload behind the UDP header, compared word by word."""
    words = [(at, text[at : at + 4]) for at in range(0, len(text), 4)]
    return " ".join(f"@th,{64 + 8 * at},{8 * len(word)} 0x{word.hex()}" for at, word in words)


def _chain(name: str, rules: Iterable[str]) -> list[str]:
    return [f"\tchain {name} {{", *(f"\t\t{rule}" for rule in rules), "\t}"]


def _set(name: str, kind: str, elements: Iterable[str]) -> str:
    listed = sorted(elements)
    inside = [f"type {kind}; flags interval;"]
    if listed:
        inside.append(f"elements = {{ {', '.join(listed)} }}")
    return "\n".join([f"\tset {name} {{", *(f"\t\t{line}" for line in inside), "\t}"])


def run_nft(script: str) -> None:
    """Give the script to the program. Raises ProgramFailed."""
    done = _nft("-f", "-", script=script)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[0][:200]
        raise ProgramFailed(f"nft refused the rules: {said}; it needs root or CAP_NET_ADMIN")


def nft_stands() -> bool:
    """Whether our chain is there with its rules; its sets are not listed, they may be long.

    Raises ProgramFailed where the program does not run at all.
    """
    done = _nft("list", "chain", "inet", TABLE, CHAIN)
    return done.returncode == 0 and all(f"@{name}" in done.stdout for name in _SETS)


def _nft(*arguments: str, script: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["nft", *arguments],  # noqa: S607 - where it is differs
            input=script,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise ProgramFailed(f"nft: {error}; install nftables, or set guard.barrier to sockets") from error


class NftablesBarrier:
    """controller.guard.Barrier by nftables. `run` takes a script, `stands` says whether the table is ours."""

    def __init__(
        self,
        ports: Sequence[int],
        run: Callable[[str], None] = run_nft,
        stands: Callable[[], bool] = nft_stands,
    ) -> None:
        self._ports = tuple(ports)
        self._run = run
        self._stands = stands
        self._last = ""

    def put(self, banned: Sequence[str], slowed: Sequence[str]) -> int:
        """Replace the table where it differs or was taken away; the number of ports it guards.

        Raises ProgramFailed.
        """
        script = ruleset(self._ports, banned, slowed)
        if script != self._last or not self._stands():
            self._run(script)
            self._last = script
        return len(self._ports)

    def lift_all(self) -> None:
        """Take the table away."""
        self._run(f"add table inet {TABLE}\ndelete table inet {TABLE}\n")
        self._last = ""
