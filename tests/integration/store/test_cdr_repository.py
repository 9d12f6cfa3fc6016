"""CDRs are stored exactly once and read back as they were (guarantee 4)."""

from __future__ import annotations

import resource
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine, text

from dialplan.cdr import LegSide
from store.cdr_records import MAX_RAW_BYTES, LegWithRaw
from store.cdr_repository import MAX_BATCH, CdrRepository
from store.database import make_engine
from store.errors import DatabaseUnavailable
from tests.integration.store.legs import ANSWERED_LEG, STARTED, leg, with_raw

DAY = timedelta(days=1)


def test_a_leg_comes_back_with_every_field_and_the_switchs_own_words(repository: CdrRepository) -> None:
    entry = with_raw(ANSWERED_LEG)
    outcome = repository.insert_legs([entry])
    assert (outcome.new, outcome.known, outcome.refused) == ((ANSWERED_LEG.leg_id,), (), ())
    [stored] = repository.show(ANSWERED_LEG.leg_id)
    assert (stored.leg, stored.raw) == (ANSWERED_LEG, entry.raw)
    assert stored.leg.started_at.utcoffset() == timedelta(0)


def test_the_same_file_read_again_is_not_counted_twice(repository: CdrRepository) -> None:
    other = leg(leg_id="other")
    repository.insert_legs([with_raw(ANSWERED_LEG)])
    outcome = repository.insert_legs([with_raw(other), with_raw(ANSWERED_LEG), with_raw(other)])
    assert (outcome.new, outcome.known) == (("other",), (ANSWERED_LEG.leg_id,))
    assert repository.count(STARTED, STARTED + DAY) == 2


def test_a_known_leg_keeps_its_first_record(repository: CdrRepository) -> None:
    repository.insert_legs([with_raw(ANSWERED_LEG)])
    repository.insert_legs([LegWithRaw(leg(customer_id="somebody-else"), b"forged")])
    [stored] = repository.show(ANSWERED_LEG.leg_id)
    assert stored.leg == ANSWERED_LEG
    assert stored.raw == with_raw(ANSWERED_LEG).raw


def test_one_bad_leg_does_not_hold_up_the_others(repository: CdrRepository) -> None:
    nameless_time = leg(leg_id="no-zone", started_at=STARTED.replace(tzinfo=None))
    batch = [
        with_raw(leg(leg_id="good-1")),
        with_raw(leg(leg_id="bad-direction", direction="sideways")),
        with_raw(leg(leg_id="bad-text", b_dialled="12\x0034")),
        with_raw(leg(leg_id="bad-surrogate", b_dialled="\ud800")),
        with_raw(nameless_time),
        LegWithRaw(leg(leg_id="no-original"), b""),
        LegWithRaw(leg(leg_id="huge-original"), b"x" * (MAX_RAW_BYTES + 1)),
        with_raw(leg(leg_id="bad-number", q850=10**6)),
        with_raw(leg(leg_id="good-2")),
    ]
    outcome = repository.insert_legs(batch)
    assert outcome.new == ("good-1", "good-2")
    assert [leg_id for leg_id, _ in outcome.refused] == [
        "bad-direction",
        "bad-text",
        "bad-surrogate",
        "no-zone",
        "no-original",
        "huge-original",
        "bad-number",
    ]
    assert repository.count(STARTED, STARTED + DAY) == 2


def test_a_refusal_names_the_rule_and_shows_nobodys_number(repository: CdrRepository) -> None:
    [(_, refused)] = repository.insert_legs([with_raw(leg(direction="sideways"))]).refused
    assert "cdr_direction" in str(refused)
    assert "4710" not in str(refused)


def test_two_intakes_that_read_the_same_spool_at_once_store_each_leg_once(
    engine: Engine, repository: CdrRepository
) -> None:
    legs = [with_raw(leg(leg_id=f"leg-{number:03}")) for number in range(200)]
    new: list[str] = []
    together = threading.Barrier(2)

    def intake(entries: list[LegWithRaw]) -> None:
        together.wait(timeout=10)
        for start in range(0, len(entries), 50):
            new.extend(repository.insert_legs(entries[start : start + 50]).new)

    intakes = [threading.Thread(target=intake, args=(order,)) for order in (legs, legs[::-1])]
    for thread in intakes:
        thread.start()
    for thread in intakes:
        thread.join(timeout=30)
    assert sorted(new) == [entry.leg.leg_id for entry in legs]
    assert repository.count(STARTED, STARTED + DAY) == 200


def test_a_call_is_found_by_any_of_its_legs_and_its_a_leg_comes_first(repository: CdrRepository) -> None:
    b_leg = leg(leg_id="0-b-leg", call_id=ANSWERED_LEG.call_id, side=LegSide.B)
    repository.insert_legs([with_raw(b_leg), with_raw(ANSWERED_LEG), with_raw(leg(leg_id="other-call"))])
    for wanted in (ANSWERED_LEG.call_id, "0-b-leg"):
        assert [stored.leg for stored in repository.show(wanted)] == [ANSWERED_LEG, b_leg]


@pytest.mark.parametrize("wanted", ["no-such-call", "", "\0", "x" * 1000, "' OR true --"])
def test_an_unknown_call_is_an_empty_answer(repository: CdrRepository, wanted: str) -> None:
    repository.insert_legs([with_raw(ANSWERED_LEG)])
    assert repository.show(wanted) == ()


def test_an_export_has_the_legs_that_started_in_its_period_in_order(repository: CdrRepository) -> None:
    """The period is half open: a call at midnight belongs to the new month, and to it alone."""
    midnight = datetime(2026, 4, 1, tzinfo=UTC)
    times = [midnight - timedelta(milliseconds=1), midnight, midnight, midnight + DAY]
    names = ["z-last-of-march", "b", "a", "next-day"]
    legs = [
        leg(leg_id=name, started_at=at, ringing_at=None, answered_at=None, billed_ms=0, ended_at=at)
        for name, at in zip(names, times, strict=True)
    ]
    repository.insert_legs([with_raw(one) for one in legs])
    german_midnight = midnight.astimezone(timezone(timedelta(hours=2)))
    assert [one.leg_id for one in repository.stream(german_midnight, midnight + DAY)] == ["a", "b"]
    assert repository.count(midnight, midnight + DAY) == 2


def test_an_export_for_one_customer_has_no_leg_of_another(repository: CdrRepository) -> None:
    """Guarantee 8."""
    own, foreign = leg(leg_id="own"), leg(leg_id="foreign", customer_id="beispiel-gmbh")
    repository.insert_legs(
        [with_raw(own), with_raw(foreign), with_raw(leg(leg_id="nobody", customer_id=None))]
    )
    assert list(repository.stream(STARTED, STARTED + DAY, "beispiel-bau")) == [own]
    assert repository.count(STARTED, STARTED + DAY, "beispiel-gmbh") == 1


def test_a_period_without_time_zone_is_refused_before_anything_is_read(repository: CdrRepository) -> None:
    with pytest.raises(ValueError, match="time zone"):
        repository.stream(datetime(2026, 4, 1), datetime(2026, 5, 1))  # noqa: DTZ001 - that is the point


def test_a_batch_has_a_bound(repository: CdrRepository) -> None:
    with pytest.raises(ValueError, match="1000 are the most"):
        repository.insert_legs([with_raw(ANSWERED_LEG)] * (MAX_BATCH + 1))


def test_a_large_export_streams_in_constant_memory(engine: Engine, repository: CdrRepository) -> None:
    repository.insert_legs([with_raw(ANSWERED_LEG)])
    same = "customer_id, direction, side, node, b_dialled, q850, cause, hung_up_by"
    with engine.begin() as connection:
        connection.execute(
            text(
                f"INSERT INTO cdr (leg_id, call_id, started_at, ended_at, billed_ms, {same}) "  # noqa: S608
                f"SELECT 'g' || n, 'g' || n, started_at + later, started_at + later, 0, {same} "
                "FROM cdr, generate_series(1, 200000) AS n, LATERAL (SELECT n * interval '1 ms') AS t(later)"
            )
        )
        connection.execute(text("ANALYZE cdr"))
    stream = repository.stream(STARTED, STARTED + DAY)
    first = [next(stream) for _ in range(10_000)]
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    last, count = first[-1], len(first)
    for record in stream:
        assert record.started_at >= last.started_at
        last, count = record, count + 1
    assert count == 200_001
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 8_000


def test_an_export_that_is_broken_off_gives_its_connection_back(database_url: str) -> None:
    engine = make_engine(database_url, pool_size=1)
    repository = CdrRepository(engine)
    repository.insert_legs([with_raw(leg(leg_id=f"leg-{number}")) for number in range(10)])
    stream = repository.stream(STARTED, STARTED + DAY)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert repository.count(STARTED, STARTED + DAY) == 10
    engine.dispose()


def test_a_connection_lost_in_the_middle_of_an_export_is_an_error_and_not_an_end(
    engine: Engine, repository: CdrRepository
) -> None:
    legs = [with_raw(leg(leg_id=f"leg-{number:04}")) for number in range(MAX_BATCH)]
    for part in range(3):
        repository.insert_legs([with_raw(leg(leg_id=f"{part}-{entry.leg.leg_id}")) for entry in legs])
    stream = repository.stream(STARTED, STARTED + DAY)
    next(stream)
    with engine.connect() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                 "WHERE datname = current_database() AND pid <> pg_backend_pid()")
        )  # fmt: skip
    with pytest.raises(DatabaseUnavailable):
        list(stream)
    assert repository.count(STARTED, STARTED + DAY) == 3000


def test_a_file_that_cannot_be_read_is_kept_once_and_shown_until_resolved(repository: CdrRepository) -> None:
    for _ in range(2):
        repository.quarantine("a_1.cdr.json", "cdr.not-json", "line 1 is not JSON", b"\x00\xff{")
    [kept] = repository.open_quarantine()
    assert (kept.file_name, kept.reason_id, kept.content) == ("a_1.cdr.json", "cdr.not-json", b"\x00\xff{")
    assert repository.count_quarantined() == 1


def test_a_hostile_file_fits_into_the_quarantine(repository: CdrRepository) -> None:
    name, sentence = "x\0" * 300, "\ud800" + "s" * 5000
    repository.quarantine(name, "cdr.too-large", sentence, b"z" * 3_000_000)
    [kept] = repository.open_quarantine()
    assert (len(kept.file_name), len(kept.sentence), len(kept.content)) == (256, 1000, 1 << 20)
    assert kept.full_size_bytes == 3_000_000
