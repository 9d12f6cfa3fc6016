"""Requests for calls as JSON in Redis: for controllers, and for who asks."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

from cli.errors import CallRefused
from cli.wiring.adapters import store_errors
from cli.wiring.phone_homes import PhoneHomes
from cli.wiring.queue_switch import switch_errors
from controller.originating import CallProgress, CallRequest, Progress
from dialplan.call import Behalf, CallOffered
from dialplan.decision import Decision
from dialplan.legs import Leg
from freeswitch.first_leg import FirstLegs
from freeswitch.registrations import TlsOf, no_tls, tls_way
from freeswitch.settings import NodeDoor
from store.call_requests import PROGRESS_S, REQUEST_S, CallRequests

_log = structlog.get_logger(__name__)
_REST_S: Final = 0.05
#: Longest text of a request: numbers and ids.
_MAX_TEXT: Final = 256


class RequestDesk:
    """controller.originating.Desk on Redis."""

    def __init__(self, requests: CallRequests) -> None:
        self._requests = requests

    def oldest(self) -> str | None:
        with store_errors():
            return self._requests.oldest()

    def take(self, text: str) -> CallRequest | None:
        with store_errors():
            if not self._requests.take(text):
                return None
        try:
            said = json.loads(text)
            user = said["user"]
            words = [_short(said[name]) for name in ("id", "customer", "first", "second")]
            return CallRequest(words[0], words[1], None if user is None else _short(user), *words[2:])
        except (ValueError, KeyError, TypeError) as error:
            _log.error("unreadable request for a call", error=str(error))
            return None

    def tell(self, request_id: str, word: CallProgress) -> None:
        said = {
            "progress": word.progress.value,
            "call_id": word.call_id,
            "reason": {"id": word.reason.id, "sentence": word.reason.sentence},
            "cause": word.cause,
        }
        with store_errors():
            self._requests.tell(request_id, json.dumps(said))


def _short(text: Any) -> str:
    if not isinstance(text, str) or len(text) > _MAX_TEXT:
        raise ValueError("not a short text")
    return text


class FirstLegNode:
    """controller.originating.Node on the inbound connection of the node `home`, which is there when it is
    first used; phones and systems of other nodes ring through their doors."""

    def __init__(
        self, legs: Callable[[], FirstLegs], homes: PhoneHomes, home: str, tls_of: TlsOf = no_tls
    ) -> None:
        self._legs = legs
        self._tls_of = tls_of
        self._homes = homes
        self._home = home

    def ring(self, offered: CallOffered, decision: Decision, leg: Leg, behalf: Behalf, second: str) -> None:
        way = tls_way(leg, self._home, self._tls_of)
        over = way.address if way is not None else None

        def ring(door: NodeDoor | None) -> None:
            through = way.door if way is not None else door
            self._legs().ring(offered, decision, leg, behalf, second, through, over)

        with switch_errors():
            self._homes.ring(self._home, leg, ring)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as somebody makes it: numbers in any spelling."""

    customer: str
    user: str | None
    first: str
    second: str


def ask(requests: CallRequests, asked: Asked, on_ringing: Callable[[], None]) -> dict[str, Any]:
    """Have a call made and wait until the first party has answered: the last word about it. `on_ringing` is
    called once, when that party's phone rings. Raises CallRefused, LiveStateError's children."""
    request_id = str(uuid.uuid4())
    said = {
        "id": request_id, "customer": asked.customer, "user": asked.user, "first": asked.first,
        "second": asked.second,
    }  # fmt: skip
    if not requests.send(json.dumps(said)):
        raise CallRefused("too many calls are asked for at the moment; try again in a few seconds")
    began = time.monotonic()
    rings = False
    while True:
        text = requests.progress(request_id)
        word = json.loads(text) if text is not None else None
        if word is not None and word["progress"] != Progress.RINGING:
            return _last(word)
        if word is not None and not rings:
            rings = True
            on_ringing()
        if time.monotonic() - began > (PROGRESS_S if rings else 2 * REQUEST_S):
            raise CallRefused("no controller answered in time: `fernamt doctor` says what is missing")
        time.sleep(_REST_S)


def _last(word: dict[str, Any]) -> dict[str, Any]:
    reason = word["reason"]
    if word["progress"] == Progress.REFUSED:
        raise CallRefused(f"{reason['sentence']} [{reason['id']}] See docs/reasons.md")
    if word["progress"] == Progress.FAILED:
        raise CallRefused(
            f"the first party was not reached ({word['cause']}): `fernamt cdr show {word['call_id']}`"
        )
    return word
