"""An attempt to call 110 or 112, with everything that was sent: what the alarm says and the record keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from numbering.e164 import E164


@dataclass(frozen=True, slots=True)
class SentLeg:
    """One INVITE as it is written: `request_uri` with the trunk's address, headers, further bodies by
    type."""

    trunk_id: str
    request_uri: str
    headers: tuple[tuple[str, str], ...]
    bodies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EmergencyAttempt:
    """One attempt. `call_id` is unique and joins it with the CDR; `at` is UTC.

    `dialled` is 110 or 112, `written` what the caller sent. `outcome`: route, refuse or announce. `area_code`
    is the code (Notrufcodierung) that takes the call, `centre` what the directory says of it; None where none
    is known. `pre_empted`: the calls that were ended to make room. `claimed_location`: what the caller's own
    system said of the place.
    """

    call_id: str
    at: datetime
    node: str
    customer_id: str | None
    number: E164 | None
    dialled: str
    written: str
    outcome: str
    reason_id: str
    config_version: int
    address: str | None = None
    area_code: str | None = None
    centre: str | None = None
    sent: tuple[SentLeg, ...] = ()
    pre_empted: tuple[str, ...] = ()
    claimed_location: str | None = None
