"""Proofs of notification in PostgreSQL: who was told of which prices, when, and where the proof is (E4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

from sqlalchemy import Engine, func, select
from sqlalchemy.dialects.postgresql import insert

from rating.notice import Notice
from rating.price import Version
from rating.tariff import Tariff
from store import audit
from store.foreign_errors import database_errors
from store.notice_tables import price_notice
from store.rating_tariffs import digest, versions_of

#: Rows of one INSERT.
_PORTION: Final = 1_000


class PriceNotices:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def last(self) -> int:
        """The number of the newest; 0 for none."""
        with database_errors("reading notices of prices"), self._engine.connect() as connection:
            return int(connection.scalar(select(func.max(price_notice.c.id))) or 0)

    def of(self, tariff: Tariff) -> dict[tuple[str, str, str], Notice]:
        """Those of versions that still have the prices that were told, by customer, list and version."""
        digests = {key: digest(version) for key, version in versions_of(tariff).items()}
        columns = [price_notice.c[name] for name in (*Notice.__dataclass_fields__, "sha256")]
        found: dict[tuple[str, str, str], Notice] = {}
        with database_errors("reading notices of prices"), self._engine.connect() as connection:
            for customer_id, list_id, version, day, proof, sha256 in connection.execute(select(*columns)):
                if digests.get((list_id, version)) == bytes(sha256):
                    found[customer_id, list_id, version] = Notice(customer_id, list_id, version, day, proof)
        return found

    def note(
        self, customers: Collection[str], version: Version, notified_on: date, proof: str, *, actor: str,
        reason: str = "",
    ) -> int:  # fmt: skip
        """Keep that these customers were told, with one entry in the audit; how many are new.

        A notice that is there stays as it is.
        """
        sha256 = digest(version)
        rows = [
            {
                "customer_id": customer_id,
                "list_id": version.list_id,
                "version": version.version,
                "sha256": sha256,
                "notified_on": notified_on,
                "proof": proof,
                "actor": actor,
            }
            for customer_id in sorted(customers)
        ]
        if not rows:
            return 0
        added = 0
        once = insert(price_notice).on_conflict_do_nothing(constraint="price_notice_once")
        place = f"noting who was told of {version}"
        with database_errors(place), self._engine.begin() as connection:
            for start in range(0, len(rows), _PORTION):
                made = once.values(rows[start : start + _PORTION]).returning(price_notice.c.id)
                added += len(connection.execute(made).all())
            audit.record(
                connection,
                actor=actor,
                action="tariff.notify",
                object_kind="price-list",
                object_id=str(version)[:256],
                details={
                    "customers": added, "notified_on": str(notified_on), "proof": proof, "reason": reason,
                },
            )  # fmt: skip
        return added
