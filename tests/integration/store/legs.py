"""Legs for tests: one answered outgoing call of three seconds, and what a test changes about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dialplan.cdr import HungUpBy, LegRecord, LegSide, Quality
from store.cdr_records import LegWithRaw

STARTED = datetime(2026, 3, 29, 1, 59, 58, 123_000, tzinfo=UTC)

ANSWERED_LEG = LegRecord(
    leg_id="6f1c7a1e-0000-4000-8000-000000000001",
    call_id="6f1c7a1e-0000-4000-8000-000000000001",
    side=LegSide.A,
    node="sw1",
    customer_id="beispiel-bau",
    direction="out",
    trunk_id="beispiel-bau-pbx",
    phone_id=None,
    a_network="+492214710100",
    a_presented="+492214710100",
    b_dialled="030 23125-007",
    b_number="+493023125007",
    started_at=STARTED,
    ringing_at=STARTED + timedelta(milliseconds=700),
    answered_at=STARTED + timedelta(seconds=2),
    ended_at=STARTED + timedelta(seconds=5),
    billed_ms=3000,
    q850=16,
    cause="NORMAL_CLEARING",
    sip_code=200,
    hung_up_by=HungUpBy.PEER,
    reason_id="route.carrier",
    config_version=7,
    sip_call_id="4711@beispiel-bau.example",
    quality=Quality(mos=4.4999, jitter_ms=1.25, packets_received=150, packets_lost=0),
)


def leg(**changes: Any) -> LegRecord:
    """The answered leg with other values; another `leg_id` alone makes another call."""
    if "leg_id" in changes:
        changes.setdefault("call_id", changes["leg_id"])
    return replace(ANSWERED_LEG, **changes)


def with_raw(record: LegRecord) -> LegWithRaw:
    return LegWithRaw(record, b'{"core-uuid": "' + record.leg_id.encode() + b'", "switch": "\xc3\xa4"}')
