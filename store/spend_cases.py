"""Limits of money that are reached, as cases that operators see: `fernamt abuse list` (B11, B10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from dialplan.abuse.cases import Action, SpendSighting, ThrottlePolicy
from dialplan.limits.agreed import MICRO_PER_EURO, Claim, Limits, Scope
from dialplan.limits.claims import spend_claims
from store.abuse_cases import AbuseCases
from store.spend import Moved, Spender

_WHO: Final = {Scope.CUSTOMER: "", Scope.USER: " by phone {}", Scope.COUNTRY: " on calls to {}"}


@dataclass(frozen=True, slots=True)
class SpendAgreed:
    """The limits of a customer and of those of its phones that may spend so much at most."""

    limits: Limits | None
    users: Mapping[str, Limits]

    @property
    def in_parts(self) -> bool:
        """Whether more than the customer's sum must be counted."""
        return bool(self.users) or bool(self.limits and self.limits.country_spend)

    def spenders(self, customer_id: str) -> Iterator[Spender]:
        """Whose money is limited."""
        if self.limits is not None and self.limits.has_spend:
            yield Spender(Scope.CUSTOMER, customer_id)
            for country in self.limits.country_spend:
                yield Spender(Scope.COUNTRY, f"{customer_id}/{country}")
        for user_id in self.users:
            yield Spender(Scope.USER, f"{customer_id}/{user_id}")


class SpendCases:
    """Raises DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._cases = AbuseCases(engine)

    def note(self, moved: Iterable[Moved], agreed: Mapping[str, SpendAgreed], now: datetime) -> None:
        """Open a case for every limit that these bookings reached, or count it in the open one. The case only
        tells: calls are stopped by the counters themselves, and not at all where the limit only warns."""
        up = [each for each in moved if each.after > each.before]
        for customer_id in dict.fromkeys(_customer_of(each.key) for each in up):
            known = agreed.get(customer_id)
            if known is None:
                continue
            claims = {claim.key: claim for claim in spend_claims(customer_id, known.limits, known.users, now)}
            for each in up:
                claim = claims.get(each.key)
                if claim is not None and each.before < claim.limit <= each.after:
                    found = SpendSighting(_sentence(claim, each.after))
                    self._cases.seen(customer_id, found, Action.WARN, ThrottlePolicy(), now)


def _customer_of(key: str) -> str:
    return key.split(":", 2)[2].partition("/")[0]


def _sentence(claim: Claim, micro_euro: int) -> str:
    parts = claim.owner.split("/")
    who = _WHO[claim.scope].format(*parts[1:2])
    follows = "it goes on, the limit only warns" if claim.warns else "calls that cost are refused"
    return f"{_euro(micro_euro)} of {_euro(claim.limit)} spent{who} in {parts[-1]}: {follows}"


def _euro(micro_euro: int) -> str:
    return f"{micro_euro / MICRO_PER_EURO:.2f} EUR"
