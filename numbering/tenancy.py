"""Customers' numbers at Microsoft (Operator Connect): where our book has each one, and what is to be ordered.

Two rules are kept here (A4, TC 4.2): a number is uploaded only to a tenant that consented, and it never moves
to another tenant. A number that fell back to the carrier and began a new life may go to the tenant of its new
customer, after it was released at the old one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from numbering.e164 import E164
from numbering.life import State


class Consent(StrEnum):
    """What a tenant's administrator said to us in the Teams admin centre."""

    SIGNED = "signed"
    PENDING = "pending"
    DECLINED = "declined"
    TERMINATED = "terminated"
    #: Not in Microsoft's list.
    ABSENT = "absent"


class Place(StrEnum):
    """Where a number is. AWAY: not at Microsoft, never or no more."""

    AWAY = "away"
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    RELEASING = "releasing"


class Happened(StrEnum):
    """What moves a number in our book."""

    UPLOAD_ORDERED = "upload-ordered"
    UPLOAD_DONE = "upload-done"
    UPLOAD_REFUSED = "upload-refused"
    RELEASE_ORDERED = "release-ordered"
    RELEASE_DONE = "release-done"
    RELEASE_REFUSED = "release-refused"
    #: Microsoft's list has it, or has it not, and no order of ours is open.
    FOUND = "found"
    MISSING = "missing"


#: The whole book. What is not here is an error.
TABLE: Final[Mapping[tuple[Place, Happened], Place]] = {
    (Place.AWAY, Happened.UPLOAD_ORDERED): Place.UPLOADING,
    (Place.AWAY, Happened.FOUND): Place.UPLOADED,
    (Place.UPLOADING, Happened.UPLOAD_DONE): Place.UPLOADED,
    (Place.UPLOADING, Happened.UPLOAD_REFUSED): Place.AWAY,
    (Place.UPLOADED, Happened.RELEASE_ORDERED): Place.RELEASING,
    (Place.UPLOADED, Happened.MISSING): Place.AWAY,
    (Place.RELEASING, Happened.RELEASE_DONE): Place.AWAY,
    (Place.RELEASING, Happened.RELEASE_REFUSED): Place.UPLOADED,
}
#: States of life in which a number belongs at its customer's tenant; a blocked one stays its customer's.
AT_TENANT: Final = (State.ASSIGNED, State.ACTIVE, State.BLOCKED)
#: A number that was refused is tried again after so long: somebody may have mended the cause.
RETRY_REFUSED: Final = timedelta(hours=1)


class Problem(StrEnum):
    """Why a number is not where it belongs, stable for programs. The sentences: PROBLEMS."""

    CONSENT = "consent"
    SECOND_TENANT = "second-tenant"
    STILL_ASSIGNED = "still-assigned"
    HELD_ELSEWHERE = "held-elsewhere"
    NOT_ACCEPTED = "not-accepted"
    VANISHED = "vanished"
    STRAY = "stray"


#: Each problem: what is the matter, and what to do.
PROBLEMS: Final[Mapping[Problem, tuple[str, str]]] = {
    Problem.CONSENT: (
        "the tenant's consent is not signed",
        "Ask the customer's administrator to choose us in the Teams admin centre: Voice, Operators",
    ),
    Problem.SECOND_TENANT: (
        "the number is linked to another tenant and never moves (A4)",
        "Give the customer another number; `fernamt number show NUMBER` tells its life",
    ),
    Problem.STILL_ASSIGNED: (
        "the number is still assigned to a user or service in Teams",
        "Ask the customer's administrator to unassign it in the Teams admin centre; it is tried every hour",
    ),
    Problem.HELD_ELSEWHERE: (
        "Microsoft has the number at another operator or tenant",
        "Ask the operator who had the number to release it at Microsoft; it is tried every hour",
    ),
    Problem.NOT_ACCEPTED: (
        "Microsoft does not accept the number or the order",
        "Read Microsoft's words; mend the number or the calling profile in the settings",
    ),
    Problem.VANISHED: (
        "the number was uploaded and is no longer in Microsoft's list",
        "It is uploaded again; if it vanishes again ask Microsoft who removed it",
    ),
    Problem.STRAY: (
        "Microsoft has the number of ours, and we never uploaded it",
        "Assign it in the customer's file with its tenant, or release it in the operator portal",
    ),
}


@dataclass(frozen=True, slots=True)
class Booked:
    """A number in our book. `since`: when it came to its place; `renewed`: its life ended and began anew
    since it was linked to the tenant. `problem` with Microsoft's words in `what`."""

    number: E164
    tenant_id: str
    customer_id: str
    place: Place
    since: datetime
    order_id: str | None = None
    problem: Problem | None = None
    what: str = ""
    retry_at: datetime | None = None
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """All about one tenant's numbers, of one moment. `wanted`: numbers that the inventory links to the tenant
    and gives to a customer (its id); `book`: of these and of those that we have at the tenant; `leaving`:
    nobody's any more, waiting for Teams to let them go (TC 17.8)."""

    tenant_id: str
    consent: Consent
    wanted: Mapping[E164, str]
    book: Mapping[E164, Booked]
    leaving: frozenset[E164] = frozenset()


@dataclass(frozen=True, slots=True)
class Held:
    """A number that is not ordered now, and why."""

    number: E164
    problem: Problem
    what: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to order for one tenant: each number with its customer. `held`: what waits, with its reason."""

    uploads: Mapping[E164, str]
    releases: Mapping[E164, str]
    held: tuple[Held, ...] = ()


class BookDefect(RuntimeError):
    """Something happened to a number that its place does not know: a defect of this program."""


def moved(booked: Booked, happened: Happened, at: datetime) -> Booked:
    """The number at its next place, without order, problem and waiting time. Raises BookDefect."""
    place = TABLE.get((booked.place, happened))
    if place is None:
        raise BookDefect(f"{booked.number} is {booked.place} and knows no {happened}")
    return replace(booked, place=place, since=at, order_id=None, problem=None, what="", retry_at=None)


def plan(facts: TenantFacts, at: datetime) -> Plan:
    """What brings the tenant's numbers to their places."""
    wanted, book = facts.wanted, facts.book
    uploads: dict[E164, str] = {}
    releases: dict[E164, str] = {}
    held: list[Held] = []
    for number, customer_id in wanted.items():
        booked = book.get(number)
        hindered = _hindered(number, facts, booked, at)
        if hindered is not None:
            held.append(hindered)
        elif booked is None or booked.place is Place.AWAY:
            uploads[number] = customer_id
    for number, booked in book.items():
        if booked.tenant_id != facts.tenant_id or number in wanted or booked.place is not Place.UPLOADED:
            continue
        waits = _waits(booked, at)
        if waits is not None:
            held.append(waits)
        else:
            releases[number] = booked.customer_id
    return Plan(uploads, releases, tuple(held))


def _hindered(number: E164, facts: TenantFacts, booked: Booked | None, at: datetime) -> Held | None:
    ours = booked is not None and booked.tenant_id == facts.tenant_id
    if booked is not None and not ours and (booked.place is not Place.AWAY or not booked.renewed):
        return Held(number, Problem.SECOND_TENANT, f"linked to tenant {booked.tenant_id}")
    if booked is not None and ours and booked.place is not Place.AWAY:
        return None
    if facts.consent is not Consent.SIGNED:
        return Held(number, Problem.CONSENT, f"the consent is {facts.consent}")
    return _waits(booked, at) if booked is not None and ours else None


def _waits(booked: Booked, at: datetime) -> Held | None:
    if booked.problem is None or booked.retry_at is None or booked.retry_at <= at:
        return None
    return Held(booked.number, booked.problem, booked.what)


@dataclass(frozen=True, slots=True)
class Compared:
    """Our book beside Microsoft's list of one tenant: what is to be changed in the book, and numbers there
    that we never uploaded and nobody is to have."""

    changed: tuple[Booked, ...]
    strays: tuple[E164, ...]


def compare(facts: TenantFacts, listed: Collection[E164], at: datetime) -> Compared:
    """Microsoft's list is right where no order is open. A wanted number that is there already is taken into
    the book; what we never uploaded and nobody wants is told and left alone: people may be calling by it."""
    tenant_id, wanted, book = facts.tenant_id, facts.wanted, facts.book
    changed = [*_missing(facts, listed, at)]
    strays: list[E164] = []
    for number in sorted(listed):
        booked = book.get(number)
        if booked is None and number in wanted:
            changed.append(Booked(number, tenant_id, wanted[number], Place.UPLOADED, at))
        elif booked is None:
            strays.append(number)
        elif booked.place is Place.AWAY and booked.tenant_id == tenant_id:
            changed.append(moved(booked, Happened.FOUND, at))
    return Compared(tuple(changed), tuple(strays))


def _missing(facts: TenantFacts, listed: Collection[E164], at: datetime) -> Iterator[Booked]:
    for booked in facts.book.values():
        here = booked.tenant_id == facts.tenant_id and booked.place is Place.UPLOADED
        if here and booked.number not in listed:
            yield replace(moved(booked, Happened.MISSING, at), problem=Problem.VANISHED)
