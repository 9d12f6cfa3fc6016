"""Who may spend how much, as applied: store.rating_spend.SpendSource (B11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Engine, text

from dialplan.limits.agreed import Limits
from provisioning.compile_limits import limits, limits_of
from provisioning.schema import LimitProfileEntry
from store.config_versions import ConfigStore
from store.foreign_errors import database_errors
from store.spend_cases import SpendAgreed

_PROFILES: Final = TypeAdapter(tuple[LimitProfileEntry, ...])
#: Only what limits are made of: a customer's part may have many thousand numbers.
_APPLIED: Final = text("""
    SELECT kind, id, content::jsonb ->> 'limits' AS limits, content::jsonb -> 'limit_profiles' AS profiles,
        jsonb_path_query_array(content::jsonb, '$.phones[*] ? (@.limits != null)') AS phones
    FROM config_item WHERE until_version IS NULL AND kind IN ('carrier', 'customer')
        AND content LIKE '%"limit%'
""")


class ConfiguredSpend:
    """Read again when a configuration was applied. Raises DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._versions = ConfigStore(engine)
        self._version = -1
        self._agreed: Mapping[str, SpendAgreed] = {}

    def current(self) -> Mapping[str, SpendAgreed]:
        """The customers with limits of money; the same object as long as nothing of it changed."""
        version = self._versions.current()
        if version != self._version:
            found = self._read()
            if found != self._agreed:
                self._agreed = found
            self._version = version
        return self._agreed

    def _read(self) -> dict[str, SpendAgreed]:
        with database_errors("reading limits of money"), self._engine.connect() as connection:
            rows = connection.execute(_APPLIED).all()
        shared: dict[str, Limits] = {}
        for row in rows:
            if row.kind == "carrier":
                shared = {each.id: limits(each) for each in _profiles(row.profiles)}
        agreed = ((row.id, _agreed(row, shared)) for row in rows if row.kind == "customer")
        return {customer_id: each for customer_id, each in agreed if each is not None}


def _agreed(row: Any, shared: Mapping[str, Limits]) -> SpendAgreed | None:
    own = _profiles(row.profiles)

    def resolved(name: str | None) -> Limits | None:
        found = limits_of(name, own)
        whole = shared.get(found) if isinstance(found, str) else found
        return whole if whole is not None and whole.has_spend else None

    users = {phone["id"]: found for phone in row.phones if (found := resolved(phone["limits"])) is not None}
    customer = resolved(row.limits)
    return SpendAgreed(customer, users) if customer is not None or users else None


def _profiles(tree: Any) -> tuple[LimitProfileEntry, ...]:
    return _PROFILES.validate_python(tree or [], strict=False)
