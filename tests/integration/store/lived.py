"""November of two customers, and where what is known of people stands (F4, F6)."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine, text

from cli.bootstrap import mailbox_messages, recording_archive
from cli.settings import settings_from
from dialplan.cdr import LegRecord
from dialplan.mailbox import MessageFacts
from dialplan.recording import Consent, RecordingFacts
from store import audit
from store.cdr_records import LegWithRaw
from store.cdr_repository import CdrRepository
from store.privacy_erasing import PrivacyErasing
from store.privacy_facts import plan_of
from tests.integration.store.billing import KANZLEI, MOBILE, NOVEMBER, PRAXIS, outgoing
from tests.integration.store.invoicing import ANNA, Office
from tests.typed import good

CALLED = "+493023125642"
OTHERS = "+493023125643"
MISSED = "+4930231250071"
LEFT = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
AT = datetime(2026, 12, 1, 12, tzinfo=UTC)


def missed(call: str, minute: float, customer: str, called: str) -> LegRecord:
    """A call that nobody answered."""
    rung = outgoing(call, minute, 1, customer, called)
    changes = {name: getattr(rung, name) for name in rung.__dataclass_fields__}
    return LegRecord(**{**changes, "answered_at": None, "billed_ms": 0, "cause": "NO_ANSWER", "q850": 19})


def received(call: str, network: str, presented: str | None) -> LegRecord:
    """A call to PRAXIS, of a caller whom the network knows better than the customer."""
    return replace(
        missed(call, 60, PRAXIS, "+496990009012"),
        direction="in",
        a_network=network,
        a_presented=presented,
    )


def take_in(engine: Engine, *legs: LegRecord) -> None:
    """With evidence that names both numbers, as the switch's does."""
    raw = [json.dumps({"from": each.a_network, "to": each.b_number}).encode() for each in legs]
    outcome = CdrRepository(engine).insert_legs(
        [LegWithRaw(leg, one) for leg, one in zip(legs, raw, strict=True)]
    )
    assert outcome.refused == ()


def lived(office: Office) -> Office:
    """November of two customers, with an invoice each, a message, a recording, and changes in the audit."""
    take_in(
        office.engine,
        outgoing("paid", 0, 600, PRAXIS, CALLED), missed("missed", 30, PRAXIS, MISSED),
        outgoing("other", 40, 700, KANZLEI, OTHERS), missed("nobody", 90, KANZLEI, MISSED),
    )  # fmt: skip
    good(office("rate", "run"))
    good(office("invoice", "issue", "--month", "2026-11", "--all", "--on", "2026-11-30", *ANNA))
    good(office("customer", "block", PRAXIS, "--reason", f"{CALLED} complained", *ANNA))
    settings = settings_from(json.dumps(office.settings), "test")
    said = MessageFacts("message", PRAXIS, "box", MOBILE, "+492214710100", NOVEMBER, 300, ())
    assert mailbox_messages(settings, "test").add(said, b"RIFF message", 2_000)
    talked = RecordingFacts("talk", "paid", PRAXIS, "empfang", "anna", Consent("1", NOVEMBER), NOVEMBER, 300)
    assert recording_archive(settings, "test").add(talked, 4_000, [b"RIFF talk"])
    with office.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO number_event (number, at, event, from_state, to_state, customer_id, actor,"
                " reason, details) VALUES ('+492214710100', now(), 'assign', 'free', 'assigned',"
                """ :customer, 'anna', '=1+1', '{"site": "praxis"}')"""
            ),
            {"customer": PRAXIS},
        )
    of_both = {"changed": [PRAXIS, KANZLEI], "changed_count": 2}
    audit.write(office.engine, "anna", "config.apply", "configuration", "2", of_both)
    alone = {"changed": [PRAXIS], "changed_count": 1}
    audit.write(office.engine, "anna", "config.apply", "configuration", "3", alone)
    moved = {"events": ["assign"], "numbers": ["+492214710100", "+492214710101"]}
    audit.write(office.engine, "anna", "number.change", "numbers", "2 numbers", moved)
    return office


def run(office: Office, day: date) -> set[str]:
    """Delete as on a day; the kinds of which something went."""
    at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    return {each.kind for each in PrivacyErasing(office.engine).run(plan_of(office.engine, day), at, "test")}


def found(engine: Engine, *needles: str) -> dict[str, set[str]]:
    """Where any of these stands: table and column by needle, in texts, documents and packed bytes alike."""
    places: dict[str, set[str]] = {}
    with engine.connect() as connection:
        names = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        for name in names:
            for row in connection.execute(text(f"SELECT * FROM {name}")).mappings():  # noqa: S608
                for column, value in row.items():
                    words = _readable(value)
                    for needle in needles:
                        if re.search(rf"(?<![0-9A-Za-z-]){re.escape(needle)}(?![0-9A-Za-z-])", words):
                            places.setdefault(needle, set()).add(f"{name}.{column}")
    return places


def _readable(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        packed = bytes(value)
        try:
            return zlib.decompress(packed).decode("utf-8", "replace")
        except zlib.error:
            return packed.decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False, default=str)


def on_disk(office: Office, *needles: str) -> list[Path]:
    files = [path for path in office.directory.rglob("*") if path.is_file()]
    return [path for path in files if any(each.encode() in path.read_bytes() for each in needles)]


def execute(engine: Engine, *statements: str) -> None:
    """In one transaction."""
    with engine.begin() as connection:
        for each in statements:
            connection.execute(text(each))
