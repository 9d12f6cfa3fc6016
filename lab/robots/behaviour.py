"""What a robot does with an incoming call, as data: set before the call, sent over the wire as JSON.

Times are milliseconds from the arrival of the INVITE. `play` and `early_media` are a tone_stream text
(see `lab.media.tones`) or the path of a WAV file. `headers` go onto every response above 100.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypeAlias

from lab.robots.errors import CommandRefusedError

MAX_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Answer:
    """Ring (180, or 183 with `early_media`), answer after `after_ms`, play, hang up `talk_ms` later.

    `ring` False answers without a provisional response; `talk_ms` None talks until the peer hangs up.
    `digits` are sent once the call is up; `record` is the path of a WAV file to write. `silent` sends no
    RTP packet at all: the broken phone that a switch must survive.
    """

    after_ms: int = 0
    play: str | None = None
    talk_ms: int | None = None
    ring: bool = True
    early_media: str | None = None
    digits: str | None = None
    record: str | None = None
    silent: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse with any final code 300..699; `ring` sends a 180 first."""

    code: int = 486
    reason: str = ""
    after_ms: int = 0
    ring: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring on until the caller gives up, or `RobotCall.answer` or `.reject` decides by hand.

    With `early_media` a 183 with SDP is sent instead of the 180 and the audio is played.
    """

    after_ms: int = 0
    early_media: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RingThenHangup:
    """Ring for `ring_ms`, then give up with `code`, as a phone that nobody answers."""

    ring_ms: int = 1000
    code: int = 480
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ignore:
    """Send nothing at all, not even 100, and do not answer the CANCEL: a dead trunk."""


Behaviour: TypeAlias = Answer | Reject | Ring | RingThenHangup | Ignore

_KINDS: Final[dict[str, type[Behaviour]]] = {
    "answer": Answer,
    "reject": Reject,
    "ring": Ring,
    "ring_then_hangup": RingThenHangup,
    "ignore": Ignore,
}


def behaviour_to_wire(behaviour: Behaviour) -> dict[str, Any]:
    """The behaviour as a JSON object with its `kind`."""
    kind = next(name for name, cls in _KINDS.items() if cls is type(behaviour))
    return {"kind": kind, **asdict(behaviour)}


def behaviour_from_wire(fields: Mapping[str, Any]) -> Behaviour:
    """Read and check a behaviour; raises CommandRefusedError naming the field."""
    rest = dict(fields)
    kind = rest.pop("kind", None)
    cls = _KINDS.get(str(kind))
    if cls is None:
        raise CommandRefusedError(f"behaviour {kind!r} is not known; use one of {', '.join(_KINDS)}")
    try:
        behaviour = cls(**rest)
    except TypeError as problem:
        raise CommandRefusedError(f"behaviour {kind}: {problem}") from None
    _check(str(kind), rest)
    return behaviour


def _check(kind: str, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        place = f"behaviour {kind}, {name} {value!r}"
        if name.endswith("_ms") and not (value is None and name == "talk_ms"):
            if type(value) is not int or not 0 <= value <= MAX_MS:
                raise CommandRefusedError(f"{place}: give 0..{MAX_MS} ms")
        elif name == "code" and (type(value) is not int or not 300 <= value <= 699):
            raise CommandRefusedError(f"{place}: a refusal has a code of 300..699")
        elif name == "headers":
            check_headers(value, f"behaviour {kind}")


def check_headers(headers: object, place: str) -> None:
    """Names and values must be text without line breaks; hostile bytes are sent with `send_raw`."""
    if not isinstance(headers, Mapping):
        raise CommandRefusedError(f"{place}: headers must be an object of names and values")
    for name, value in headers.items():
        fine = isinstance(name, str) and isinstance(value, str) and name and ":" not in name
        if not fine or any(bad in name + value for bad in "\r\n\0"):
            raise CommandRefusedError(f"{place}: header {name!r} has a line break; use send_raw for that")
