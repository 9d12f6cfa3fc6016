"""Whose request it is, and which numbers are ours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialplan.carrier import Credentials, NumberBlock, Peer, SipAddress
from dialplan.decide import decide
from numbering.e164 import E164
from tests.unit.dialplan.carriers import (
    AT,
    BAU_1,
    BAU_2,
    CARRIER_A,
    CARRIER_B,
    KOELN,
    KOELN_FREE,
    MOBILE,
    from_trunk,
    snapshot,
)


def test_a_source_is_found_by_address_and_port_before_address_alone() -> None:
    carrier = snapshot()
    assert carrier.trunk_at("198.51.100.20", 5070) == BAU_2
    assert carrier.trunk_at("198.51.100.20", 5060) == BAU_1
    assert carrier.trunk_at("198.51.100.20", 1) == BAU_1


def test_another_port_of_an_address_is_the_trunk_that_alone_has_it() -> None:
    """B8: a NAT chooses the port, and 112 must not fail for it."""
    assert snapshot().trunk_at("192.0.2.10", 5061) == CARRIER_A
    assert snapshot().trunk_at("203.0.113.66", 5060) is None


def test_another_port_is_a_stranger_where_trunks_share_the_address_or_the_port_was_asked_for() -> None:
    two = (replace(BAU_1, peers=(Peer("198.51.100.20", 5060),)), BAU_2)
    assert snapshot(trunks=two).trunk_at("198.51.100.20", 5061) is None
    elsewhere = replace(BAU_1, peers=(Peer("198.51.100.20", 5080), Peer("198.51.100.21", 5060)))
    assert snapshot(trunks=(elsewhere,)).trunk_at("198.51.100.20", 5060) is None
    assert snapshot(trunks=(elsewhere,)).trunk_at("198.51.100.21", 5061) is None


def test_112_from_another_port_than_the_configured_one_gets_through() -> None:
    alone = replace(BAU_1, peers=(Peer("198.51.100.20", 5060),))
    carrier = snapshot(trunks=(CARRIER_A, CARRIER_B, alone))
    for dialled, why in (("112", "emergency.route"), (MOBILE, "out.carrier")):
        assert decide(from_trunk(dialled, source_port=40_123), carrier, AT).reason.id == why


def test_numbers_of_our_blocks_are_ours_whether_assigned_or_not() -> None:
    carrier = snapshot()
    assert carrier.is_ours(KOELN)
    assert carrier.is_ours(KOELN_FREE)
    assert not carrier.is_ours(MOBILE)


@pytest.mark.parametrize("number", ["+492214710999", "+492214710000"])
def test_a_block_has_both_its_ends(number: str) -> None:
    assert number in NumberBlock(E164("+492214710000"), E164("+492214710999"))


@pytest.mark.parametrize("number", ["+492214711000", "+49221471050", "+4922147105000", 5, ""])
def test_a_block_has_no_number_of_another_length_or_beyond_its_ends(number: object) -> None:
    assert number not in NumberBlock(E164("+492214710000"), E164("+492214710999"))


def test_an_address_is_written_as_sip_wants_it() -> None:
    """RFC 3261 section 25.1: an IPv6 address stands in brackets."""
    assert str(SipAddress("192.0.2.1", 5060)) == "192.0.2.1:5060"
    assert str(SipAddress("2001:db8::1", 5060)) == "[2001:db8::1]:5060"


def test_a_password_is_in_no_text_about_a_carrier() -> None:
    assert "geheim" not in repr(Credentials("kanzlei", "geheim"))
    assert "geheimnis" not in repr(snapshot())
