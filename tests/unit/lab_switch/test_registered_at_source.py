"""Users of the lab switch who are called where their REGISTER came from, as FreeSWITCH does it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from aiosipua.message import SipRequest

from lab.switch.config.settings import User
from lab.switch.sip.registrar import AT_SOURCE, Registrar
from lab.switch.sip.wire import Address

SOURCE = Address("203.0.113.9", 40_000)


def registered(variables: Mapping[str, str], expires_s: int = 300) -> tuple[Address, int]:
    """Where calls of a system behind a NAT are sent, and for how many seconds."""
    request = SipRequest(method="REGISTER", uri="sip:example.invalid")
    request.headers.append("Call-ID", "a@b")
    request.headers.append("Contact", "<sip:anlage@10.20.30.40:5060>")
    request.headers.append("Expires", str(expires_s))

    async def register() -> tuple[Address, int]:
        registrar = Registrar(lambda what, entry: None)
        user = User("anlage", "example.invalid", {}, variables)
        taken = registrar.register(request, user, SOURCE, "phone")
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
        ({"sip-force-contact": AT_SOURCE, "sip-force-expires-min": "60"}, (SOURCE, 60)),
    ],
    ids=["the Contact", "its source", "its source, for a minute"],
)
def test_calls_are_sent_to(variables: Mapping[str, str], expected: tuple[Address, int]) -> None:
    assert registered(variables) == expected


def test_whoever_leaves_has_left() -> None:
    assert registered({"sip-force-contact": AT_SOURCE, "sip-force-expires-min": "60"}, 0)[1] == 0
