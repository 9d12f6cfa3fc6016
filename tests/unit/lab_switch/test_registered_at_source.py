"""Users of the lab switch who are called where their REGISTER came from, as FreeSWITCH does it."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping

import pytest
from aiosipua.message import SipRequest

from lab.switch.config.settings import AccessList, ProfileSettings, User
from lab.switch.sip.building import Dialog
from lab.switch.sip.nat import contact_is_inside, via_is_inside
from lab.switch.sip.registrar import AT_SOURCE, Registrar
from lab.switch.sip.wire import Address

SOURCE = Address("203.0.113.9", 40_000)
NO_NAT = ProfileSettings("phone", {})


PHONES = ProfileSettings("phone", {"apply-nat-acl": "inside"})
ACLS = {"inside": AccessList("inside", False, ((ipaddress.ip_network("10.0.0.0/8"), True),))}


def registered(
    variables: Mapping[str, str], expires_s: int = 300, profile: ProfileSettings = NO_NAT
) -> tuple[Address, int]:
    """Where calls of a system behind a NAT are sent, and for how many seconds."""
    request = SipRequest(method="REGISTER", uri="sip:example.invalid")
    request.headers.append("Call-ID", "a@b")
    request.headers.append("Contact", "<sip:anlage@10.20.30.40:5060>")
    request.headers.append("Expires", str(expires_s))

    async def register() -> tuple[Address, int]:
        registrar = Registrar(lambda what, entry: None)
        user = User("anlage", "example.invalid", {}, variables)
        taken = registrar.register(
            request, user, SOURCE, "phone", lambda host: contact_is_inside(profile, ACLS, host)
        )
        registrar.close()
        found = registrar.find("anlage", "example.invalid")
        assert taken is not None
        return found.reach if found is not None else SOURCE, taken[1]

    return asyncio.run(register())


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, (Address("10.20.30.40", 5060), 300)),
        ({"sip-force-contact": AT_SOURCE}, (SOURCE, 30)),
        ({"sip-force-contact": AT_SOURCE, "sip-force-expires": "60"}, (SOURCE, 60)),
    ],
    ids=["the Contact", "its source", "its source, for a minute"],
)
def test_calls_are_sent_to(variables: Mapping[str, str], expected: tuple[Address, int]) -> None:
    assert registered(variables) == expected


def test_whoever_leaves_has_left() -> None:
    assert registered({"sip-force-contact": AT_SOURCE, "sip-force-expires": "60"}, 0)[1] == 0


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [({}, 300), ({"sip-force-contact": AT_SOURCE}, 300), ({"sip-force-expires": "60"}, 60)],
)
def test_a_contact_of_a_network_behind_a_nat_is_called_at_its_source(
    variables: Mapping[str, str], seconds: int
) -> None:
    """For as long as it asked, because it is kept open by OPTIONS."""
    assert registered(variables, profile=PHONES) == (SOURCE, seconds)


@pytest.mark.parametrize(
    ("via", "source", "inside"),
    [
        ("10.20.30.40", "203.0.113.9", True),
        ("203.0.113.9", "203.0.113.9", False),
        # Both in one network: nobody translates.
        ("10.20.30.40", "10.20.30.40", False),
        ("phone.example", "203.0.113.9", False),
    ],
)
def test_a_caller_is_behind_a_nat_when_its_via_is_and_its_address_is_not(
    via: str, source: str, inside: bool
) -> None:
    assert via_is_inside(PHONES, ACLS, via, source) is inside
    assert not via_is_inside(NO_NAT, ACLS, via, source)


def test_what_follows_in_such_a_call_goes_where_it_began() -> None:
    dialog = Dialog("a@b", "<sip:1@x>", "1", "<sip:2@y>", "2", "sip:2@10.20.30.40:5060", SOURCE)
    assert dialog.next_hop() == Address("10.20.30.40", 5060)
    dialog.sticky = True
    assert dialog.next_hop() == SOURCE
