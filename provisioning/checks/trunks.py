"""Trunks among each other: shared sources, timeouts, emergency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dialplan.carrier import Peer
from dialplan.legs import SILENT_S
from provisioning.errors import Finding, KeyPath, Severity
from provisioning.peers import accepted_peers
from provisioning.schema import TrunkEntry
from provisioning.validate import Parts

#: Seconds that set-up to a mobile number takes, and to a foreign one often.
_SETUP_S: Final = 10


def check_trunks(parts: Parts) -> Iterator[Finding]:
    """Each source is one trunk's only; timeouts fit each other; emergency calls have a way out."""
    peers: dict[Peer, KeyPath] = {}
    codecs: dict[tuple[object, str], tuple[KeyPath, tuple[str, ...]]] = {}
    for path, trunk in all_trunks(parts):
        yield from _sources(path, trunk, peers)
        yield from _codecs(path, trunk, codecs)
        no_progress_s = trunk.no_progress_s
        if no_progress_s is not None and no_progress_s >= trunk.no_answer_s:
            yield Finding(
                "config.timeouts-contradict",
                (*path, "no_progress_s"),
                "a peer that does not ring is given up later than a ringing one",
                found=str(no_progress_s),
                allowed=f"less than no_answer_s ({trunk.no_answer_s})",
            )
        elif path[0] == "carrier" and no_progress_s is not None and no_progress_s < _SETUP_S:
            yield Finding(
                "config.no-progress-short",
                (*path, "no_progress_s"),
                "calls to mobile and foreign numbers are given up while their network searches",
                found=str(no_progress_s),
                allowed=f"{_SETUP_S} and above; without any response it is left after {SILENT_S} s anyway",
                severity=Severity.WARNING,
            )
        for j, codec in enumerate(trunk.codecs):
            if codec in trunk.codecs[:j]:
                at = (*path, "codecs", j)
                yield Finding("config.listed-twice", at, "a codec is listed twice", repr(codec), "each once")
    yield from _emergency(parts)


def all_trunks(parts: Parts) -> Iterator[tuple[KeyPath, TrunkEntry]]:
    """Every trunk with its path, the carrier's first."""
    if parts.carrier is not None:
        for i, trunk in enumerate(parts.carrier.trunks):
            yield ("carrier", "trunks", i), trunk
    for i, customer in parts.customers.items():
        for j, each in enumerate(customer.trunks):
            yield ("customers", i, "trunks", j), each


def _sources(path: KeyPath, trunk: TrunkEntry, peers: dict[Peer, KeyPath]) -> Iterator[Finding]:
    for index, peer in enumerate(accepted_peers(trunk)):
        own: KeyPath = (*path, "address") if trunk.accepts_from is None else (*path, "accepts_from", index)
        first = peers.setdefault(peer, own)
        if first is not own:
            source = peer.ip if peer.port is None else f"{peer.ip} port {peer.port}"
            yield Finding(
                "config.peer-twice",
                own,
                "calls from one source would belong to two trunks",
                found=source,
                allowed="each source once; give ports where trunks share an address",
                other=first,
            )


def _codecs(
    path: KeyPath, trunk: TrunkEntry, known: dict[tuple[object, str], tuple[KeyPath, tuple[str, ...]]]
) -> Iterator[Finding]:
    """Of calls from an address the switch knows no port when it chooses a codec (render/codecs.py)."""
    for peer in accepted_peers(trunk):
        first, theirs = known.setdefault((path[0], peer.ip), (path, trunk.codecs))
        if theirs != trunk.codecs:
            yield Finding(
                "config.codecs-of-one-address",
                path,
                "trunks that share an address have different codecs: calls from there are taken with PCMA or "
                "PCMU",
                allowed="the same codecs for both, or an address for each",
                severity=Severity.WARNING,
                other=first,
            )
            return


def _emergency(parts: Parts) -> Iterator[Finding]:
    if parts.carrier is None:
        return
    able = [trunk for trunk in parts.carrier.trunks if trunk.emergency]
    path = ("carrier", "trunks")
    if not able:
        yield Finding(
            "config.no-emergency-trunk",
            path,
            "no trunk may carry calls to 110 and 112",
            allowed="at least one trunk with emergency: true, better two",
        )
    elif len(able) == 1:
        yield Finding(
            "config.one-emergency-trunk",
            path,
            f"only {able[0].id!r} may carry calls to 110 and 112: when it fails, none can be made",
            allowed="two trunks with emergency: true",
            severity=Severity.WARNING,
        )
