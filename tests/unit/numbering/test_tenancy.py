"""A number goes to the tenant that it is linked to, with its consent, and never to another one (A4)."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from numbering.e164 import E164
from numbering.tenancy import (
    PROBLEMS,
    TABLE,
    BookDefect,
    Booked,
    Consent,
    Happened,
    Held,
    Place,
    Problem,
    TenantFacts,
    compare,
    moved,
    plan,
)
from numbering.tenancy_orders import (
    LONG,
    LONGEST_ASKED_S,
    LONGEST_PAUSE_S,
    MANY_TRIES,
    Accepted,
    Away,
    Ended,
    Forgotten,
    Kind,
    Order,
    OrderDefect,
    OrderState,
    Refusal,
    Rejected,
    Running,
    answered,
    ordered,
    pause_s,
    settled,
)

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
HERE, THERE = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
NUMBER, OTHER = E164("+492214710123"), E164("+492214710124")


def booked(place: Place, **more: object) -> Booked:
    order = {"order_id": "order-1"} if place in (Place.UPLOADING, Place.RELEASING) else {}
    return replace(Booked(NUMBER, HERE, "kunde-bau", place, NOW), **{**order, **more})


def facts(
    known: Booked | None = None, *, consent: Consent = Consent.SIGNED, wanted: bool = True, tenant: str = HERE
) -> TenantFacts:
    book = {known.number: known} if known is not None else {}
    return TenantFacts(tenant, consent, {NUMBER: "kunde-bau"} if wanted else {}, book)


def test_a_number_of_a_tenant_with_consent_is_uploaded() -> None:
    """A4"""
    assert plan(facts(), NOW).uploads == {NUMBER: "kunde-bau"}
    assert plan(facts(booked(Place.AWAY)), NOW).uploads == {NUMBER: "kunde-bau"}


@pytest.mark.parametrize("consent", [each for each in Consent if each is not Consent.SIGNED])
def test_without_consent_nothing_is_uploaded_and_what_is_there_stays(consent: Consent) -> None:
    """A4: a tenant that took its consent back keeps telephoning until the operator decides."""
    found = plan(facts(consent=consent), NOW)
    assert (found.uploads, found.held) == ({}, (Held(NUMBER, Problem.CONSENT, f"the consent is {consent}"),))
    assert plan(facts(booked(Place.UPLOADED), consent=consent), NOW).releases == {}


def test_what_is_nobodys_any_more_is_released_whatever_the_consent() -> None:
    for consent in Consent:
        found = plan(facts(booked(Place.UPLOADED), consent=consent, wanted=False), NOW)
        assert found.releases == {NUMBER: "kunde-bau"}


@pytest.mark.parametrize("place", [*Place])
def test_a_number_never_goes_to_a_second_tenant_in_one_life(place: Place) -> None:
    """A4"""
    found = plan(facts(booked(place), tenant=THERE), NOW)
    assert found.uploads == found.releases == {}
    assert [each.problem for each in found.held] == [Problem.SECOND_TENANT]
    order = Order("order-2", Kind.UPLOAD, THERE, "kunde-druck", NOW, NOW)
    with pytest.raises(BookDefect, match="never moves"):
        ordered(NUMBER, booked(place), order)


def test_a_number_that_began_a_new_life_may_get_another_tenant_once_it_is_released() -> None:
    """A4: it fell back to the carrier, was in quarantine, and is somebody else's now."""
    for place in Place:
        found = plan(facts(booked(place, renewed=True), tenant=THERE), NOW)
        assert bool(found.uploads) is (place is Place.AWAY)
    order = Order("order-2", Kind.UPLOAD, THERE, "kunde-druck", NOW, NOW)
    after = ordered(NUMBER, booked(Place.AWAY, renewed=True), order)
    assert (after.tenant_id, after.customer_id, after.place) == (THERE, "kunde-druck", Place.UPLOADING)


def test_a_refused_number_waits_before_it_is_tried_again() -> None:
    refused = booked(
        Place.AWAY, problem=Problem.HELD_ELSEWHERE, what="NumberHeldElsewhere", retry_at=NOW + HOUR
    )
    assert plan(facts(refused), NOW).held == (Held(NUMBER, Problem.HELD_ELSEWHERE, "NumberHeldElsewhere"),)
    assert plan(facts(refused), NOW + HOUR).uploads == {NUMBER: "kunde-bau"}
    in_use = booked(Place.UPLOADED, problem=Problem.STILL_ASSIGNED, retry_at=NOW + HOUR)
    assert plan(facts(in_use, wanted=False), NOW).releases == {}
    assert plan(facts(in_use, wanted=False), NOW + HOUR).releases == {NUMBER: "kunde-bau"}


def test_microsofts_list_corrects_the_book_where_no_order_is_open() -> None:
    missing = compare(facts(booked(Place.UPLOADED)), [], NOW)
    assert [(each.place, each.problem) for each in missing.changed] == [(Place.AWAY, Problem.VANISHED)]
    found = compare(facts(booked(Place.AWAY)), [NUMBER], NOW)
    assert [each.place for each in found.changed] == [Place.UPLOADED]
    for place in (Place.UPLOADING, Place.RELEASING):
        assert compare(facts(booked(place)), [], NOW).changed == ()
        assert compare(facts(booked(place)), [NUMBER], NOW).changed == ()


def test_a_wanted_number_that_is_there_already_is_taken_over_and_a_strange_one_left_alone() -> None:
    """Somebody may be calling by a number that we know nothing of: it is told, not released."""
    found = compare(facts(), [NUMBER, OTHER], NOW)
    assert [(each.number, each.place) for each in found.changed] == [(NUMBER, Place.UPLOADED)]
    assert found.strays == (OTHER,)


@pytest.mark.parametrize(("place", "happened"), [*itertools.product(Place, Happened)])
def test_what_is_not_in_the_table_of_places_is_a_defect(place: Place, happened: Happened) -> None:
    if (place, happened) in TABLE:
        after = moved(booked(place), happened, NOW + HOUR)
        assert (after.place, after.since, after.order_id) == (TABLE[place, happened], NOW + HOUR, None)
    else:
        with pytest.raises(BookDefect, match=NUMBER.digits):
            moved(booked(place), happened, NOW)


def test_every_problem_says_what_is_the_matter_and_what_to_do() -> None:
    assert set(PROBLEMS) == set(Problem)
    assert all(what and next_step for what, next_step in PROBLEMS.values())


ORDER = Order("order-1", Kind.UPLOAD, HERE, "kunde-bau", NOW, NOW)
TAKEN = answered(ORDER, Accepted("op-1", 5), NOW, 0.5)


def test_an_order_is_sent_taken_asked_after_and_ends() -> None:
    assert (TAKEN.state, TAKEN.operation, TAKEN.next_at) == (
        OrderState.ACCEPTED,
        "op-1",
        NOW + timedelta(seconds=5),
    )
    running = answered(TAKEN, Running(10_000), NOW, 0.5)
    assert running.next_at == NOW + timedelta(seconds=300)
    ended = answered(running, Ended({}), NOW, 0.5)
    assert (ended.state, ended.open, ended.ended_at) == (OrderState.ENDED, False, NOW)


def test_a_forgotten_order_is_sent_anew_under_another_key() -> None:
    again = answered(TAKEN, Forgotten(), NOW, 0.5)
    assert (again.state, again.operation) == (OrderState.PLANNED, None)
    assert again.key != ORDER.key
    assert answered(ORDER, Away("no answer"), NOW, 0.5).key == ORDER.key


def test_tries_are_spread_and_grow_and_believe_what_is_asked_within_reason() -> None:
    assert [pause_s(attempts, None, 1.0) for attempts in range(4)] == [2, 4, 8, 16]
    assert pause_s(0, None, 0.0) == 1
    assert pause_s(500, None, 1.0) == LONGEST_PAUSE_S
    assert pause_s(0, 60, 0.5) == 60
    assert pause_s(0, 1e9, 0.5) == LONGEST_ASKED_S
    order = ORDER
    for tries in range(1, MANY_TRIES + 1):
        order = answered(order, Away("500"), NOW, 0.5)
        assert (order.attempts, order.why) == (tries, "500")
    assert order.stuck(NOW)
    assert not ORDER.stuck(NOW)
    assert ORDER.stuck(NOW + LONG)


@pytest.mark.parametrize("answer", [Ended({}), Running(1), Forgotten()])
def test_an_answer_that_fits_no_state_is_a_defect(answer: Ended | Running | Forgotten) -> None:
    with pytest.raises(OrderDefect, match="order-1"):
        answered(ORDER, answer, NOW, 0.5)


def test_a_refused_number_goes_back_with_its_problem() -> None:
    refusal = Refusal(Problem.STILL_ASSIGNED, "NumberAssigned")
    release = replace(ORDER, kind=Kind.RELEASE)
    after = settled(release, booked(Place.RELEASING), refusal, NOW)
    assert (after.place, after.problem, after.retry_at) == (
        Place.UPLOADED,
        Problem.STILL_ASSIGNED,
        NOW + HOUR,
    )
    rejected = answered(ORDER, Rejected(refusal), NOW, 0.5)
    assert (rejected.state, rejected.why) == (OrderState.REFUSED, "NumberAssigned")
