"""Caller profiles: who calls whom in one stretch of a call, and when what happened (switch_caller.h)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lab.switch.clock import now_us
from lab.switch.dialplan import Plan


@dataclass(slots=True)
class Times:
    """Microseconds since 1970 UTC; 0 for never."""

    created: int = 0
    profile_created: int = 0
    progress: int = 0
    progress_media: int = 0
    answered: int = 0
    bridged: int = 0
    last_hold: int = 0
    hold_accum: int = 0
    hungup: int = 0
    resurrected: int = 0
    transferred: int = 0


@dataclass(slots=True)
class CallerProfile:
    """The fields are FreeSWITCH's; names of dialplan fields are these without underscores changed."""

    uuid: str
    username: str = ""
    dialplan: str = "XML"
    caller_id_name: str = ""
    caller_id_number: str = ""
    orig_caller_id_name: str = ""
    orig_caller_id_number: str = ""
    callee_id_name: str = ""
    callee_id_number: str = ""
    ani: str = ""
    aniii: str = ""
    network_addr: str = ""
    rdnis: str = ""
    destination_number: str = ""
    source: str = "mod_sofia"
    context: str = ""
    chan_name: str = ""
    direction: str = "inbound"
    logical_direction: str = "inbound"
    profile_index: str = "1"
    screen: bool = True
    hide_name: bool = False
    hide_number: bool = False
    plan: Plan | None = None
    times: Times = field(default_factory=Times)
    originator: CallerProfile | None = None
    originatee: CallerProfile | None = None

    def value(self, name: str) -> str | None:
        """A dialplan field by its name; None when there is no such field."""
        if name in _FIELDS:
            return str(getattr(self, name))
        if name in ("channel_name",):
            return self.chan_name
        return None

    def clone(self, **changes: str) -> CallerProfile:
        """A copy without plan, partners and times, for a new stretch or another leg."""
        fresh = Times(created=self.times.created, profile_created=now_us())
        return replace(self, plan=None, originator=None, originatee=None, times=fresh, **changes)  # type: ignore[arg-type]

    def headers(self, prefix: str) -> Iterator[tuple[str, str]]:
        """The event headers of this profile, e.g. with the prefix Caller or Other-Leg."""
        times = self.times
        pairs = (
            ("Direction", self.direction),
            ("Logical-Direction", self.logical_direction),
            ("Username", self.username),
            ("Dialplan", self.dialplan),
            ("Caller-ID-Name", self.caller_id_name),
            ("Caller-ID-Number", self.caller_id_number),
            ("Orig-Caller-ID-Name", self.orig_caller_id_name),
            ("Orig-Caller-ID-Number", self.orig_caller_id_number),
            ("Callee-ID-Name", self.callee_id_name),
            ("Callee-ID-Number", self.callee_id_number),
            ("Network-Addr", self.network_addr),
            ("ANI", self.ani),
            ("ANI-II", self.aniii),
            ("RDNIS", self.rdnis),
            ("Destination-Number", self.destination_number),
            ("Unique-ID", self.uuid),
            ("Source", self.source),
            ("Context", self.context),
            ("Channel-Name", self.chan_name),
            ("Profile-Index", self.profile_index if prefix != "Other-Leg" else ""),
        )
        yield from ((f"{prefix}-{name}", value) for name, value in pairs if value)
        yield f"{prefix}-Profile-Created-Time", str(times.profile_created)
        for name, us in (
            ("Created", times.created),
            ("Answered", times.answered),
            ("Progress", times.progress),
            ("Progress-Media", times.progress_media),
            ("Hangup", times.hungup),
            ("Transfer", times.transferred),
            ("Resurrect", times.resurrected),
            ("Bridged", times.bridged),
        ):
            yield f"{prefix}-Channel-{name}-Time", str(us)
        yield f"{prefix}-Channel-Last-Hold", str(times.last_hold)
        yield f"{prefix}-Channel-Hold-Accum", str(times.hold_accum)
        yield f"{prefix}-Screen-Bit", str(self.screen).lower()
        yield f"{prefix}-Privacy-Hide-Name", str(self.hide_name).lower()
        yield f"{prefix}-Privacy-Hide-Number", str(self.hide_number).lower()


_FIELDS = frozenset(
    [
        "uuid",
        "username",
        "dialplan",
        "caller_id_name",
        "caller_id_number",
        "callee_id_name",
        "callee_id_number",
        "ani",
        "aniii",
        "network_addr",
        "rdnis",
        "destination_number",
        "source",
        "context",
        "chan_name",
    ]
)
