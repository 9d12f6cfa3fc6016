"""Whatever operators, configurations and the calendar try: no way leads round the rules (A4, A6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from numbering.errors import LifeCycleError
from numbering.life import (
    FREE,
    Assignment,
    Event,
    Order,
    State,
    german_day,
    month_after,
)
from numbering.life_cycle import (
    IN_USE,
    TABLE,
    Step,
    carry_out,
    due,
    follow_configuration,
    keep_calendar,
)

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
DAY = timedelta(days=1)
TENANT = "11111111-2222-4333-8444-555555555555"
ASSIGNMENTS = st.builds(
    Assignment,
    customer_id=st.sampled_from(["kunde-bau", "kunde-druck"]),
    active_from=st.sampled_from([NOW - DAY, NOW + 20 * DAY]),
    active_until=st.sampled_from([None, NOW + 40 * DAY]),
    tenant_id=st.sampled_from([None, TENANT, TENANT.replace("1", "9")]),
    contract_end=st.sampled_from([None, date(2026, 11, 30), date(2027, 3, 31)]),
    ported=st.booleans(),
)
ORDERS = st.builds(
    Order,
    event=st.sampled_from([each for each in Event if each is not Event.CONFIGURE]),
    reason=st.sampled_from(["", "because"]),
    customer_id=st.sampled_from([None, "kunde-bau", "kunde-druck"]),
    until=st.sampled_from([None, NOW + 10 * DAY, NOW + 100 * DAY]),
    assignment=ASSIGNMENTS,
    teams_deactivated=st.booleans(),
    contract_end=st.sampled_from([None, date(2026, 11, 1)]),
)
MOVES = st.lists(
    st.tuples(st.integers(0, 40), st.one_of(ORDERS, ASSIGNMENTS, st.sampled_from([None, "calendar"]))),
    max_size=25,
)


def path_of(moves: list[tuple[int, Order | Assignment | str | None]]) -> list[Step]:
    """Whatever operators, configurations and the calendar try: the transitions that were made."""
    life, at, made = FREE, NOW, list[Step]()
    for days, move in moves:
        at += days * DAY
        try:
            if isinstance(move, Order):
                steps = carry_out(life, move, at)
            elif isinstance(move, str):
                steps = keep_calendar(life, at)
            else:
                steps = follow_configuration(life, move, at)
        except LifeCycleError:
            continue
        made += steps
        life = steps[-1].after if steps else life
        assert due(life, at) is None
    return made


@settings(max_examples=400, deadline=None)
@given(MOVES)
def test_no_path_leads_round_the_rules(moves: list[tuple[int, Order | Assignment | str | None]]) -> None:
    """A4, A6: whatever is tried, in any order."""
    had: str | None = None
    tenant: str | None = None
    rest_began: datetime | None = None
    for made in path_of(moves):
        before, after = made.before, made.after
        assert TABLE[before.state, made.event].target is after.state
        if after.state is State.QUARANTINED and before.state is not State.QUARANTINED:
            rest_began = made.at
        if after.state in IN_USE:
            # From one customer to another only by way of free or of leaving us; one tenant throughout.
            assert had in (None, after.customer_id)
            assert tenant in (None, after.tenant_id)
            had, tenant = after.customer_id, after.tenant_id
        if after.state is State.FREE:
            if had is not None:
                assert before.state is State.QUARANTINED
                assert rest_began is not None
                assert made.at - rest_began >= 31 * DAY
                assert not before.ported
            had = tenant = rest_began = None
        if made.event is Event.PORT_OUT:
            assert after.contract_end is not None
            assert after.contract_end < german_day(made.at) < month_after(after.contract_end)
            assert before.ported
        if after.state is State.PORTED_OUT:
            had = tenant = None
