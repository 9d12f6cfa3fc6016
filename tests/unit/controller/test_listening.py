"""Listening to mailboxes by phone: who gets in, what each key does, when it ends (C3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from controller.errors import MessageGone, StoreAway
from controller.listening import MAX_KEYS, TRIES_PER_HOUR, Listening
from dialplan.mailbox import Access, Guide, Mailbox

PIN = "4711"
GUIDE = Guide("pin", "wrong", "locked", "new", "old", "choices", "deleted", "nothing", "end", "away")


def box(pin: str = PIN, *, newest_first: bool = True) -> Mailbox:
    return Mailbox("box", "kunde", access=Access(pin, GUIDE, newest_first))


class CallerGone(Exception):
    """The caller has hung up."""


@dataclass
class Caller:
    """Enters these PINs, then presses these keys, "" for nothing, and hangs up behind the last one."""

    pins: list[str]
    keys: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    hidden: bool = False

    def play(self, sound: str) -> None:
        self.heard.append(sound)

    def hide_keys(self) -> None:
        self.hidden = True

    def take_pin(self, sounds: Sequence[str], most: int, timeout_s: int) -> str:
        assert self.hidden
        self.heard += sounds
        return self._next(self.pins)

    def key(self, sounds: Sequence[str], longest_s: float, timeout_s: int) -> str:
        self.heard += sounds
        return self._next(self.keys)

    def _next(self, pressed: list[str]) -> str:
        if not pressed:
            raise CallerGone
        return pressed.pop(0)


@dataclass
class Message:
    id: str
    is_new: bool = True
    duration_ms: int = 2000


@dataclass
class Archive:
    messages: list[Message]
    erased: list[str] = field(default_factory=list)
    open_now: int = 0
    away: bool = False
    gone: tuple[str, ...] = ()

    def listed(self, mailbox: Mailbox) -> Sequence[Message]:
        if self.away:
            raise StoreAway("away")
        return self.messages

    @contextmanager
    def opened(self, message_id: str, actor: str) -> Iterator[str]:
        if message_id in self.gone:
            raise MessageGone(message_id)
        assert actor == "mailbox call call-1"
        self.open_now += 1
        try:
            yield f"sound of {message_id}"
        finally:
            self.open_now -= 1

    def erase(self, message_id: str, actor: str) -> None:
        self.erased.append(message_id)


@dataclass
class Tries:
    count: int = 0
    away: bool = False

    def begin(self, mailbox: Mailbox, most: int) -> int:
        if self.away:
            raise StoreAway("away")
        self.count += 1
        return self.count

    def right(self, mailbox: Mailbox) -> None:
        self.count = 0


def listened(
    caller: Caller, archive: Archive | None = None, tries: Tries | None = None, mailbox: Mailbox | None = None
) -> list[str]:
    archive = archive or Archive([Message("b"), Message("a", is_new=False)])
    try:
        Listening(archive, tries or Tries()).listen(mailbox or box(), "call-1", caller)
    finally:
        assert archive.open_now == 0
    return caller.heard


def test_the_right_pin_opens_and_the_messages_are_heard_one_after_the_other() -> None:
    heard = listened(Caller([PIN], ["", "2", "2"]))
    assert heard == ["pin", "new", "sound of b", "choices", "old", "sound of a", "end"]


def test_the_oldest_is_heard_first_where_the_customer_wants_that() -> None:
    heard = listened(Caller([PIN], ["2", "2"]), mailbox=box(newest_first=False))
    assert heard == ["pin", "old", "sound of a", "new", "sound of b", "end"]


def test_a_message_is_heard_again_and_deleted() -> None:
    archive = Archive([Message("b"), Message("a")])
    heard = listened(Caller([PIN], ["1", "", "7", "3", "*"]), archive)
    assert heard == [
        *("pin", "new", "sound of b", "new", "sound of b", "choices"),
        *("choices", "deleted", "new", "sound of a"),
    ]
    assert archive.erased == ["b"]


def test_who_presses_nothing_hears_all_messages_and_the_call_ends() -> None:
    heard = listened(Caller([PIN], [""] * 4))
    assert heard[-1] == "end"


def test_three_wrong_pins_end_the_call_and_nothing_is_heard() -> None:
    tries = Tries()
    heard = listened(Caller(["1111", "2222", "47110", PIN]), tries=tries)
    assert heard == ["pin", "wrong", "pin", "wrong", "pin", "wrong"]
    assert tries.count == 3


def test_the_pin_after_a_wrong_one_opens_and_the_attempts_are_forgotten() -> None:
    tries = Tries()
    listened(Caller(["1111", PIN], ["*"]), tries=tries)
    assert tries.count == 0


def test_who_enters_nothing_is_asked_three_times_and_no_attempt_is_counted() -> None:
    tries = Tries()
    assert listened(Caller(["", "", ""]), tries=tries) == ["pin", "pin", "pin"]
    assert tries.count == 0


def test_a_mailbox_is_locked_after_too_many_attempts_even_for_the_right_pin() -> None:
    tries = Tries(TRIES_PER_HOUR - 1)
    with capture_logs() as logged:
        heard = listened(Caller(["9999", PIN]), tries=tries)
    assert heard == ["pin", "wrong", "pin", "locked"]
    events = [each["event"] for each in logged]
    assert "mailbox locked for an hour: too many wrong PINs" in events
    assert "9999" not in str(logged)
    assert PIN not in str(logged)


@pytest.mark.parametrize("away", ["tries", "archive"])
def test_without_redis_or_database_nobody_gets_in_and_the_caller_is_told(away: str) -> None:
    archive = Archive([Message("a")], away=away == "archive")
    heard = listened(Caller([PIN]), archive, Tries(away=away == "tries"))
    assert heard == ["pin", "away"]


def test_a_message_that_was_deleted_meanwhile_is_passed_over() -> None:
    archive = Archive([Message("b"), Message("a")], gone=("b",))
    assert listened(Caller([PIN], ["2"]), archive) == ["pin", "new", "sound of a", "end"]


def test_a_caller_who_hangs_up_in_a_message_leaves_nothing_open() -> None:
    with pytest.raises(CallerGone):
        listened(Caller([PIN]))


def test_an_empty_mailbox_says_so() -> None:
    assert listened(Caller([PIN]), Archive([])) == ["pin", "nothing"]


def test_a_storm_of_keys_ends_the_call() -> None:
    caller = Caller([PIN], ["1"] * 1000)
    listened(caller)
    assert 1000 - len(caller.keys) <= MAX_KEYS


def test_a_pin_is_not_written_where_the_mailbox_is() -> None:
    assert PIN not in repr(box())
