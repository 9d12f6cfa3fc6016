"""The example tariff, and calls of its customers, for tests of charges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from dialplan.cdr import LegRecord, LegSide
from store.cdr_repository import CdrRepository
from store.rating_run import BatchDone, RatingRun
from store.rating_tariffs import AppliedTariff, TariffStore
from tests.integration.store.legs import leg, with_raw

TARIFFS = Path(__file__).resolve().parents[3] / "examples" / "tariffs"
#: Ten minutes a month to the German fixed network are in its price (medium).
KANZLEI = "kunde-kanzlei"
#: Pays every call (basis).
PRAXIS = "kunde-praxis"
NOVEMBER = datetime(2026, 11, 2, 9, tzinfo=UTC)
BERLIN = "+493023125007"
MOBILE = "+4915228817386"


def tariff_files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in TARIFFS.glob("*.csv")}


def imported(engine: Engine) -> TariffStore:
    store = TariffStore(engine)
    store.import_files(tariff_files(), author="anna", today=date(2026, 11, 1))
    return store


class Fixed:
    """A tariff that never changes."""

    def __init__(self, store: TariffStore) -> None:
        self._applied = store.current()

    def current(self) -> AppliedTariff:
        return self._applied


def outgoing(
    call_id: str, minute: float, seconds: float, customer: str = KANZLEI, called: str = BERLIN
) -> LegRecord:
    """A call of so many seconds that was answered so many minutes after NOVEMBER."""
    answered = NOVEMBER + timedelta(minutes=minute)
    return leg(
        leg_id=call_id,
        customer_id=customer,
        direction="out",
        b_number=called,
        trunk_id=f"{customer}-pbx",
        started_at=answered - timedelta(seconds=2),
        ringing_at=None,
        answered_at=answered,
        ended_at=answered + timedelta(seconds=seconds),
        billed_ms=round(seconds * 1000),
    )


def carried(call: LegRecord, trunk: str = "carrier-a") -> LegRecord:
    """The B leg of a call, over a carrier's trunk."""
    return leg(
        **{
            **{name: getattr(call, name) for name in call.__dataclass_fields__},
            "leg_id": f"{call.leg_id}-b",
            "call_id": call.call_id,
            "side": LegSide.B,
            "trunk_id": trunk,
        }
    )


def take_in(engine: Engine, *legs: LegRecord) -> None:
    outcome = CdrRepository(engine).insert_legs([with_raw(each) for each in legs])
    assert outcome.refused == ()


def rate_all_due(run: RatingRun) -> list[BatchDone]:
    """Batches until nothing is due."""
    done: list[BatchDone] = []
    for _ in range(1000):
        batch = run.batch()
        if not batch.calls:
            return done
        done.append(batch)
    raise AssertionError("there is always something due")


def in_force(engine: Engine) -> dict[str, tuple[int, int, int]]:
    """leg: (ticks, seconds from the quota, number of corrections)"""
    query = """
        SELECT leg_id, coalesce(k.ticks, c.ticks), coalesce(k.bundle_s, c.bundle_s), coalesce(k.number, 0)
        FROM charge c LEFT JOIN LATERAL (
            SELECT * FROM charge_correction WHERE leg_id = c.leg_id ORDER BY number DESC LIMIT 1
        ) k USING (leg_id)
    """
    with engine.connect() as connection:
        return {row[0]: tuple(row[1:]) for row in connection.execute(text(query))}


def rows(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]
