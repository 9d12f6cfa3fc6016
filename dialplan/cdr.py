"""The call detail record of one leg, as it is stored, exported and rated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LegSide(StrEnum):
    """ "a": the leg the caller made to us; "b": a leg we made."""

    A = "a"
    B = "b"


class HungUpBy(StrEnum):
    """Who ended the leg: the party at its far end, or the switch (the other leg's end, a timer, an order)."""

    PEER = "peer"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class Quality:
    """What the media stack measured on a leg (RFC 3550). None: not given."""

    mos: float | None = None
    jitter_ms: float | None = None
    packets_received: int | None = None
    packets_lost: int | None = None


@dataclass(frozen=True, slots=True)
class LegRecord:
    """One leg of a call. Times are UTC to the millisecond; `billed_ms` is answer to end, 0 when unanswered.

    `leg_id` is unique for ever and makes the intake idempotent (guarantee 4). `call_id` joins the legs of
    one call: it is the A leg's id. A-numbers: `a_network` is the number we vouch for, `a_presented` the one
    shown. B-numbers: `b_dialled` as the caller sent it (cut to 256 characters), `b_number` normalised.
    `reason_id` and `config_version` are None when no controller answered. `sip_call_id` is the leg's SIP
    Call-ID, by which the peer at its other end finds it too (cut to 256 characters). `queue_id`: the queue
    that the call waits in or that this leg was made for, to `agent_id` (C9).
    """

    leg_id: str
    call_id: str
    side: LegSide
    node: str
    customer_id: str | None
    direction: str
    trunk_id: str | None
    phone_id: str | None
    a_network: str | None
    a_presented: str | None
    b_dialled: str
    b_number: str | None
    started_at: datetime
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime
    billed_ms: int
    q850: int
    cause: str
    sip_code: int | None
    hung_up_by: HungUpBy
    reason_id: str | None
    config_version: int | None
    sip_call_id: str | None
    quality: Quality
    queue_id: str | None = None
    agent_id: str | None = None


class RecordUnreadable(Exception):
    """Content of a CDR file that is no record: a stable id and a sentence that names the field."""

    def __init__(self, reason_id: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason_id = reason_id
