"""Session timers (RFC 4028) as rendered: every profile can, no call asks (decision 0048)."""

from __future__ import annotations

from xml.etree import ElementTree

from tests.unit.freeswitch.node import rendered_with_tls


def test_every_profile_answers_who_asks_for_session_timers_and_takes_the_rfcs_shortest() -> None:
    tree = ElementTree.fromstring(rendered_with_tls())  # noqa: S314 - made by ourselves
    profiles = tree.findall(".//configuration[@name='sofia.conf']/profiles/profile")
    assert {each.get("name") for each in profiles} >= {"carrier", "trunk", "phone", "teams"}
    for profile in profiles:
        values = {each.get("name"): each.get("value", "") for each in profile.findall("settings/param")}
        assert values["enable-timer"] == "true"
        assert values["minimum-session-expires"] == "90"
        # FreeSWITCH takes the line above only beside one that is not zero.
        assert int(values["session-timeout"]) > 0


def test_no_call_asks_for_one_itself() -> None:
    """The global variable is read for each leg before the profile's value and the 90 s behind a NAT."""
    tree = ElementTree.fromstring(rendered_with_tls())  # noqa: S314 - made by ourselves
    commands = [(each.get("cmd"), each.get("data")) for each in tree.findall("X-PRE-PROCESS")]
    assert ("set", "sofia_session_timeout=0") in commands
