"""Events on the wire, variables, causes."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import ApplicationFailedError
from lab.switch.causes import Cause, cause_named, cause_of_sip, sip_code
from lab.switch.events import Event, EventBus, url_encode
from lab.switch.variables import MAX_VARIABLES, Variables


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("+49 221", "%2B49%20221"),
        ("a/b,c(d)!*'~_-.", "a/b,c(d)!*'~_-."),
        ("fd00::2", "fd00%3A%3A2"),
        ("Eve%0Ax", "Eve%0Ax"),
        ("50% von", "50%25%20von"),
        ("%4g", "%254g"),
        ("Ä\n", "%C3%84%0A"),
    ],
)
def test_values_are_encoded_as_freeswitch_does_it(text: str, encoded: str) -> None:
    assert url_encode(text) == encoded


@given(st.text(st.characters(exclude_characters="%", exclude_categories=["Cs"])))
def test_encoded_values_have_no_line_break_and_decode_to_themselves(text: str) -> None:
    encoded = url_encode(text)
    assert encoded.isascii()
    assert "\n" not in encoded
    assert unquote(encoded) == text


def test_an_event_in_both_forms() -> None:
    event = Event("X", [("Event-Name", "X"), ("Leer", ""), ("Wert", "a b")], body="+OK\n")
    assert event.plain() == b"Event-Name: X\nLeer: _undef_\nWert: a%20b\nContent-Length: 4\n\n+OK\n"
    assert json.loads(event.json()) == {
        "Event-Name": "X",
        "Leer": "",
        "Wert": "a b",
        "Content-Length": "4",
        "_body": "+OK\n",
    }


class Ears:
    def __init__(self, *names: str) -> None:
        self.names = names
        self.heard: list[Event] = []

    def wants(self, name: str, subclass: str | None) -> bool:
        return name in self.names

    def deliver(self, event: Event) -> None:
        self.heard.append(event)


def test_only_wanted_events_are_built_and_all_are_numbered() -> None:
    bus, ears = EventBus("knoten-1"), Ears("DTMF")
    bus.add(ears)

    def not_asked() -> list[tuple[str, str]]:
        raise AssertionError("nobody listens")

    bus.fire("HEARTBEAT", not_asked)
    bus.fire("DTMF", lambda: [("DTMF-Digit", "5")])
    bus.remove(ears)
    bus.fire("DTMF", not_asked)
    (event,) = ears.heard
    assert (event.get("event-sequence"), event.get("DTMF-Digit")) == ("2", "5")
    assert event.get("FreeSWITCH-Switchname") == "knoten-1"


def test_variables_ignore_case_keep_order_and_make_arrays() -> None:
    variables = Variables()
    variables.set("Farbe", "rot")
    variables.set("zahl", "1")
    variables.set("FARBE", "blau")
    assert list(variables) == [("zahl", "1"), ("FARBE", "blau")]
    assert variables.get("farbe") == "blau"
    variables.set("zahl", "")
    assert variables.get("zahl") is None
    for value in "abc":
        variables.push("liste", value)
    assert variables.get("liste") == "ARRAY::a|:b|:c"
    assert (variables.element("liste", 1), variables.element("liste", 9)) == ("b", None)


def test_variables_have_limits() -> None:
    variables = Variables()
    for number in range(MAX_VARIABLES):
        variables.set(f"v{number}", "x")
    with pytest.raises(ApplicationFailedError, match="too many"):
        variables.set("eine-mehr", "x")


def test_causes_have_names_numbers_and_codes() -> None:
    assert cause_named("user_busy") is cause_named("17") is Cause.USER_BUSY
    assert cause_named("Unsinn") is cause_named("99999") is Cause.NORMAL_CLEARING
    assert (sip_code(Cause.USER_BUSY), sip_code(Cause.PROGRESS_TIMEOUT)) == (486, 480)
    assert cause_of_sip(404) is Cause.UNALLOCATED_NUMBER
    assert cause_of_sip(499) is Cause.NORMAL_UNSPECIFIED
    assert not Cause.ORIGINATOR_CANCEL.is_q850
