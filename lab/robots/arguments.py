"""Strict readings of a command's arguments; each refusal names the argument."""

import ipaddress
from collections.abc import Mapping
from typing import Any, get_args

from lab.media.g711 import Codec
from lab.robots.behaviour import check_headers
from lab.robots.errors import CommandRefusedError
from lab.robots.outgoing import DelayedOffer, Order
from lab.robots.phone import PhoneSettings
from lab.robots.report import BodyPart
from lab.robots.sip_text import Address, address_of
from lab.robots.voice import make_source

MAX_HEADERS = 100
MAX_BODY_CHARS = 100_000
MAX_URI_CHARS = 20_000
"""Long enough for the hostile ones."""

Arguments = Mapping[str, Any]


def text(arguments: Arguments, name: str, limit: int = MAX_URI_CHARS) -> str:
    """A string of 1..limit characters."""
    value = arguments.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise CommandRefusedError(f"{name} must be a text of 1..{limit} characters, not {str(value)[:80]!r}")
    return value


def optional_text(arguments: Arguments, name: str, limit: int = MAX_URI_CHARS) -> str | None:
    """A string of up to `limit` characters, or None."""
    value = arguments.get(name)
    if value is None or (isinstance(value, str) and len(value) <= limit):
        return value
    raise CommandRefusedError(f"{name} must be a text of at most {limit} characters, not {str(value)[:80]!r}")


def number(arguments: Arguments, name: str, lowest: int, highest: int) -> int:
    """A whole number within the bounds."""
    value = arguments.get(name)
    if type(value) is not int or not lowest <= value <= highest:
        raise CommandRefusedError(f"{name} must be {lowest}..{highest}, not {str(value)[:80]!r}")
    return value


def loopback(arguments: Arguments, name: str) -> str:
    """An address of 127.0.0.0/8: robots never leave the machine."""
    value = text(arguments, name, 39)
    try:
        if ipaddress.IPv4Address(value).is_loopback:
            return value
    except ValueError:
        pass
    raise CommandRefusedError(f"{name} {value!r} is no loopback address; use 127.0.0.1")


def address(arguments: Arguments, name: str) -> Address:
    """[host, port] as JSON has it; the host an IPv4 loopback address."""
    value = arguments.get(name)
    if isinstance(value, list) and len(value) == 2:
        fields = {"host": value[0], "port": value[1]}
        return loopback(fields, "host"), number(fields, "port", 1, 65535)
    raise CommandRefusedError(f"{name} must be [host, port], not {str(value)[:80]!r}")


def headers(arguments: Arguments) -> tuple[tuple[str, str], ...]:
    """[[name, value], ...] without line breaks; a name may come twice."""
    rows = arguments.get("headers") or []
    if not isinstance(rows, list) or len(rows) > MAX_HEADERS:
        raise CommandRefusedError(f"headers must be a list of at most {MAX_HEADERS} [name, value]")
    for row in rows:
        if not isinstance(row, list) or len(row) != 2:
            raise CommandRefusedError(f"headers: {str(row)[:80]!r} is not [name, value]")
        check_headers({row[0]: row[1]}, "headers")
    return tuple((name, value) for name, value in rows)


def codecs(arguments: Arguments) -> tuple[Codec, ...]:
    """Names of the G.711 laws in order of preference."""
    names = arguments.get("codecs") or ["PCMA", "PCMU"]
    if not isinstance(names, list) or not set(map(str, names)) <= {"PCMA", "PCMU"}:
        raise CommandRefusedError(f"codecs {names!r}: use PCMA and PCMU")
    return tuple(Codec[name] for name in names)


def play(arguments: Arguments, name: str = "play") -> str | None:
    """A tone or a WAV file that can be played; raises the media engine's error now."""
    value = optional_text(arguments, name)
    if value is not None:
        make_source(value)
    return value


def order(arguments: Arguments, settings: PhoneSettings) -> Order:
    """An outgoing call; without `proxy` it goes to the IP address in `to`."""
    to = text(arguments, "to")
    if not to.lower().startswith("sip:") or any(bad in to for bad in "\r\n <>"):
        raise CommandRefusedError(f"to {to[:80]!r}: give a SIP URI such as sip:user@127.0.0.1:5060")
    target = address(arguments, "proxy") if arguments.get("proxy") is not None else address_of(to)
    if target is None or not target[0].startswith("127."):
        raise CommandRefusedError(f"to {to[:80]!r} has no loopback address; give proxy=(host, port)")
    for name in ("from_user", "from_name", "from_host"):
        if any(bad in (optional_text(arguments, name) or "") for bad in "\r\n\0"):
            raise CommandRefusedError(f"{name} has a line break; use send_raw for that")
    talk_ms = number(arguments, "talk_ms", 0, 3_600_000) if arguments.get("talk_ms") is not None else None
    return Order(
        to=to,
        to_address=target,
        from_user=optional_text(arguments, "from_user") or settings.username or settings.name,
        from_name=optional_text(arguments, "from_name"),
        from_host=optional_text(arguments, "from_host"),
        headers=headers(arguments),
        parts=_parts(arguments),
        timeout_ms=number(arguments, "timeout_ms", 1, 600_000),
        play=play(arguments),
        digits=optional_text(arguments, "digits", 128),
        record=optional_text(arguments, "record", 4096),
        talk_ms=talk_ms,
        silent=arguments.get("silent") is True,
        delayed_offer=_delayed_offer(arguments),
    )


def _delayed_offer(arguments: Arguments) -> DelayedOffer | None:
    value = arguments.get("delayed_offer")
    if value is None or value in get_args(DelayedOffer):
        return value
    raise CommandRefusedError(f"delayed_offer {str(value)[:80]!r}: use {', '.join(get_args(DelayedOffer))}")


def _parts(arguments: Arguments) -> tuple[BodyPart, ...]:
    rows = arguments.get("parts") or []
    if not isinstance(rows, list) or len(rows) > 8 or not all(isinstance(row, dict) for row in rows):
        raise CommandRefusedError("parts must be a list of at most 8 bodies")
    return tuple(
        BodyPart(text(row, "content_type", 255), text(row, "content", MAX_BODY_CHARS), headers(row))
        for row in rows
    )
