"""Which phones a node has, from its list and its events (B1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import pytest

from freeswitch.events import Event
from freeswitch.registrations import Registrations


class Sink:
    """What was told, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def came(self, node: str, username: str, *, tls: str = "") -> None:
        self.told.append(("came", node, username, tls))

    def went(self, node: str, username: str) -> None:
        self.told.append(("went", node, username))

    def listed_phones(
        self, node: str, usernames: Collection[str], by_tls: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.told.append(("listed", node, sorted(usernames), dict(by_tls)))


def event(subclass: str, **headers: str) -> Event:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Event({"Event-Name": "CUSTOM", "Event-Subclass": subclass, "profile-name": "phone", **named})


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (event("sofia::register", from_user="anna"), ("came", "node-1", "anna", "")),
        *(
            (
                event(
                    "sofia::register", from_user="anna", status=status, network_ip=ip, network_port="40000"
                ),
                ("came", "node-1", "anna", tls),
            )
            for status, ip, tls in (
                ("Registered(UDP-NAT)", "203.0.113.9", ""),
                ("Registered(AUTO-NAT-2.0)", "203.0.113.9", ""),
                ("Registered(TCP-NAT)", "203.0.113.9", ""),
                ("Registered(TLS-NAT)", "203.0.113.9", "203.0.113.9:40000"),
                ("Registered(TLS-NAT)", "2001:db8::9", "[2001:db8::9]:40000"),
                ("Registered(TLS-NAT)", "fe80::9%eth0", ""),
                ("Registered(TLS-NAT)", "nowhere", ""),
            )
        ),
        (event("sofia::unregister", from_user="anna"), ("went", "node-1", "anna")),
        (event("sofia::expire", user="anna"), ("went", "node-1", "anna")),
    ],
)
def test_a_phone_comes_and_goes(told: Event, expected: tuple[object, ...]) -> None:
    sink = Sink()
    Registrations("node-1", sink).told(told)
    assert sink.told == [expected]


def came(port: str, call_id: str = "one-boot") -> Event:
    return event(
        "sofia::register", from_user="anna", call_id=call_id, network_ip="203.0.113.9", network_port=port
    )


def ended(call_id: str = "one-boot") -> Event:
    """As sofia.c tells it: without the port."""
    return event("sofia::unregister", from_user="anna", call_id=call_id, reason="socket-disconnection")


def taken_back(port: str) -> Event:
    """By a REGISTER with Expires: 0 over this connection, the end of which is not told then."""
    return event(
        "sofia::unregister",
        from_user="anna",
        call_id="one-boot",
        network_ip="203.0.113.9",
        network_port=port,
        expires="0",
    )


@pytest.mark.parametrize(
    ("events", "there"),
    [
        ((came("40000"), ended()), False),
        ((came("40000"), came("40000"), ended()), False),
        ((came("40000"), came("41000"), ended()), True),
        ((came("40000"), came("41000"), ended(), ended()), False),
        ((came("40000", "first-boot"), came("41000"), ended("first-boot")), True),
        ((came("40000", "first-boot"), came("41000"), ended()), False),
        ((came("41000"), ended("a-boot-before-ours")), True),
        ((came("40000"), came("41000"), taken_back("41000"), came("42000"), ended()), True),
        ((came("40000"), came("41000"), taken_back("41000"), ended()), False),
        ((ended(),), False),
        ((*(came(str(port)) for port in range(40_000, 40_009)), ended("long-ago")), True),
    ],
    ids=[
        "its only connection ends",
        "its only one, refreshed",
        "it came back over another one, with the same Call-ID",
        "both end",
        "it came back with another Call-ID",
        "the newer one ends",
        "a connection that nobody heard of",
        "the last one was taken back, and it came again",
        "the last one was taken back",
        "nobody heard of it",
        "many, and one that is forgotten",
    ],
)
def test_the_end_of_a_connection_is_none_of_a_phone_that_came_back_over_another(
    events: tuple[Event, ...], there: bool
) -> None:
    sink = Sink()
    known = Registrations("node-1", sink)
    for each in events:
        known.told(each)
    assert sink.told[-1][0] == ("came" if there else "went")


def test_the_connection_of_a_listed_phone_may_end() -> None:
    sink = Sink()
    rows = '{"row_count": 1, "rows": [{"reg_user": "anna", "token": "one-boot", "network_proto": "wss"}]}'
    known = Registrations("node-1", sink)
    known.told(came("40000"))
    known.ask(lambda call: rows)
    known.told(ended())
    assert sink.told[-1] == ("went", "node-1", "anna")


def test_an_event_without_a_phone_tells_nothing() -> None:
    sink = Sink()
    known = Registrations("node-1", sink)
    known.told(event("sofia::register", from_user="anna", profile_name="carrier"))
    known.told(event("sofia::register"))
    assert sink.told == []


def test_what_a_node_lists_is_told_as_a_whole() -> None:
    sink = Sink()
    rows = (
        '{"row_count": 2, "rows": [{"reg_user": "anna", "network_proto": "tls", '
        '"network_ip": "203.0.113.9", "network_port": "40000"}, '
        '{"reg_user": "bert", "network_proto": "udp"}]}'
    )
    Registrations("node-1", sink).ask(lambda call: rows)
    assert sink.told == [("listed", "node-1", ["anna", "bert"], {"anna": "203.0.113.9:40000"})]


def test_an_exchange_of_one_node_asks_for_nothing() -> None:
    def asked(call: object) -> str:
        raise AssertionError(f"asked for {call}")

    alone = Registrations("node-1", None)
    alone.ask(asked)
    alone.told(event("sofia::register", from_user="anna"))
    assert alone.subclasses == ()
