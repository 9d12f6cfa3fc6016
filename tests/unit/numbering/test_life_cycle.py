"""The life of numbers: what may become of them, and what may not (A4, A6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from numbering.errors import ConditionUnmet, NotInTable, OutOfOrder
from numbering.life import (
    FREE,
    Assignment,
    Event,
    Life,
    Order,
    State,
    Terms,
    month_after,
    quarantine_end,
)
from numbering.life_conditions import CHECKS, Condition
from numbering.life_cycle import (
    TABLE,
    Step,
    allowed,
    carry_out,
    follow_configuration,
    keep_calendar,
    step,
)
from numbering.life_cycle_document import document, mermaid

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
DAY = timedelta(days=1)
TENANT = "11111111-2222-4333-8444-555555555555"
BAU = Assignment("kunde-bau", NOW - DAY)


def life_after(*steps: Step) -> Life:
    return steps[-1].after


def active(assignment: Assignment = BAU) -> Life:
    return life_after(*follow_configuration(FREE, assignment, NOW))


def events(*steps: Step) -> list[Event]:
    return [each.event for each in steps]


def refused(life: Life, order: Order, at: datetime = NOW) -> Condition:
    with pytest.raises(ConditionUnmet) as caught:
        step(life, order, at)
    return Condition(caught.value.condition)


def test_a_number_that_the_configuration_assigns_is_active_from_its_activation_date() -> None:
    """A6: assigned until the date, active from it."""
    later = replace(BAU, active_from=NOW + DAY)
    assert events(*follow_configuration(FREE, BAU, NOW)) == [Event.ASSIGN, Event.ACTIVATE]
    waiting = life_after(*follow_configuration(FREE, later, NOW))
    assert waiting.state is State.ASSIGNED
    assert keep_calendar(waiting, NOW + DAY - timedelta(seconds=1)) == ()
    assert life_after(*keep_calendar(waiting, NOW + DAY)).state is State.ACTIVE
    assert refused(waiting, Order(Event.ACTIVATE)) is Condition.ACTIVATION_DUE


def test_a_version_that_changes_nothing_of_a_number_makes_no_event() -> None:
    assert follow_configuration(active(), BAU, NOW + DAY) == ()
    assert follow_configuration(FREE, None, NOW) == ()


def test_a_change_of_particulars_is_one_event_and_keeps_the_state() -> None:
    (changed,) = follow_configuration(active(), replace(BAU, site="koeln"), NOW + DAY)
    assert (changed.event, changed.after.state, changed.after.site) == (
        Event.CONFIGURE,
        State.ACTIVE,
        "koeln",
    )
    assert changed.after.since == NOW


def test_a_number_taken_out_of_the_configuration_rests_31_days_and_is_free_then() -> None:
    """A6, TKG § 59(6)."""
    steps = follow_configuration(active(), None, NOW)
    assert events(*steps) == [Event.RELEASE, Event.QUARANTINE]
    resting = life_after(*steps)
    assert resting.until == NOW + 31 * DAY
    assert keep_calendar(resting, NOW + 31 * DAY - timedelta(milliseconds=1)) == ()
    (over,) = keep_calendar(resting, NOW + 31 * DAY)
    assert (over.event, over.after) == (Event.QUARANTINE_OVER, FREE)


def test_a_quarantine_outlasts_the_month_after_the_contract() -> None:
    """A6, TKG § 59(6): nobody else has the number while its last customer may still ask for it."""
    ending = replace(BAU, contract_end=date(2026, 12, 31))
    resting = life_after(*follow_configuration(active(ending), None, NOW))
    assert resting.until == datetime(2027, 1, 31, 23, tzinfo=UTC)  # 1 February in Germany


@pytest.mark.parametrize(
    ("last_day", "first_day_too_late"),
    [
        (date(2026, 11, 30), date(2027, 1, 1)),
        (date(2026, 12, 31), date(2027, 2, 1)),
        (date(2027, 1, 30), date(2027, 2, 28)),
        (date(2028, 1, 30), date(2028, 2, 29)),
        (date(2026, 6, 14), date(2026, 7, 15)),
    ],
)
def test_one_month_after_a_contract_is_counted_as_the_law_counts(
    last_day: date, first_day_too_late: date
) -> None:
    """BGB §§ 187(2), 188(2), (3)."""
    assert month_after(last_day) == first_day_too_late


def test_quarantines_are_never_shorter_than_the_law_asks() -> None:
    with pytest.raises(ValueError, match="31 days"):
        Terms(quarantine_days=30)
    assert quarantine_end(NOW, date(2020, 1, 1), Terms(quarantine_days=90)) == NOW + 90 * DAY


def test_the_last_customer_may_have_a_number_back_out_of_quarantine_and_nobody_else() -> None:
    """A6: so a rollback of the configuration brings a number back."""
    resting = life_after(*follow_configuration(active(), None, NOW))
    assert life_after(*follow_configuration(resting, BAU, NOW + DAY)).state is State.ACTIVE
    other = replace(BAU, customer_id="kunde-druck")
    with pytest.raises(ConditionUnmet, match=r"kept for customer kunde-bau.*until 2026-12-23"):
        follow_configuration(resting, other, NOW + DAY)
    assert life_after(*follow_configuration(resting, other, NOW + 32 * DAY)).customer_id == "kunde-druck"


def test_a_number_does_not_go_from_one_customer_to_another_at_once() -> None:
    """A6: callers of the old customer do not reach the new one."""
    with pytest.raises(ConditionUnmet) as caught:
        follow_configuration(active(), replace(BAU, customer_id="kunde-druck"), NOW)
    assert caught.value.condition is Condition.SAME_CUSTOMER


def test_a_number_never_moves_to_another_tenant() -> None:
    """A4: also not by way of no tenant, and not out of quarantine."""
    linked = active(replace(BAU, tenant_id=TENANT))
    unlinked = life_after(*follow_configuration(linked, BAU, NOW) or [Step(Event.ASSIGN, NOW, FREE, linked)])
    elsewhere = replace(BAU, tenant_id=TENANT.replace("1", "9"))
    released = step(linked, Order(Event.RELEASE, by_configuration=True), NOW)
    for life in (linked, unlinked, released):
        with pytest.raises(ConditionUnmet, match=TENANT) as caught:
            follow_configuration(life, elsewhere, NOW)
        assert caught.value.condition is Condition.SAME_TENANT


def test_a_number_linked_to_teams_waits_until_somebody_has_looked_there() -> None:
    """A6, TC 17.8: deactivation in Teams is checked."""
    steps = follow_configuration(active(replace(BAU, tenant_id=TENANT)), None, NOW)
    assert events(*steps) == [Event.RELEASE]
    released = life_after(*steps)
    assert keep_calendar(released, NOW + 365 * DAY) == ()
    assert refused(released, Order(Event.QUARANTINE)) is Condition.TEAMS_DEACTIVATED
    checked = step(released, Order(Event.QUARANTINE, teams_deactivated=True), NOW + DAY)
    assert checked.until == NOW + 32 * DAY


PORTED = replace(BAU, ported=True, contract_end=date(2026, 11, 30))
LEAVE = Order(Event.PORT_OUT)


def test_no_number_is_ported_out_while_the_contract_runs() -> None:
    """A6, TC 17.7."""
    assert refused(active(PORTED), LEAVE) is Condition.CONTRACT_OVER
    last_moment = datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC)  # a second before midnight in Germany
    assert refused(active(PORTED), LEAVE, last_moment) is Condition.CONTRACT_OVER
    unending = replace(PORTED, contract_end=None)
    assert refused(active(unending), LEAVE) is Condition.CONTRACT_OVER


def test_an_operator_cannot_talk_a_configured_contract_to_its_end() -> None:
    """A6: what the configuration says of the contract goes before the operator's word."""
    claim = Order(Event.PORT_OUT, contract_end=date(2026, 11, 1))
    assert refused(active(PORTED), claim) is Condition.CONTRACT_OVER
    assert refused(active(replace(PORTED, contract_end=None)), claim) is Condition.CONTRACT_OVER
    gone = life_after(*follow_configuration(active(replace(PORTED, contract_end=None)), None, NOW))
    assert step(gone, claim, NOW).state is State.PORTED_OUT


def test_a_ported_number_may_leave_until_one_month_after_the_contract() -> None:
    """A6, TC 17.7, TKG § 59(6)."""
    first_moment = datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert step(active(PORTED), LEAVE, first_moment).state is State.PORTED_OUT
    resting = life_after(*follow_configuration(active(PORTED), None, NOW))
    last_moment = datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)
    assert step(resting, LEAVE, last_moment).state is State.PORTED_OUT
    assert refused(resting, LEAVE, last_moment + timedelta(seconds=1)) is Condition.WITHIN_A_MONTH


def test_allocated_numbers_fall_back_to_the_carrier() -> None:
    """A6, TC 17.7; the terms may be changed."""
    allocated = replace(PORTED, ported=False)
    december = NOW + 15 * DAY
    assert refused(active(allocated), LEAVE, december) is Condition.MAY_LEAVE
    generous = Terms(allocated_may_leave=True)
    left = step(active(allocated), LEAVE, december, generous)
    assert left.state is State.PORTED_OUT
    assert step(left, Order(Event.FALL_BACK), december).state is State.QUARANTINED


def test_a_ported_number_that_nobody_took_along_goes_back_to_the_carrier_of_its_block() -> None:
    """A6: it is never free here, it is not ours."""
    resting = life_after(*follow_configuration(active(PORTED), None, NOW))
    (given_back,) = keep_calendar(resting, NOW + 365 * DAY)
    assert (given_back.event, given_back.after.state) == (Event.GIVE_BACK, State.PORTED_OUT)


def test_a_number_with_ported_in_comes_in_by_the_configuration() -> None:
    """A2, A6."""
    steps = follow_configuration(FREE, PORTED, NOW)
    assert events(*steps) == [Event.PORT_IN, Event.ASSIGN, Event.ACTIVATE]
    assert life_after(*steps).ported


def test_a_number_that_left_does_not_come_back_by_itself() -> None:
    """A6: the customer's file still has it, and a change in that file is refused until it is taken out."""
    left = step(active(PORTED), LEAVE, NOW + 15 * DAY)
    with pytest.raises(NotInTable):
        follow_configuration(left, replace(PORTED, site="koeln"), NOW + 16 * DAY)
    gone = life_after(*follow_configuration(left, None, NOW + 16 * DAY))
    assert (gone.state, gone.configured) == (State.PORTED_OUT, False)
    assert life_after(*follow_configuration(gone, PORTED, NOW + 17 * DAY)).state is State.ACTIVE


def test_a_reservation_is_for_one_customer_and_ends_by_itself() -> None:
    """A6."""
    reserve = Order(Event.RESERVE, customer_id="kunde-bau", until=NOW + DAY)
    reserved = step(FREE, reserve, NOW)
    assert refused(FREE, replace(reserve, until=NOW)) is Condition.TIME_AHEAD
    assert refused(FREE, replace(reserve, customer_id=None)) is Condition.CUSTOMER_NAMED
    assert refused(reserved, replace(reserve, customer_id="kunde-druck")) is Condition.SAME_CUSTOMER
    with pytest.raises(ConditionUnmet, match="reserved until"):
        follow_configuration(reserved, replace(BAU, customer_id="kunde-druck"), NOW)
    assert life_after(*follow_configuration(reserved, BAU, NOW)).state is State.ACTIVE
    assert keep_calendar(reserved, NOW + DAY)[0].after == FREE
    swept = carry_out(
        reserved, replace(reserve, customer_id="kunde-druck", until=NOW + 3 * DAY), NOW + 2 * DAY
    )
    assert events(*swept) == [Event.RESERVATION_OVER, Event.RESERVE]


def test_an_operator_assigns_only_what_is_configured_or_reserved() -> None:
    """A6: the configuration is the truth; the refusal says what to do."""
    assign = Order(Event.ASSIGN, assignment=BAU)
    with pytest.raises(ConditionUnmet, match="fernamt config apply"):
        step(FREE, assign, NOW)
    reserved = step(FREE, Order(Event.RESERVE, customer_id="kunde-bau", until=NOW + DAY), NOW)
    assigned = life_after(*carry_out(reserved, assign, NOW))
    assert (assigned.state, assigned.configured) == (State.ACTIVE, False)
    (confirmed,) = follow_configuration(assigned, BAU, NOW)
    assert (confirmed.event, confirmed.after.configured) == (Event.CONFIGURE, True)


def test_an_operator_cannot_release_what_the_configuration_assigns() -> None:
    """A6."""
    assert refused(active(), Order(Event.RELEASE)) is Condition.CONFIGURATION_AGREES


def test_a_block_needs_a_reason_and_ends_where_the_number_was() -> None:
    """A3, A7."""
    assert refused(active(), Order(Event.BLOCK, reason=" ")) is Condition.REASON_GIVEN
    blocked = step(active(), Order(Event.BLOCK, reason="evidence withdrawn"), NOW)
    assert (blocked.state, blocked.reason) == (State.BLOCKED, "evidence withdrawn")
    back = carry_out(blocked, Order(Event.UNBLOCK, reason="new evidence"), NOW + DAY)
    assert events(*back) == [Event.UNBLOCK, Event.ACTIVATE]
    early = step(active(), Order(Event.BLOCK, reason="abuse"), NOW)
    early = replace(early, active_from=NOW + 10 * DAY)
    assert life_after(*carry_out(early, Order(Event.UNBLOCK, reason="done"), NOW)).state is State.ASSIGNED


def test_a_change_in_the_configuration_does_not_lift_a_block() -> None:
    """A7."""
    blocked = step(active(), Order(Event.BLOCK, reason="unpaid"), NOW)
    (changed,) = follow_configuration(blocked, replace(BAU, site="koeln"), NOW)
    assert (changed.after.state, changed.after.reason) == (State.BLOCKED, "unpaid")


def test_the_last_day_of_a_number_releases_it() -> None:
    """A5, A6: deactivation is a dated event like activation."""
    ending = replace(BAU, active_until=NOW + DAY)
    assert events(*keep_calendar(active(ending), NOW + DAY)) == [Event.RELEASE, Event.QUARANTINE]
    resting = life_after(*keep_calendar(active(ending), NOW + DAY))
    assert follow_configuration(resting, ending, NOW + 2 * DAY) == ()
    assert follow_configuration(FREE, ending, NOW + 2 * DAY) == ()


def test_what_operators_release_is_what_there_is_to_let_go_of() -> None:
    """A6: a reservation, a number that waits for a look into Teams, one that fell back to us."""
    release = Order(Event.RELEASE)
    reserved = step(FREE, Order(Event.RESERVE, customer_id="kunde-bau", until=NOW + DAY), NOW)
    assert events(*carry_out(reserved, release, NOW)) == [Event.DROP_RESERVATION]
    waiting = life_after(*follow_configuration(active(replace(BAU, tenant_id=TENANT)), None, NOW))
    with pytest.raises(ConditionUnmet, match="--teams-deactivated"):
        carry_out(waiting, release, NOW)
    checked = replace(release, teams_deactivated=True)
    assert events(*carry_out(waiting, checked, NOW)) == [Event.QUARANTINE]
    unconfigured = replace(active(replace(BAU, tenant_id=TENANT)), configured=False)
    assert events(*carry_out(unconfigured, release, NOW)) == [Event.RELEASE]
    assert events(*carry_out(unconfigured, checked, NOW)) == [Event.RELEASE, Event.QUARANTINE]
    left = Life(State.PORTED_OUT, NOW, "kunde-bau")
    assert events(*carry_out(left, release, NOW)) == [Event.FALL_BACK]


def test_history_is_not_rewritten() -> None:
    with pytest.raises(OutOfOrder, match="since"):
        step(active(), Order(Event.BLOCK, reason="abuse"), NOW - DAY)


def test_an_unknown_event_names_those_that_are_known() -> None:
    with pytest.raises(NotInTable, match=r"ported-in knows no port-out.*Possible: assign, release"):
        step(Life(State.PORTED_IN, NOW, "kunde-bau", ported=True), LEAVE, NOW)


def test_the_document_is_what_the_table_says() -> None:
    path = Path(__file__).parents[3] / "docs" / "numbers.md"
    assert path.read_text() == document(), "run `fernamt number states > docs/numbers.md`"
    assert mermaid().startswith("stateDiagram-v2")


def test_every_state_event_and_condition_is_used() -> None:
    assert {state for state, _ in TABLE} == set(State)
    assert {event for _, event in TABLE} == set(Event)
    assert {name for cell in TABLE.values() for name in cell.conditions} == set(Condition) == set(CHECKS)
    assert all(allowed(state) for state in State)
