"""Bars by class, country, prefix and time, and default bars that are lifted. B5, B6, B7."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from dialplan.barring.bars import BarringProfile, LiftedBar, ProfileRef
from dialplan.call import Behalf, CallOffered, Via
from dialplan.carrier import Phone
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Decision
from dialplan.place import asked_for
from dialplan.snapshot import Snapshot
from dialplan.week import WeekTimes
from numbering.classes import DEFAULT_POLICY, NumberClass, Policy
from tests.unit.dialplan.carriers import (
    BAU,
    BERLIN,
    KANZLEI,
    KOELN,
    MOBILE,
    NOW,
    PHONE_1,
    PHONE_2,
    from_phone,
    snapshot,
)

MOBILES = BarringProfile.of("no-mobile", classes=[NumberClass.MOBILE])
ABROAD = BarringProfile.of("no-cuba", countries=["CU", "GG"])
PREFIXES = BarringProfile.of("prefixes", prefixes=["+4930", "+49180", "+44", "+49116"])
#: Mondays to Fridays, 18:00 to 24:00 in Germany.
EVENINGS = BarringProfile.of(
    "evenings",
    classes=[NumberClass.MOBILE],
    times=WeekTimes.of([(day * 1440 + 1080, (day + 1) * 1440) for day in range(5)]),
)


def carrier(
    *refs: ProfileRef,
    phones: tuple[Phone, ...] = (PHONE_1, PHONE_2),
    lifted: tuple[LiftedBar, ...] = (),
    known: tuple[BarringProfile, ...] = (),
) -> Snapshot:
    lawyers = replace(KANZLEI, barring=refs, lifted_bars=lifted)
    return replace(
        snapshot(customers=(BAU, lawyers), phones=phones), barring={each.id: each for each in known}
    )


def call(
    dialled: str, carrier: Snapshot, now: datetime = NOW, offered: CallOffered | None = None
) -> Decision:
    return decide(offered or from_phone(dialled), carrier, Circumstances(now))


@pytest.mark.parametrize(
    ("profile", "dialled", "part"),
    [
        (MOBILES, "015228817386", "class mobile"),
        (MOBILES, "*31#+49 (0) 152-28817386", "class mobile"),
        (ABROAD, "0053 7 1234567", "country CU"),
        (ABROAD, "+44 1481 720000", "country GG"),
        (PREFIXES, "03023125002", "prefix +4930"),
        (PREFIXES, "0180 5 123456", "prefix +49180"),
        (PREFIXES, "0044 20 7946 0000", "prefix +44"),
        (PREFIXES, "116117", "prefix +49116"),
    ],
)
def test_a_profile_bars_by_class_country_and_prefix_on_every_way(
    profile: BarringProfile, dialled: str, part: str
) -> None:
    """B6, B7: to carriers, inside our network, with feature codes; own and carrier's profile alike."""
    for of in (carrier(profile), carrier(profile.id, known=(profile,))):
        decision = call(dialled, of)
        assert decision.reason.id == "out.barred-by-profile"
        assert f"{profile.id} bars it ({part})" in decision.reason.sentence


@pytest.mark.parametrize(
    ("profile", "dialled"),
    [(MOBILES, "02214710100"), (ABROAD, "+44 20 7946 0000"), (PREFIXES, "02214710100"), (PREFIXES, "115")],
)
def test_a_profile_bars_nothing_else(profile: BarringProfile, dialled: str) -> None:
    assert call(dialled, carrier(profile)).reason.id in ("out.carrier", "onnet.unassigned", "onnet.trunk")


@pytest.mark.parametrize("dialled", ["112", "110", "01033112"])
def test_no_profile_bars_emergency_calls(dialled: str) -> None:
    """B8."""
    everything = BarringProfile.of(
        "all", classes=list(NumberClass), countries=["DE"], prefixes=["+49", "+4911"]
    )
    assert call(dialled, carrier(everything)).reason.id == "emergency.route"


def test_a_phones_profile_bars_that_phone_only_and_its_indirect_legs() -> None:
    """B6: per user."""
    of = carrier(phones=(replace(PHONE_1, barring=(MOBILES,)), PHONE_2))
    assert call(MOBILE, of).reason.id == "out.barred-by-profile"
    assert call(MOBILE, of, offered=from_phone(MOBILE, phone_id="kanzlei-2")).reason.id == "out.carrier"
    for via in (Via.TRANSFER, Via.FORWARD, Via.CALLBACK):
        behalf = Behalf("kanzlei", BERLIN, phone_id="kanzlei-1")
        asked = asked_for(MOBILE, via, behalf, call_id="c", node="n")
        assert call(MOBILE, of, offered=asked).reason.id == "out.barred-by-profile"


@pytest.mark.parametrize(
    ("now", "barred"),
    [
        (datetime(2026, 11, 18, 16, 59, tzinfo=UTC), False),  # 17:59 in winter
        (datetime(2026, 11, 18, 17, 0, tzinfo=UTC), True),
        (datetime(2026, 7, 15, 15, 59, tzinfo=UTC), False),  # 17:59 in summer
        (datetime(2026, 7, 15, 16, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 18, 22, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 18, 23, 0, tzinfo=UTC), False),  # Thursday, midnight
        (datetime(2026, 11, 21, 18, 0, tzinfo=UTC), False),  # Saturday
    ],
)
def test_a_bar_holds_at_its_times_in_germany(now: datetime, barred: bool) -> None:
    """B6: summer time counts."""
    assert (call(MOBILE, carrier(EVENINGS), now).reason.id == "out.barred-by-profile") is barred


@pytest.mark.parametrize(
    ("now", "reason_id"),
    [
        (datetime(2026, 10, 31, 22, 59, tzinfo=UTC), "out.barred"),  # 23:59 in Germany
        (datetime(2026, 10, 31, 23, 0, tzinfo=UTC), "out.carrier"),
        (datetime(2026, 11, 30, 22, 59, tzinfo=UTC), "out.carrier"),
        (datetime(2026, 11, 30, 23, 0, tzinfo=UTC), "out.barred"),
    ],
)
def test_a_lifted_bar_is_lifted_on_its_days_in_germany(now: datetime, reason_id: str) -> None:
    lifted = LiftedBar(
        NumberClass.DIRECTORY, date(2026, 11, 1), date(2026, 11, 30), "Kundendienst", "Schreiben"
    )
    assert call("11833", carrier(lifted=(lifted,)), now).reason.id == reason_id
    assert call("0900512345", carrier(lifted=(lifted,)), now).reason.id == "out.barred"


def test_a_lifted_bar_without_an_end_stays_lifted_and_a_profile_still_bars() -> None:
    lifted = LiftedBar(NumberClass.DIRECTORY, date(2026, 1, 1), None, "Kundendienst", "Schreiben")
    own = BarringProfile.of("own", classes=[NumberClass.DIRECTORY])
    assert call("11833", carrier(lifted=(lifted,))).reason.id == "out.carrier"
    assert call("11833", carrier(own, lifted=(lifted,))).reason.id == "out.barred-by-profile"


@pytest.mark.parametrize("number_class", [c for c in NumberClass if DEFAULT_POLICY[c] is Policy.NEVER])
def test_what_can_never_be_reached_cannot_be_lifted(number_class: NumberClass) -> None:
    """TC 6.7: even a snapshot that claims so does not open it."""
    lifted = LiftedBar(number_class, date(2026, 1, 1), None, "Kundendienst", "Schreiben")
    numbers = {NumberClass.VPN: "018112345678", NumberClass.ROUTING_0198_0199: "0198112345"}
    dialled = numbers.get(number_class, "01234567890")
    assert call(dialled, carrier(lifted=(lifted,))).reason.id == "out.unreachable"


def test_a_profile_that_is_missing_bars_everything_but_emergency_calls() -> None:
    """Never less than was asked for: `config` refuses such a reference, this is the second line."""
    assert call(KOELN, carrier("gone")).reason.id == "out.barred-by-profile"
    assert call("112", carrier("gone")).reason.id == "emergency.route"
