"""What the database itself refuses about call records: one test for each rule (style.md, 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from dialplan.cdr import HungUpBy, LegSide, Quality
from store.cdr_repository import CdrRepository
from store.database import make_engine
from store.errors import RecordRefused
from store.foreign_errors import database_errors
from tests.integration.store.legs import ANSWERED_LEG, STARTED, leg, with_raw
from tests.servers import Databases

MS = timedelta(milliseconds=1)


@pytest.fixture(scope="module")
def engine(databases: Databases) -> Iterator[Engine]:
    """One database for all of these: nothing that is refused leaves anything behind."""
    with databases.migrated() as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"leg_id": "", "side": LegSide.B, "call_id": "c"}, "cdr_leg_id_length"),
        ({"leg_id": "x" * 129, "side": LegSide.B, "call_id": "c"}, "cdr_leg_id_length"),
        ({"side": LegSide.B, "call_id": ""}, "cdr_call_id_length"),
        ({"call_id": "another-leg"}, "cdr_call_is_its_a_leg"),
        ({"node": ""}, "cdr_node_length"),
        ({"customer_id": ""}, "cdr_customer_id_length"),
        ({"trunk_id": "x" * 129}, "cdr_trunk_id_length"),
        ({"phone_id": ""}, "cdr_phone_id_length"),
        ({"a_network": "1" * 257}, "cdr_a_network_length"),
        ({"a_presented": "1" * 257}, "cdr_a_presented_length"),
        ({"b_dialled": "1" * 257}, "cdr_b_dialled_length"),
        ({"b_number": "1" * 257}, "cdr_b_number_length"),
        ({"cause": ""}, "cdr_cause_length"),
        ({"reason_id": ""}, "cdr_reason_id_length"),
        ({"direction": "sideways"}, "cdr_direction"),
        ({"q850": -1}, "cdr_q850"),
        ({"sip_code": 99}, "cdr_sip_code"),
        ({"sip_code": 700}, "cdr_sip_code"),
        ({"config_version": 0}, "cdr_config_version"),
        ({"started_at": STARTED + timedelta(hours=1), "ringing_at": None, "answered_at": None,
          "billed_ms": 0}, "cdr_ends_after_start"),
        ({"ringing_at": STARTED - MS}, "cdr_rings_within"),
        ({"answered_at": STARTED - MS, "billed_ms": 5001}, "cdr_answered_within"),
        ({"billed_ms": -1, "answered_at": STARTED + timedelta(seconds=5)}, "cdr_billed_is_answer_to_end"),
        ({"billed_ms": 3002}, "cdr_billed_is_answer_to_end"),
        ({"billed_ms": 2998}, "cdr_billed_is_answer_to_end"),
        ({"answered_at": None, "billed_ms": 1}, "cdr_billed_is_answer_to_end"),
        ({"quality": Quality(mos=5.1)}, "cdr_mos"),
        ({"quality": Quality(mos=float("nan"))}, "cdr_mos"),
        ({"quality": Quality(jitter_ms=-0.1)}, "cdr_jitter_ms"),
        ({"quality": Quality(jitter_ms=float("inf"))}, "cdr_jitter_ms"),
        ({"quality": Quality(packets_received=-1)}, "cdr_packets_received"),
        ({"quality": Quality(packets_lost=-1)}, "cdr_packets_lost"),
    ],
)  # fmt: skip
def test_a_leg_that_cannot_be_is_refused_and_the_rule_is_named(
    repository: CdrRepository, changes: Mapping[str, Any], rule: str
) -> None:
    outcome = repository.insert_legs([with_raw(leg(**changes))])
    assert [(refused.constraint, outcome.new) for _, refused in outcome.refused] == [(rule, ())]


@pytest.mark.parametrize(
    "changes",
    [
        {"billed_ms": 3001, "leg_id": "a little more"},
        {"billed_ms": 2999},
        {"answered_at": STARTED + timedelta(seconds=5), "billed_ms": 0},
        {"answered_at": None, "billed_ms": 0, "ringing_at": None, "ended_at": STARTED},
        {
            "sip_code": None,
            "customer_id": None,
            "reason_id": None,
            "config_version": None,
            "sip_call_id": None,
            "quality": Quality(),
        },
        {"b_dialled": "", "hung_up_by": HungUpBy.SWITCH, "side": LegSide.B, "call_id": "its-a-leg"},
    ],
)
def test_a_leg_at_the_edge_of_the_rules_is_stored(
    repository: CdrRepository, changes: Mapping[str, Any]
) -> None:
    record = leg(**{"leg_id": f"edge-{sorted(changes)}"[:128], **changes})
    repository.insert_legs([with_raw(record)])
    assert [stored.leg for stored in repository.show(record.leg_id)] == [record]


@pytest.mark.parametrize("side", ["c", ""])
def test_a_leg_has_one_of_two_sides_and_one_of_two_ends(
    engine: Engine, repository: CdrRepository, side: str
) -> None:
    repository.insert_legs([with_raw(ANSWERED_LEG)])
    copy = "INSERT INTO cdr SELECT (jsonb_populate_record(cdr, CAST(:changes AS jsonb))).* FROM cdr"
    for column, rule in (("side", "cdr_side"), ("hung_up_by", "cdr_hung_up_by")):
        changes = f'{{"leg_id": "other", "call_id": "other", "{column}": "{side}"}}'
        assert refused_rule(engine, copy, changes=changes) == rule


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE cdr_raw SET received_at = now()", "cdr_raw_is_final"),
        ("UPDATE cdr_raw SET json_zlib = 'x' WHERE false", "cdr_raw_is_final"),
        ("DELETE FROM cdr_raw", "cdr_raw_is_final"),
        ("TRUNCATE cdr_raw", "cdr_raw_is_final"),
        ("TRUNCATE cdr CASCADE", "cdr_raw_is_final"),
        ("DELETE FROM cdr", "cdr_raw_leg_id_of_cdr"),
        ("INSERT INTO cdr_raw (leg_id, json_zlib) VALUES ('no such leg', 'x')", "cdr_raw_leg_id_of_cdr"),
        ("INSERT INTO cdr_raw SELECT * FROM cdr_raw", "cdr_raw_key"),
        ("INSERT INTO cdr SELECT * FROM cdr", "cdr_key"),
        ("INSERT INTO cdr_raw (leg_id, json_zlib) SELECT leg_id, '' FROM cdr", "cdr_raw_size"),
    ],
)
def test_evidence_stays_as_it_was_written(
    engine: Engine, repository: CdrRepository, statement: str, rule: str
) -> None:
    """TKG §63: what was billed can be proven from what the switch wrote."""
    repository.insert_legs([with_raw(ANSWERED_LEG)])
    assert refused_rule(engine, statement) == rule
    assert repository.show(ANSWERED_LEG.leg_id)[0].leg == ANSWERED_LEG


def test_no_figure_of_a_call_is_ever_changed_but_quality_may_be_added(
    engine: Engine, repository: CdrRepository
) -> None:
    repository.insert_legs([with_raw(leg(leg_id="measured"))])
    quality = {"mos", "jitter_ms", "packets_received", "packets_lost"}
    with engine.connect() as connection:
        columns = set(connection.execute(text("SELECT * FROM cdr LIMIT 0")).keys())
    for column in columns - quality:
        statement = f"UPDATE cdr SET {column} = {column}"  # noqa: S608 - names from the database
        assert refused_rule(engine, statement) == "cdr_is_final"
    with engine.begin() as connection:
        connection.execute(text("UPDATE cdr SET mos = 3.5, packets_lost = 2 WHERE leg_id = 'measured'"))
    assert repository.show("measured")[0].leg.quality == Quality(3.5, 1.25, 150, 2)


QUARANTINE = "INSERT INTO cdr_quarantine (file_name, reason_id, sentence, content, full_size_bytes) VALUES "
VERSION = "INSERT INTO config_version (author, note) VALUES "
ITEM = "INSERT INTO config_item (kind, id, from_version, until_version, content, sha256) VALUES "
AUDIT = "INSERT INTO audit (actor, action, object_kind, object_id, details) VALUES "


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        (QUARANTINE + "('', 'r', 's', 'x', 1)", "cdr_quarantine_file_name_length"),
        (QUARANTINE + "('f', '', 's', 'x', 1)", "cdr_quarantine_reason_id_length"),
        (QUARANTINE + "('f', 'r', repeat('s', 1001), 'x', 1)", "cdr_quarantine_sentence_length"),
        (QUARANTINE + "('f', 'r', 's', decode(repeat('00', 1048577), 'hex'), 1048577)",
         "cdr_quarantine_content_size"),
        (QUARANTINE + "('f', 'r', 's', 'xy', 1)", "cdr_quarantine_full_size"),
        (QUARANTINE + "('f', 'r', 's', 'x', 1), ('f', 'r', 's', 'x', 1)",
         "cdr_quarantine_unique_file_name_content_sha256"),
        (VERSION + "('', '')", "config_version_author_length"),
        (VERSION + "('a', repeat('n', 2001))", "config_version_note_length"),
        (ITEM + "('trunk', 'a', 1, NULL, '{}', sha256('x'))", "config_item_kind"),
        (ITEM + "('carrier', 'a', 1, NULL, '{}', sha256('x'))", "config_item_one_carrier"),
        (ITEM + "('customer', '', 1, NULL, '{}', sha256('x'))", "config_item_id_length"),
        (ITEM + "('customer', 'a', 2, 2, '{}', sha256('x'))", "config_item_until_after_from"),
        (ITEM + "('customer', 'a', 1, NULL, '[]', sha256('x'))", "config_item_content_is_object"),
        (ITEM + "('customer', 'a', 1, NULL, '{}', 'x')", "config_item_sha256"),
        (ITEM + "('customer', 'a', 99, NULL, '{}', sha256('x'))",
         "config_item_from_version_of_config_version"),
        (AUDIT + "('', 'a', 'k', 'i', '{}')", "audit_actor_length"),
        (AUDIT + "('a', '', 'k', 'i', '{}')", "audit_action_length"),
        (AUDIT + "('a', 'a', '', 'i', '{}')", "audit_object_kind_length"),
        (AUDIT + "('a', 'a', 'k', '', '{}')", "audit_object_id_length"),
        (AUDIT + "('a', 'a', 'k', 'i', '[]')", "audit_details_is_object"),
        ("UPDATE config_version SET note = 'nicer'", "config_version_is_final"),
    ],
)  # fmt: skip
def test_quarantine_and_configuration_versions_have_their_rules(
    engine: Engine, statement: str, rule: str
) -> None:
    assert refused_rule(engine, statement) == rule


def refused_rule(engine: Engine, statement: str, **values: str) -> str | None:
    with (
        pytest.raises(RecordRefused) as caught,
        database_errors("test"),
        engine.begin() as connection,
    ):
        connection.execute(text(statement), values)
    return caught.value.constraint
