"""What rating goes by: the imported tariff, and the terms that contracts of the configuration give (E2).

Terms of `customers.csv` go first. A customer who is not in it has those of its contracts (agreements.py).
Minutes that are agreed for each user are multiplied by the month's highest number of users so far, and at
least by the contract's; an individual price list is the one that is called like the customer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Engine, text

from cli.billing.agreements import Agreed, Agreements, agreements, in_use, users_of
from provisioning.schema.contract import ContractEntry
from rating.berlin import Month, day_of, to_ms
from rating.invoice_users import Event, monthly_highest
from rating.notice import NOTICE_DAYS
from rating.price import ListKind
from rating.tariff import Tariff
from rating.terms import CountedPer, Model, Terms
from store.config_versions import ConfigStore
from store.foreign_errors import database_errors
from store.price_notices import PriceNotices
from store.rating_tariffs import AppliedTariff, TariffStore

#: Days of notice before foreign prices change (E4).
_NOTICE: Final = text(
    "SELECT content::jsonb ->> 'foreign_price_notice_days' FROM config_item"
    " WHERE kind = 'carrier' AND until_version IS NULL"
)
_NUMBERS: Final = text("SELECT coalesce(max(id), 0) FROM number_event")


class ConfiguredTariff:
    """store.rating_run.TariffSource: read again when a tariff was imported, a configuration applied, a notice
    noted, and where quotas count users, when a number was activated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tariffs = TariffStore(engine)
        self._versions = ConfigStore(engine)
        self._notices = PriceNotices(engine)
        self._stamp = (-1, -1, -1, -1)
        self._applied: AppliedTariff | None = None
        self._counts_users = True

    def current(self) -> AppliedTariff:
        stamp = self._read_stamp()
        if self._applied is None or stamp != self._stamp:
            found = TariffStore(self._engine, self._notice_days()).current()
            known = agreements(self._engine)
            counting = {customer_id: each for customer_id, each in known.items() if in_use(each)}
            self._counts_users = bool(counting)
            agreed = terms_of_contracts(known, users_of(self._engine, counting), found.tariff)
            tariff = replace(
                found.tariff,
                terms={**agreed, **found.tariff.terms},
                notices={**self._notices.of(found.tariff), **found.tariff.notices},
            )
            self._applied = replace(found, tariff=tariff)
            self._stamp = stamp if self._counts_users else (*stamp[:3], 0)
        return self._applied

    def _read_stamp(self) -> tuple[int, int, int, int]:
        numbers = self._numbers() if self._counts_users else 0
        return self._tariffs.revision(), self._versions.current(), self._notices.last(), numbers

    def _numbers(self) -> int:
        with database_errors("reading the number inventory"), self._engine.connect() as connection:
            return int(connection.scalar(_NUMBERS) or 0)

    def _notice_days(self) -> int:
        with database_errors("reading the carrier's notice"), self._engine.connect() as connection:
            return int(connection.scalar(_NOTICE) or NOTICE_DAYS)


def terms_of_contracts(
    known: Agreements, users: Mapping[str, Sequence[Event]], tariff: Tariff
) -> dict[str, tuple[Terms, ...]]:
    """Each customer's terms, oldest first, whole months each; `users` of those whose quotas count them."""
    found: dict[str, tuple[Terms, ...]] = {}
    for customer_id, versions in known.items():
        highest = monthly_highest(users.get(customer_id, ()))
        terms = [
            part for one in _of_contracts(customer_id, versions, tariff) for part in _by_users(one, highest)
        ]
        if terms:
            found[customer_id] = tuple(terms)
    return found


def _of_contracts(customer_id: str, versions: Sequence[Agreed], tariff: Tariff) -> list[Terms]:
    found: list[Terms] = []
    for each in versions:
        contract = each.contract
        if contract is None:
            continue
        first_day = _month_of(each.came) if found else contract.start
        while found and found[-1].first_day >= first_day:
            # Replaced within its first month: the month has the later terms from its beginning.
            first_day = found.pop().first_day
        if found:
            found[-1] = replace(found[-1], last_day=first_day - timedelta(days=1))
        removed = _last_of(each.went) if each.went else None
        last_day = min((day for day in (contract.end, removed) if day is not None), default=None)
        if last_day is None or last_day >= first_day:
            found.append(_terms(customer_id, contract, first_day, last_day, tariff))
    return found


def _by_users(terms: Terms, highest: Sequence[tuple[Month, int]]) -> Iterator[Terms]:
    """The same, cut where the number of users that is to be counted changes."""
    if terms.counted_per is not CountedPer.USER or not terms.minutes:
        yield terms
        return
    cut = replace(terms, users=terms.users)
    for month, users in highest:
        counted = max(users, terms.users)
        first_day = month.first_day
        if terms.last_day is not None and first_day > terms.last_day:
            break
        if counted == cut.users:
            continue
        if first_day > cut.first_day:
            yield replace(cut, last_day=first_day - timedelta(days=1))
        cut = replace(terms, users=counted, first_day=max(first_day, terms.first_day))
    yield cut


def _terms(
    customer_id: str, contract: ContractEntry, first_day: date, last_day: date | None, tariff: Tariff
) -> Terms:
    own = tariff.versions.get(customer_id)
    individual = own is not None and own[0].kind is ListKind.INDIVIDUAL
    fair_use = contract.fair_use
    counted_per = fair_use.counted_per if fair_use else "user"
    minutes = tuple((name, int(getattr(fair_use, name))) for name in fair_use.given()) if fair_use else ()
    return Terms(
        customer_id, first_day, last_day, Model(contract.price_model), customer_id if individual else None,
        CountedPer(counted_per), contract.minimum_users, minutes,
    )  # fmt: skip


def _month_of(moment: datetime) -> date:
    return day_of(to_ms(moment)).replace(day=1)


def _last_of(moment: datetime) -> date:
    return (_month_of(moment) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
