"""Whether a gateway's peer is there, as mod_sofia says it: by its events, or when it is asked.

We render `ping-min` 0: FreeSWITCH would refuse calls to a gateway that it holds to be down, and an emergency
call must be tried over the last trunk whatever is known of it. `ping-monitoring` makes each answer to OPTIONS
an event, so that we judge ourselves. Read in sofia.c (sofia_handle_sip_r_options) and sofia_reg.c.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from freeswitch.events import Event

SUBCLASS: Final = "sofia::gateway_state"
_WITHOUT_REGISTRATION: Final = "NOREG"
#: Of the gateway that registers. No trunk's id has capital letters.
_REGISTERING: Final = ".R"
_REGISTERED: Final = "REGED"
#: The others are on the way to one of these.
_NOT_REGISTERED: Final = frozenset({"FAILED", "FAIL_WAIT", "EXPIRED", "DOWN", "TIMEOUT"})
#: RFC 3261: no answer in time, or one that calls cannot get through to. Any other answer shows a living peer.
_UNREACHABLE: Final = frozenset({408, 503})


@dataclass(frozen=True, slots=True)
class GatewayState:
    """What was learnt of a trunk by its gateway; `why` says it in words."""

    trunk_id: str
    up: bool
    why: str


def registering(trunk_id: str) -> str:
    """The gateway that registers for a trunk, beside the one that calls take (render/sofia.py)."""
    return f"{trunk_id}{_REGISTERING}"


def state_of_event(event: Event) -> GatewayState | None:
    """What a sofia::gateway_state event tells; None when that is nothing yet."""
    name, state = _trunk(event.get("Gateway") or ""), event.get("State") or ""
    if not name:
        return None
    if state == _WITHOUT_REGISTRATION:
        return _pinged(name, event.get("Status"), event.get("Phrase"))
    return _registered(name, state)


def state_of_status(text: str) -> GatewayState | None:
    """What `sofia status gateway NAME` printed tells; None for an unknown one or before the first ping."""
    fields = dict(_field(line) for line in text.splitlines() if "\t" in line)
    name, state = _trunk(fields.get("Name", "")), fields.get("State", "")
    if not name:
        return None
    if state != _WITHOUT_REGISTRATION:
        return _registered(name, state)
    # "min/count/max" with max 1: count is 1 after an answer, 0 after none; both 0 and no time: never asked.
    count = fields.get("PingState", "").split("/")[1:2]
    if count == ["1"]:
        return GatewayState(name, True, "answers OPTIONS")
    if count == ["0"] and fields.get("PingTime", "0.00") != "0.00":
        return GatewayState(name, False, "does not answer OPTIONS")
    return None


def _trunk(gateway: str) -> str:
    return gateway.removesuffix(_REGISTERING)


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition("\t")
    return name.strip(), value.strip()


def _pinged(name: str, status: str | None, phrase: str | None) -> GatewayState | None:
    code = int(status) if status and status.isascii() and status.isdigit() and len(status) == 3 else 0
    if code < 200:
        return None
    said = f"OPTIONS: {code} {(phrase or '')[:64]}".rstrip()
    return GatewayState(name, code not in _UNREACHABLE, said)


def _registered(name: str, state: str) -> GatewayState | None:
    if state == _REGISTERED:
        return GatewayState(name, True, "registered")
    if state in _NOT_REGISTERED:
        return GatewayState(name, False, f"not registered ({state})")
    return None
