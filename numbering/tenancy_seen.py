"""What Microsoft tells of tenants and numbers, and what we tell of calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from numbering.e164 import E164
from numbering.tenancy import Consent


@dataclass(frozen=True, slots=True)
class ConsentSeen:
    """A tenant's consent in Microsoft's list. `changed_at` is UTC."""

    tenant_id: str
    consent: Consent
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class NumberSeen:
    """A number of ours at a tenant, and what it is assigned to there: "" for nothing."""

    number: E164
    assigned_to: str = ""


@dataclass(frozen=True, slots=True)
class CallSeen:
    """What is told of a call, without numbers. `id` is its Call-ID; `started_at` is UTC."""

    id: str
    incoming: bool
    started_at: datetime
    duration_s: int
