"""The invoicing department: `fernamt` on a test's database with the example carrier and tariff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from click.testing import Result
from sqlalchemy import Engine, text

from provisioning.canonical import items_of
from provisioning.load import load
from rating.money import Money
from store.config_items import ConfigItem, ItemKey
from store.config_versions import ConfigStore
from tests.integration.store.billing import TARIFFS
from tests.typed import good, settings_of, typed

NOW: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)
CARRIER: Final = TARIFFS.parent / "carrier"
ANNA: Final = ("--actor", "anna")
#: Modules whose clock stands at NOW in these tests.
CLOCKS: Final = (
    "cli.changes", "cli.billing.evn_export", "cli.billing.invoice_book", "cli.billing.invoice_sending",
    "cli.billing.rate_worker", "cli.billing.tariff_import", "cli.billing.tariff_notices", "cli.privacy",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Office:
    """`office("invoice", "issue", ...)` is the command; `settings` may be written anew with more in it."""

    directory: Path
    settings: dict[str, Any]
    engine: Engine

    def __call__(self, *words: object) -> Result:
        return typed(self.settings)(*words)

    def apply(self, item: ConfigItem, at: datetime) -> None:
        """Apply a part, as at a moment of the past."""
        self.remove(item.key, at)
        values = {"kind": item.key.kind, "id": item.key.id, "content": item.content, "sha256": item.sha256}
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO config_item (kind, id, from_version, content, sha256)"
                    " SELECT :kind, :id, max(version), :content, :sha256 FROM config_version"
                ),
                values,
            )

    def remove(self, key: ItemKey, at: datetime) -> None:
        """Leave a part out, as at a moment of the past."""
        with self.engine.begin() as connection:
            made = "INSERT INTO config_version (applied_at, author) VALUES (:at, 'anna') RETURNING version"
            version = connection.execute(text(made), {"at": at}).scalar_one()
            connection.execute(
                text(
                    "UPDATE config_item SET until_version = :version"
                    " WHERE kind = :kind AND id = :id AND until_version IS NULL"
                ),
                {"version": version, **key._asdict()},
            )


def office(directory: Path, database_url: str, redis_url: str, engine: Engine) -> Office:
    """With its settings, the tariff imported and the carrier applied."""
    settings = settings_of(directory, database_url, redis_url) | {"carrier": [str(CARRIER)]}
    found = Office(directory, settings, engine)
    ConfigStore(engine).apply(0, list(items_of(load([CARRIER]).config).values()), [], author="anna")
    good(found("tariff", "import", TARIFFS, *ANNA))
    return found


def ticks(amount: str) -> int:
    return Money.parse(f"{amount} EUR").ticks
