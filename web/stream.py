"""Server-sent events: what one user may see of what happens, as it happens."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from acd.effects import AgentChanged, Answered, Ended, HoldEnded, Logged, OfferEnded, WrappedUp
from acd.errors import RecordRefused
from acd.journal import read_logged
from web.centre import agents_for, queues_for
from web.errors import ApiError, NotKnown, TooOften
from web.models import AgentNow
from web.ports import Centre, Listener, Live
from web.rights import Right, User

#: Streams of one token, and of all.
MAX_OF_USER: Final = 4
MAX_OF_ALL: Final = 200
_LOOK_S: Final = 0.5
_COMFORT_S: Final = 10.0
#: So often a stream's token is looked at again, which is as old as cli/wiring/web_users.py lets it be.
_CHECK_S: Final = 0.5
#: What changes without anything happening: what is left of wrap-ups, and how long calls are there.
_PASSING: Final[dict[str, Any]] = {
    "wrap_up_ms": True,
    "wrap_ups": {"__all__": {"ms"}},
    "talks": {"__all__": {"ms", "held_ms"}},
}


class Stream:
    """One of them. The server closes it, also one that it never began to send."""

    def __init__(self, events: Iterator[bytes], ended: Callable[[], None]) -> None:
        self._events = events
        self._ended = ended
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._closed:
            raise StopIteration
        return next(self._events)

    def close(self) -> None:
        """Nothing more is heard of."""
        if not self._closed:
            self._closed = True
            self._ended()


class Streams:
    """All that are open. `stopping` ends them; `clock_s` does not jump."""

    def __init__(
        self, live: Live, centre: Centre, clock_s: Callable[[], float], stopping: Callable[[], bool]
    ) -> None:
        self._live = live
        self._centre = centre
        self._clock_s = clock_s
        self._stopping = stopping
        self._open: Counter[int] = Counter()

    @property
    def open(self) -> int:
        """How many there are."""
        return self._open.total()

    def begin(self, user: User, still: Callable[[], User]) -> Stream:
        """A stream for this user. Raises TooOften, Away; afterwards it ends by itself when either holds, and
        when `still` does not find the same user behind the token any more (it raises NotKnown, Away)."""
        if self._open[user.token_id] >= MAX_OF_USER or self.open >= MAX_OF_ALL:
            raise TooOften("too many open streams of this token", 5)
        listener = self._live.listen(user.customer_id)
        self._open[user.token_id] += 1
        return Stream(self._events(user, still, listener), partial(self._ended, user, listener))

    def _ended(self, user: User, listener: Listener) -> None:
        listener.close()
        self._open[user.token_id] -= 1
        self._open += Counter()  # forgets those at 0

    def _events(self, user: User, still: Callable[[], User], listener: Listener) -> Iterator[bytes]:
        shown: Mapping[str, Any] | None = None
        said_s = looked_s = -_COMFORT_S
        checked_s = self._clock_s()
        try:
            yield b"retry: 2000\n\n"
            while not self._stopping():
                if self._clock_s() - checked_s >= _CHECK_S:
                    checked_s = self._clock_s()
                    _the_same(user, still())
                if self._clock_s() - looked_s >= _LOOK_S:
                    looked_s = self._clock_s()
                    fresh = self._snapshot(user)
                    if fresh != shown:
                        shown, said_s = fresh, self._clock_s()
                        yield _event("snapshot", fresh)
                record = listener.next(_LOOK_S)
                if record is not None and (event := _visible(user, record)) is not None:
                    said_s = self._clock_s()
                    yield event
                if self._clock_s() - said_s >= _COMFORT_S:
                    said_s = self._clock_s()
                    yield b": still here\n\n"
        except ApiError as error:
            yield _event("end", {"error": error.id, "sentence": error.sentence})

    def _snapshot(self, user: User) -> dict[str, Any]:
        """Times are left out: they change without anything happening; `since` would need our clock. That a
        caller is on hold is said."""
        screen = self._centre.screen(user.customer_id)
        if screen is None:
            return {"served": False, "agents": [], "queues": []}
        agents = [_agent(each) for each in agents_for(user, screen)]
        queues = [each.model_dump(exclude={"longest_wait_ms"}) for each in queues_for(user, screen)]
        for queue in queues:
            queue["waiting"] = [
                {"call": each["call"], "ringing": each["ringing"]} for each in queue["waiting"]
            ]
        return {"served": True, "agents": agents, "queues": queues}


def _agent(now: AgentNow) -> dict[str, Any]:
    found = now.model_dump(exclude=_PASSING)
    for talk, shown in zip(now.talks, found["talks"], strict=True):
        shown["held"] = talk.held_ms is not None
    return found


def _the_same(user: User, now: User) -> None:
    """Raises NotKnown."""
    if now != user:
        raise NotKnown("the token has other rights now: connect again")


def _visible(user: User, record: str) -> bytes | None:
    """The record as an event, if this user may see it."""
    try:
        logged, _ = read_logged(record)
    except RecordRefused:
        return None
    if not user.may(Right.SEE) and (user.agent_id is None or _agent_of(logged) != user.agent_id):
        return None
    content = json.loads(record)
    return _event(content.pop("is"), content)


def _agent_of(logged: Logged) -> str | None:
    match logged:
        case AgentChanged() | OfferEnded() | Answered() | HoldEnded() | Ended() | WrappedUp():
            return logged.agent_id
        case _:
            return None


def _event(name: str, content: Mapping[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n".encode()
