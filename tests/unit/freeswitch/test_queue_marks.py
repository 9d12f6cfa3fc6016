"""What marks waiting callers and agents' legs, and how it is read again (C1)."""

from __future__ import annotations

import pytest

from dialplan.decision import Wait
from dialplan.legs import Caller, leg_to_phone
from freeswitch.dialstring import agents_leg
from freeswitch.queue_calls import Waiting, agent_variables, offer_leg, offer_of, queue_variables, waiting
from numbering.e164 import E164
from tests.unit.dialplan.carriers import PHONE_1

WAIT = Wait("kunde-a", "verkauf", "tone_stream://%(1,1,440)", early=False, since_ms=1_700_000_000_000)
PLANS = "+493023125399"


def test_a_waiting_callers_mark_says_who_waits_where_since_when() -> None:
    mark = queue_variables(WAIT, "0", PLANS)["presence_data"]
    assert waiting("c1", mark) == Waiting("c1", "kunde-a", "verkauf", 1_700_000_000_000)


@pytest.mark.parametrize(
    "mark", [None, "", "agent", "carrier-a", "queue/a/b", "queue/a/b/x", "queue/a/b/1/2"]
)
def test_other_marks_are_no_waiting_callers(mark: str | None) -> None:
    assert waiting("c1", mark) is None


def test_who_pays_by_the_minute_waits_in_early_media() -> None:
    """C10."""
    early = Wait("kunde-a", "verkauf", WAIT.music, early=True, since_ms=0)
    assert queue_variables(WAIT, "0", PLANS)["fernamt_do"] == "queue"
    assert queue_variables(early, "0", PLANS)["fernamt_do"] == "queue-early"


def test_an_agents_leg_tells_its_offer_to_its_own_customer_only() -> None:
    leg = offer_leg("kunde-a", 70_000)
    assert offer_of("kunde-a", leg) == 70_000
    assert offer_of("kunde-b", leg) is None
    assert offer_of("kunde-a", "no uuid") is None
    assert offer_leg("kunde-a", 1) != offer_leg("kunde-b", 1)


@pytest.mark.parametrize(
    ("dialled", "kept"), [("+493023125300", "+493023125300"), ("${evil}", PLANS), ("a;b=1", PLANS)]
)
def test_only_a_number_is_kept_of_what_was_dialled(dialled: str, kept: str) -> None:
    assert queue_variables(WAIT, dialled, PLANS)["fernamt_dialled"] == kept


def test_an_agents_phone_that_redirects_has_declined_and_early_media_is_no_answer() -> None:
    leg = leg_to_phone(PHONE_1, Caller(E164("+4915228817386")))
    written = agents_leg(leg, offer_leg("kanzlei", 3), "phones.example", agent_variables("kanzlei", {}))
    assert written.startswith("{ignore_early_media=true}[")
    assert "outbound_redirect_fatal=true" in written
    assert "sip_redirect_" not in written
    assert "force_transfer_context=transferred" in written
