"""One round of work with Microsoft: consents seen, book and list compared, orders planned, sent, asked after.

It may be killed at any place and started again: an order is written down before it is sent, and whatever was
sent is asked after. `round` does what can be done now and comes back; what must wait is due later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from controller.teams_doubts import Doubts
from controller.teams_ports import Deactivation, OperatorConnectPort, TenantBook
from numbering.e164 import E164
from numbering.tenancy import Consent, Held, Place, Problem, TenantFacts, compare, plan
from numbering.tenancy_orders import (
    MOST_OF_ORDER,
    Answer,
    Away,
    Kind,
    Order,
    OrderState,
    Rejected,
    Trouble,
    answered,
    ordered,
    refusals,
    settled,
    troubled,
)
from numbering.tenancy_seen import NumberSeen

_log = structlog.get_logger(__name__)
#: Tries of one round; the rest is due in the next.
MOST_TRIES: Final = 10_000


@dataclass(slots=True)
class RoundDone:
    """What a round did. `busy`: another program is at it, nothing was done. `away`: what did not answer last;
    `cut`: a full round is due again, consents were not seen or not every tenant had its turn."""

    busy: bool = False
    cut: bool = False
    consents_changed: int = 0
    planned: int = 0
    uploaded: int = 0
    released: int = 0
    reported: int = 0
    refused: int = 0
    corrected: int = 0
    deactivated: int = 0
    held: list[tuple[str, Held]] = field(default_factory=list)
    away: Away | None = None


class TeamsSync:
    """`now` gives UTC, `chance` 0 to 1, `new_id` an id that nobody else gives."""

    def __init__(
        self,
        microsoft: OperatorConnectPort,
        book: TenantBook,
        inventory: Deactivation,
        now: Callable[[], datetime],
        chance: Callable[[], float],
        new_id: Callable[[], str],
        actor: str,
    ) -> None:
        self._microsoft = microsoft
        self._book = book
        self._inventory = inventory
        self._now = now
        self._chance = chance
        self._new_id = new_id
        self._actor = actor
        self._doubts = Doubts()

    def round(self, *, full: bool, tenant_id: str | None = None) -> RoundDone:
        """`full`: ask for consents and the list of every tenant, and report calls; else only what our book
        shows to be due. A tenant whose list was not to be had is asked by itself, when its time has come.
        `tenant_id`: only this tenant's numbers. Raises what book and inventory raise."""
        done = RoundDone(cut=full)
        self._doubts = Doubts()
        with self._book.alone() as mine:
            if not mine:
                return RoundDone(busy=True)
            for step in self._steps(done, full, tenant_id):
                step()
                if done.away is not None and done.away.everything:
                    break
        return done

    def _steps(self, done: RoundDone, full: bool, tenant_id: str | None) -> Iterator[Callable[[], None]]:
        if full:
            yield partial(self._consents, done)
        unseen = done.away is not None
        at = self._now()
        troubles = self._book.troubles()
        again = sorted(id_ for id_, each in troubles.items() if each.next_at <= at and tenant_id is None)
        every = {*self._book.tenants(at, every=full)} if tenant_id is None else {tenant_id}
        for each in sorted(every.difference(again)):
            asked = full and (each not in troubles or each == tenant_id)
            yield partial(self._tenant, each, done, troubles.get(each), asked=asked)
        if full and tenant_id is None:
            yield partial(self._reports, done)
        done.cut = full and unseen
        yield partial(self._orders, done, tenant_id)
        # Those in trouble come last and at a time of their own: none of them keeps the others waiting.
        for each in again:
            yield partial(self._tenant, each, done, troubles[each], asked=True)

    def _consents(self, done: RoundDone) -> None:
        seen = self._microsoft.consents()
        if isinstance(seen, Away | Rejected):
            done.away = _as_away(seen, "the consents")
        else:
            done.consents_changed = self._book.note_consents(seen, self._now(), self._actor)

    def _tenant(self, tenant_id: str, done: RoundDone, trouble: Trouble | None, *, asked: bool) -> None:
        facts = self._book.facts(tenant_id)
        listed: set[E164] | None = None
        # The book is read before Microsoft's list: what an order changed between is in flux in the book.
        seen = self._seen(facts, done, trouble) if asked else None
        if done.away is not None and done.away.everything:
            return
        if seen is not None:
            listed = {each.number for each in seen}
            compared = compare(facts, listed, self._now())
            self._book.note_listed(tenant_id, seen, compared.changed)
            done.corrected += len(compared.changed)
            done.held += [(tenant_id, Held(each, Problem.STRAY)) for each in compared.strays]
            if compared.changed:
                facts = self._book.facts(tenant_id)
        self._let_go(facts, listed, done)
        self._plan(facts, done)

    def _seen(
        self, facts: TenantFacts, done: RoundDone, trouble: Trouble | None
    ) -> Sequence[NumberSeen] | None:
        """Microsoft's list of a tenant. None where there is nothing to ask for, or no list: then that is
        noted, and the tenant is asked again when it is due."""
        tenant_id = facts.tenant_id
        if not (facts.consent is Consent.SIGNED or facts.leaving or _known(facts)):
            seen: Sequence[NumberSeen] | Away | Rejected | None = None
        else:
            seen = self._doubts.judged(tenant_id, self._microsoft.numbers(tenant_id))
        if isinstance(seen, Away) and seen.everything:
            done.away = seen
            return None
        if isinstance(seen, Away | Rejected):
            found = troubled(trouble, tenant_id, seen, self._now(), self._chance())
            self._book.note_trouble(found)
            until = found.next_at.isoformat()
            _log.warning("a tenant's numbers are not listed", tenant=tenant_id, why=found.why, until=until)
            return None
        if trouble is not None:
            self._book.end_trouble(tenant_id)
        return seen

    def _let_go(self, facts: TenantFacts, listed: set[E164] | None, done: RoundDone) -> None:
        """Numbers that are nobody's and not at Microsoft go on into quarantine (TC 17.8)."""
        gone = [each for each in sorted(facts.leaving) if _gone(facts, each, listed)]
        if gone:
            done.deactivated += self._inventory.deactivated(gone, self._now())

    def _plan(self, facts: TenantFacts, done: RoundDone) -> None:
        at = self._now()
        planned = plan(facts, at)
        done.held += [(facts.tenant_id, each) for each in planned.held]
        for kind, numbers in ((Kind.RELEASE, planned.releases), (Kind.UPLOAD, planned.uploads)):
            for customer_id, portion in _portions(numbers):
                order = Order(self._new_id(), kind, facts.tenant_id, customer_id, at, at)
                self._book.plan(
                    order, [ordered(each, facts.book.get(each), order) for each in portion], self._actor
                )
                done.planned += 1

    def _reports(self, done: RoundDone) -> None:
        done.planned += self._book.plan_reports(self._now(), self._new_id, self._actor)

    def _orders(self, done: RoundDone, tenant_id: str | None) -> None:
        tries = 0
        while due := self._book.due(self._now(), tenant_id):
            for order in due:
                self._try(order, done)
                tries += 1
                if tries >= MOST_TRIES or (done.away is not None and done.away.everything):
                    return

    def _try(self, order: Order, done: RoundDone) -> None:
        answer = self._answered(order)
        at = self._now()
        after = answered(order, answer, at, self._chance())
        if isinstance(answer, Away):
            done.away = answer
            until = after.next_at.isoformat()
            _log.warning("an order to Microsoft waits", order=order.id, why=answer.why, until=until)
        if after.open or order.kind is Kind.REPORT:
            self._book.settle(after, (), {})
            done.reported += after.state is OrderState.ENDED
            done.refused += after.state is OrderState.REFUSED
            return
        numbers = self._book.numbers_of(order)
        refused = refusals(answer, numbers)
        settling = [settled(order, each, refused.get(number), at) for number, each in numbers.items()]
        self._book.settle(after, settling, refused)
        no = sum(number in refused for number in numbers)
        done.refused += no
        if order.kind is Kind.UPLOAD:
            done.uploaded += len(numbers) - no
        else:
            done.released += len(numbers) - no

    def _answered(self, order: Order) -> Answer:
        silent = self._doubts.silent(order.tenant_id)
        if silent is not None:
            return silent
        asked: Answer = self._asked(order)
        return self._doubts.judged(order.tenant_id, asked)

    def _asked(self, order: Order) -> Answer:
        if order.state is OrderState.ACCEPTED:
            return self._microsoft.poll(order)
        if order.kind is Kind.REPORT:
            return self._microsoft.report(order, self._book.calls_of(order))
        return self._microsoft.send(order, sorted(self._book.numbers_of(order)))


def _as_away(answer: Away | Rejected, what: str) -> Away:
    return answer if isinstance(answer, Away) else Away(f"{what}: {answer.refusal.what}")


def _known(facts: TenantFacts) -> bool:
    """Whether we ever ordered something there: it may have been done, whatever we were told."""
    return any(each.tenant_id == facts.tenant_id for each in facts.book.values())


def _gone(facts: TenantFacts, number: E164, listed: set[E164] | None) -> bool:
    booked = facts.book.get(number)
    if booked is None:
        return listed is not None and number not in listed
    return booked.place is Place.AWAY and (listed is None or number not in listed)


def _portions(numbers: Mapping[E164, str]) -> Iterator[tuple[str, Sequence[E164]]]:
    """Numbers of one customer, so many that they fit into an order."""
    for customer_id in sorted(set(numbers.values())):
        own = sorted(number for number, owner in numbers.items() if owner == customer_id)
        for start in range(0, len(own), MOST_OF_ORDER):
            yield customer_id, own[start : start + MOST_OF_ORDER]
