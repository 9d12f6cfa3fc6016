"""Routing plans step by step: every node, every event, and that every call ends (C2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.causes import Cause
from dialplan.plans.effects import Ask, End, Forward, Play, Ring
from dialplan.plans.interpret import MAX_NODES, Facts, begin, step
from dialplan.plans.nodes import (
    AnnouncementNode,
    CallerBranch,
    CallerNode,
    EndNode,
    ForwardNode,
    MenuNode,
    Node,
    PercentNode,
    Plan,
    RingNode,
)
from dialplan.plans.position import ARRIVED, NOT_REACHED, SILENCE, Given, Happened, Position, read_resume
from numbering.e164 import E164
from tests.unit.dialplan.carriers import MOBILE, NOW
from tests.unit.dialplan.plans import CLOSED, HELLO, HOTLINE, OFFICE, WRONG, plan

BERLINER = E164("+493023125500")


def facts(caller: str | None = BERLINER, now: datetime = NOW, call_id: str = "call-1") -> Facts:
    return Facts(call_id, E164(caller) if caller else None, now, {"office": OFFICE})


def went(at: Plan, known: Facts) -> str:
    """The path of a call that comes in."""
    return step(at, begin(at), ARRIVED, known)[0].path


@pytest.mark.parametrize(
    ("now", "path"),
    [
        (datetime(2026, 11, 18, 6, 59, tzinfo=UTC), "hours=closed,closed"),
        (datetime(2026, 11, 18, 7, 0, tzinfo=UTC), "hours=open,who=1,boss"),
        (datetime(2026, 11, 18, 16, 59, tzinfo=UTC), "hours=open,who=1,boss"),
        (datetime(2026, 11, 18, 17, 0, tzinfo=UTC), "hours=closed,closed"),
        (datetime(2026, 7, 15, 6, 0, tzinfo=UTC), "hours=open,who=1,boss"),  # summer time
        (datetime(2026, 11, 25, 9, 0, tzinfo=UTC), "hours=closed,closed"),  # an exception
    ],
)
def test_opening_hours_hold_in_german_time_with_their_exceptions(now: datetime, path: str) -> None:
    """C2."""
    assert went(plan("hours"), facts(MOBILE, now)) == path


def test_a_holiday_is_a_day_in_germany() -> None:
    """C2: it begins at 23:00 UTC of the day before."""
    eve = datetime(2026, 12, 24, 22, 59, tzinfo=UTC)
    assert went(plan(), facts(now=eve)).startswith("holiday=no")
    assert went(plan(), facts(now=eve + timedelta(minutes=1))) == "holiday=yes,closed"


@pytest.mark.parametrize(
    ("caller", "branch"),
    [
        (MOBILE, "who=1,boss"),
        ("+41445550199", "who=2,abroad"),
        ("+436641234567", "who=2,abroad"),
        (None, "who=3,closed"),
        (BERLINER, "who=other,share"),
    ],
)
def test_callers_go_by_number_prefix_class_or_because_they_withhold_it(
    caller: str | None, branch: str
) -> None:
    """C2."""
    assert went(plan("who"), facts(caller)).startswith(branch)


def test_shares_follow_the_calls_id_and_come_out_as_they_should() -> None:
    """C2: the same call goes the same way again."""
    three = plan("share", share=PercentNode(((70, "boss"), (30, "closed"), (0, "menu"))))
    drawn = [went(three, facts(call_id=f"call-{n}")) for n in range(2000)]
    assert drawn == [went(three, facts(call_id=f"call-{n}")) for n in range(2000)]
    assert 0.65 < drawn.count("share=70%,boss") / 2000 < 0.75
    assert not [path for path in drawn if "menu" in path]


def test_a_menu_asks_takes_keys_and_goes_on() -> None:
    """C2."""
    at, (plays, last) = step(plan("hello"), begin(plan("hello")), ARRIVED, facts())
    assert plays == (Play(HELLO),)
    assert last == Ask(HELLO, 5, 3)
    at, (_, last) = step(plan(), at, Given(Happened.KEYS, "1"), facts())
    assert last == Ring(("kanzlei-1", "kanzlei-2"), (), goes_on=True)
    at, (_, last) = step(plan(), at, NOT_REACHED, facts())
    assert last == Forward(MOBILE, goes_on=True)
    at, (plays, last) = step(plan(), at, NOT_REACHED, facts())
    assert (plays, last) == ((Play(CLOSED),), End(Cause.SUBSCRIBER_ABSENT))
    assert at.path == "hello,menu=1,phones=none,boss=none,closed"


@pytest.mark.parametrize(
    ("presses", "ways"),
    [
        (["", ""], "menu=silence,boss"),
        (["7", "7"], "menu=wrong,closed"),
        (["7", ""], "menu=silence,boss"),
        (["", "2"], "menu=2,trunks"),
        (["#12"], "menu=#12,queue"),
        (["9", "9", "2"], "menu=9,menu=9,menu=2,trunks"),
    ],
)
def test_a_menu_repeats_the_question_once_then_takes_its_own_way(presses: list[str], ways: str) -> None:
    """C2: wrong keys and silence count together."""
    at, (_, last) = step(plan("menu"), begin(plan("menu")), ARRIVED, facts())
    for pressed in presses:
        assert isinstance(last, Ask)
        at, (_, last) = step(plan(), at, Given(Happened.KEYS, pressed) if pressed else SILENCE, facts())
    assert at.path == ways
    assert not isinstance(last, Ask)


def test_after_a_wrong_key_the_caller_is_told() -> None:
    menu = plan("menu", menu=MenuNode(HELLO, {"1": "boss"}, "boss", "closed", 2, 3, invalid=WRONG))
    at, _ = step(menu, begin(menu), ARRIVED, facts())
    at, (_, last) = step(menu, at, Given(Happened.KEYS, "5"), facts())
    assert last == Ask(HELLO, 3, 1, before=WRONG)
    _, (_, last) = step(menu, at, SILENCE, facts())
    assert last == Ask(HELLO, 3, 1)


def test_a_call_in_a_plan_that_has_changed_begins_it_anew() -> None:
    """Another version came while the caller was in a menu that it does not have."""
    at, (_, last) = step(plan("menu"), Position("gone", 5, 1, "gone"), Given(Happened.KEYS, "1"), facts())
    assert isinstance(last, Ask)
    assert (at.node, at.entered, at.path) == ("menu", 6, "gone,menu")


def test_an_event_that_a_node_does_not_know_is_an_arrival() -> None:
    _, (_, last) = step(plan(), Position("trunks"), Given(Happened.KEYS, "1"), facts())
    assert isinstance(last, Ring)


def test_keys_for_ever_come_to_an_end() -> None:
    """A storm of keys: each leads back to the menu."""
    at, (_, last) = step(plan("menu"), begin(plan("menu")), ARRIVED, facts())
    for _ in range(MAX_NODES):
        at, (_, last) = step(plan(), at, Given(Happened.KEYS, "9"), facts())
    assert last == End(Cause.EXCHANGE_ROUTING_ERROR, overrun=True)
    assert len(at.path) <= 900


def test_where_a_call_stands_survives_its_way_through_the_switch() -> None:
    at, _ = step(plan("hello"), begin(plan("hello")), ARRIVED, facts())
    back = read_resume(HOTLINE, at.text(), at.path, "keys")
    assert back is not None
    assert (back.position, back.given, back.number) == (at, Given(Happened.KEYS), HOTLINE)


def test_a_key_pressed_for_a_controller_that_died_is_not_lost() -> None:
    back = read_resume(HOTLINE, "menu/1/1", "menu", "arrived", "2")
    assert back is not None
    assert back.given == Given(Happened.KEYS, "2")
    for keys in ("", "x", "12345", "2\n"):
        back = read_resume(HOTLINE, "menu/1/1", "menu", "arrived", keys)
        assert back is not None
        assert back.given == ARRIVED
    back = read_resume(HOTLINE, "menu/1/1", "menu", "not-reached", "2")
    assert back is not None
    assert back.given == NOT_REACHED


@pytest.mark.parametrize(
    ("number", "position", "path", "what"),
    [
        ("2214710300", "menu/1/1", "menu", "keys"),
        (HOTLINE, "menu/1", "menu", "keys"),
        (HOTLINE, "menu/1/1", "menu\nevil", "keys"),
        (HOTLINE, "menu/1/1", "${evil}", "keys"),
        (HOTLINE, "menu/1/1", "menu", "nonsense"),
        (HOTLINE, "../1/1/1", "menu", "keys"),
    ],
)
def test_what_we_did_not_write_is_no_position(number: str, position: str, path: str, what: str) -> None:
    assert read_resume(number, position, path, what) is None


NAMES = [f"n{number}" for number in range(8)]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans as the checks let them pass: every way that needs no key leads to a later node."""
    nodes: dict[str, Node] = {"n7": EndNode(Cause.NORMAL_CLEARING)}
    for here in range(7):
        later = st.sampled_from(NAMES[here + 1 :])
        anywhere = st.sampled_from(NAMES)
        keys = st.dictionaries(st.sampled_from("123*#"), anywhere, min_size=1)
        nodes[NAMES[here]] = draw(
            st.one_of(
                st.builds(MenuNode, st.just(HELLO), keys, later, anywhere, st.integers(0, 5)),
                st.builds(AnnouncementNode, st.just(HELLO), later),
                st.builds(lambda one, two: PercentNode(((40, one), (60, two))), later, later),
                st.builds(
                    lambda one, two: CallerNode((CallerBranch(one, withheld=True),), two), later, later
                ),
                st.builds(lambda to: RingNode(("kanzlei-1",), (), to), later | st.none()),
                st.builds(lambda to: ForwardNode(MOBILE, to), later | st.none()),
            )
        )
    return Plan("generated", "bau", "n0", nodes)


EVENTS = st.one_of(
    st.sampled_from([SILENCE, NOT_REACHED, ARRIVED]),
    st.text("0123456789*#", min_size=1, max_size=4).map(lambda keys: Given(Happened.KEYS, keys)),
)


@given(plans(), st.lists(EVENTS, max_size=30), st.booleans())
def test_every_plan_ends_whatever_the_caller_does(each: Plan, events: list[Given], hidden: bool) -> None:
    """Issue row: every path is bounded. With silence alone a call ends after its last event."""
    known = facts(None if hidden else MOBILE)
    at, (_, last) = step(each, begin(each), ARRIVED, known)
    for event in events:
        at, (_, last) = step(each, at, event, known)
        assert at.entered <= MAX_NODES + 1
    for _ in range(6 * MAX_NODES):
        if isinstance(last, End) or (isinstance(last, Ring | Forward) and not last.goes_on):
            return
        what = SILENCE if isinstance(last, Ask) else NOT_REACHED
        at, (_, last) = step(each, at, what, known)
    raise AssertionError(f"the call never ends: {at.path}")
