"""Blocked customers, users and numbers, and how controllers learn of them (A3, A7)."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from numbering.life import Event, Order
from store.audit import AuditLog
from store.customer_blocks import CALENDAR, Blocked, BlockedReader, CustomerBlocks
from store.errors import AlreadyBlocked, CustomerUnknown, NotBlocked, RecordRefused
from store.number_inventory import NumberInventory, NumberOrder
from tests.integration.numbers.numbers import ACTOR, BAU, DAY, NOW, block, follow, koeln, reserve


def test_a_blocked_customer_is_blocked_until_somebody_lifts_it(
    engine: Engine, blocks: CustomerBlocks, reader: BlockedReader
) -> None:
    """A7: with since, actor and reason, kept for ever, in the audit."""
    blocks.block("kunde-bau", NOW, ACTOR, "two months unpaid")
    assert reader.read(NOW).customers == {"kunde-bau"}
    blocks.unblock("kunde-bau", NOW + DAY, "chief", "paid")
    assert reader.read(NOW + DAY).customers == frozenset()
    (kept,) = blocks.history("kunde-bau")
    assert (kept.since, kept.actor, kept.reason) == (NOW, ACTOR, "two months unpaid")
    assert (kept.lifted_at, kept.lifted_by, kept.lift_reason) == (NOW + DAY, "chief", "paid")
    assert [entry.action for entry in AuditLog(engine).latest()] == ["customer.unblock", "customer.block"]


def test_a_user_is_blocked_apart_from_its_customer(blocks: CustomerBlocks, reader: BlockedReader) -> None:
    """A7: a single user."""
    blocks.block("kunde-bau", NOW, ACTOR, "abuse", user_id="bau-telefon-1")
    blocked = reader.read(NOW)
    assert not blocked.customers
    assert blocked.users == {("kunde-bau", "bau-telefon-1")}
    blocks.block("kunde-bau", NOW, ACTOR, "unpaid")
    blocks.unblock("kunde-bau", NOW, ACTOR, "paid")
    assert reader.read(NOW).users == {("kunde-bau", "bau-telefon-1")}


def test_who_is_blocked_is_not_blocked_twice_and_who_is_not_is_not_unblocked(blocks: CustomerBlocks) -> None:
    """A7."""
    with pytest.raises(NotBlocked):
        blocks.unblock("kunde-bau", NOW, ACTOR, "paid")
    blocks.block("kunde-bau", NOW, ACTOR, "unpaid")
    with pytest.raises(AlreadyBlocked, match="fernamt customer show kunde-bau"):
        blocks.block("kunde-bau", NOW, ACTOR, "unpaid")
    with pytest.raises(CustomerUnknown):
        blocks.block("kunde-baum", NOW, ACTOR, "unpaid")
    with pytest.raises(RecordRefused, match="--reason"):
        blocks.block("kunde-druck", NOW, ACTOR, " ")


def test_a_block_with_an_end_ends_by_itself(blocks: CustomerBlocks, reader: BlockedReader) -> None:
    """A7: in force until its end to the moment, whether or not anybody sweeps."""
    blocks.block("kunde-bau", NOW, ACTOR, "abuse", until=NOW + DAY)
    known = reader.read(NOW)
    assert known.valid_until == NOW + DAY
    assert not reader.changed(known, NOW)
    assert reader.changed(known, NOW + DAY)
    assert reader.read(NOW + DAY).customers == frozenset()
    assert blocks.sweep(NOW + 2 * DAY) == 1
    assert blocks.sweep(NOW + 2 * DAY) == 0
    (kept,) = blocks.history("kunde-bau")
    assert (kept.lifted_at, kept.lifted_by) == (NOW + DAY, CALENDAR)


def test_after_its_end_a_customer_can_be_blocked_again(blocks: CustomerBlocks) -> None:
    """A7: also before anybody swept."""
    blocks.block("kunde-bau", NOW, ACTOR, "abuse", until=NOW + DAY)
    blocks.block("kunde-bau", NOW + 2 * DAY, ACTOR, "abuse again")
    assert [each.reason for each in blocks.history("kunde-bau")] == ["abuse again", "abuse"]


def test_blocked_numbers_reach_the_controllers(
    engine: Engine, inventory: NumberInventory, reader: BlockedReader
) -> None:
    """A3, A7."""
    follow(engine, {koeln(index): BAU for index in range(3)})
    inventory.carry_out_one(block(koeln(1), "evidence withdrawn"), NOW, ACTOR)
    assert reader.read(NOW).numbers == {koeln(1)}
    unblock = NumberOrder(koeln(1), Order(Event.UNBLOCK, "new evidence"))
    inventory.carry_out_one(unblock, NOW + DAY, ACTOR)
    assert reader.read(NOW).numbers == frozenset()


def test_a_blocked_number_that_its_customer_loses_is_no_longer_blocked(
    engine: Engine, inventory: NumberInventory, reader: BlockedReader
) -> None:
    """A6."""
    follow(engine, {koeln(1): BAU})
    inventory.carry_out_one(block(koeln(1)), NOW, ACTOR)
    known = reader.read(NOW)
    follow(engine, {}, before=[koeln(1)])
    assert reader.changed(known, NOW)
    assert reader.read(NOW).numbers == frozenset()


def test_only_what_concerns_blocks_counts_for_the_pollers(
    engine: Engine, inventory: NumberInventory, blocks: CustomerBlocks, reader: BlockedReader
) -> None:
    """A poll costs one row; a full read comes after a change of what is blocked only."""
    assert reader.changed(None, NOW)
    known = reader.read(NOW)
    follow(engine, {koeln(index): BAU for index in range(3)})
    inventory.carry_out_one(reserve(koeln(7)), NOW, ACTOR)
    assert not reader.changed(known, NOW)
    inventory.carry_out_one(block(koeln(1)), NOW, ACTOR)
    assert reader.changed(known, NOW)
    known = reader.read(NOW)
    blocks.block("kunde-bau", NOW, ACTOR, "unpaid")
    assert reader.changed(known, NOW)


def test_a_poller_never_misses_a_change_that_is_committed_late(engine: Engine, reader: BlockedReader) -> None:
    """The counter moves with the commit, not before it as a sequence would."""
    before = reader.read(NOW)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO customer_block (customer_id, since, actor, reason) VALUES ('k', :at, 'me', 'r')"
            ),
            {"at": NOW},
        )
        meanwhile = reader.read(NOW)
        assert meanwhile == before
    assert reader.changed(meanwhile, NOW)
    assert reader.read(NOW).customers == {"k"}
    assert isinstance(meanwhile, Blocked)


def test_the_standing_of_customers_tells_numbers_and_blocks(
    engine: Engine, blocks: CustomerBlocks, inventory: NumberInventory
) -> None:
    """A7: invoices go on, so blocked customers keep their numbers."""
    follow(engine, {koeln(index): BAU for index in range(3)})
    inventory.carry_out_one(block(koeln(1)), NOW, ACTOR)
    blocks.block("kunde-bau", NOW, ACTOR, "unpaid")
    bau, druck = blocks.standings(NOW)
    assert (bau.customer.name, bau.numbers) == ("Beispiel Bau GmbH", {"active": 2, "blocked": 1})
    assert [each.reason for each in bau.blocks] == ["unpaid"]
    assert (druck.numbers, druck.blocks) == ({}, ())
    assert [each.customer.id for each in blocks.standings(NOW, after="kunde-bau")] == ["kunde-druck"]
    with pytest.raises(CustomerUnknown):
        blocks.standing("kunde-baum", NOW)
