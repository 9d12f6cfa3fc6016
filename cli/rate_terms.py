"""What rating goes by: the imported tariff, and the terms that contracts of the configuration give (E2).

Terms of `customers.csv` go first. A customer who is not in it has those of its contract: for a month, as the
last version says that was applied before the month's end, so a change never cuts a month (TC 11.8), and a
month that is over keeps its terms. An individual price list is the one that is called like the customer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, text

from provisioning.schema.contract import ContractEntry
from rating.berlin import day_of, to_ms
from rating.notice import NOTICE_DAYS
from rating.price import ListKind
from rating.tariff import Tariff
from rating.terms import CountedPer, Model, Terms
from store.config_versions import ConfigStore
from store.foreign_errors import database_errors
from store.rating_tariffs import AppliedTariff, TariffStore

_CONTRACTS: Final = text("""
    SELECT item.id, item.content::jsonb -> 'contract' AS contract, came.applied_at AS came,
        went.applied_at AS went
    FROM config_item AS item
    JOIN config_version AS came ON came.version = item.from_version
    LEFT JOIN config_version AS went ON went.version = item.until_version
    WHERE item.kind = 'customer' ORDER BY item.id, item.from_version
""")
#: Days of notice before foreign prices change (E4).
_NOTICE: Final = text(
    "SELECT content::jsonb ->> 'foreign_price_notice_days' FROM config_item"
    " WHERE kind = 'carrier' AND until_version IS NULL"
)


@dataclass(frozen=True, slots=True)
class Agreed:
    """A contract in the configuration from one version to another; times are aware."""

    customer_id: str
    contract: ContractEntry
    came: datetime
    went: datetime | None


class ConfiguredTariff:
    """store.rating_run.TariffSource: read again when a tariff was imported or a configuration applied."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tariffs = TariffStore(engine)
        self._versions = ConfigStore(engine)
        self._stamp = (-1, -1)
        self._applied: AppliedTariff | None = None

    def current(self) -> AppliedTariff:
        stamp = (self._tariffs.revision(), self._versions.current())
        if self._applied is None or stamp != self._stamp:
            found = TariffStore(self._engine, self._notice_days()).current()
            terms = dict(found.tariff.terms)
            for customer_id, agreed in terms_of_contracts(self._contracts(), found.tariff).items():
                terms.setdefault(customer_id, agreed)
            self._applied = replace(found, tariff=replace(found.tariff, terms=terms))
            self._stamp = stamp
        return self._applied

    def _notice_days(self) -> int:
        with database_errors("reading the carrier's notice"), self._engine.connect() as connection:
            return int(connection.scalar(_NOTICE) or NOTICE_DAYS)

    def _contracts(self) -> Iterator[Agreed]:
        with database_errors("reading the contracts"), self._engine.connect() as connection:
            rows = connection.execute(_CONTRACTS).all()
        for row in rows:
            if row.contract is not None:
                contract = ContractEntry.model_validate_json(json.dumps(row.contract))
                yield Agreed(row.id, contract, row.came, row.went)


def terms_of_contracts(agreed: Iterable[Agreed], tariff: Tariff) -> dict[str, tuple[Terms, ...]]:
    """Each customer's terms, oldest first, whole months each; `agreed` by customer, oldest first."""
    found: dict[str, list[Terms]] = {}
    for each in agreed:
        before = found.setdefault(each.customer_id, [])
        contract = each.contract
        first_day = _month_of(each.came) if before else contract.start
        while before and before[-1].first_day >= first_day:
            # Replaced within its first month: the month has the later terms from its beginning.
            first_day = before.pop().first_day
        if before:
            before[-1] = replace(before[-1], last_day=first_day - timedelta(days=1))
        removed = _last_of(each.went) if each.went else None
        last_day = min((day for day in (contract.end, removed) if day is not None), default=None)
        if last_day is None or last_day >= first_day:
            before.append(_terms(each.customer_id, contract, first_day, last_day, tariff))
    return {customer_id: tuple(terms) for customer_id, terms in found.items() if terms}


def _terms(
    customer_id: str, contract: ContractEntry, first_day: date, last_day: date | None, tariff: Tariff
) -> Terms:
    own = tariff.versions.get(customer_id)
    individual = own is not None and own[0].kind is ListKind.INDIVIDUAL
    quotas: dict[str, Any] = contract.fair_use.model_dump() if contract.fair_use else {}
    counted_per = quotas.pop("counted_per", "user")
    minutes = tuple((name, count) for name, count in quotas.items() if count is not None)
    return Terms(
        customer_id, first_day, last_day, Model(contract.price_model), customer_id if individual else None,
        CountedPer(counted_per), contract.minimum_users, minutes,
    )  # fmt: skip


def _month_of(moment: datetime) -> date:
    return day_of(to_ms(moment)).replace(day=1)


def _last_of(moment: datetime) -> date:
    return (_month_of(moment) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
