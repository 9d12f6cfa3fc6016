"""No spelling of a barred number gets out by any way, and no spelling of an allowed one is refused.

At least 100,000 of each, over all ways a leg can be asked for (guarantee 2, B5, B6). The channel data of
transfers and redirects are covered by tests/unit/freeswitch/test_onward.py, the wire by tests/e2e.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Final

from dialplan.barring.bars import BarringProfile
from dialplan.call import Behalf, CallOffered, Via
from dialplan.carrier import AssignedNumber, ToPlan, TrunkSide
from dialplan.decide import decide
from dialplan.decision import Decision, Reject, Route
from dialplan.place import asked_for, onward
from dialplan.plans.nodes import ForwardNode, Plan
from dialplan.snapshot import Snapshot
from numbering.classes import NumberClass
from numbering.e164 import E164
from tests.unit.dialplan.carriers import (
    AT,
    BERLIN,
    KANZLEI,
    KOELN,
    PHONE_1,
    PHONE_2,
    from_carrier,
    from_phone,
    from_trunk,
    snapshot,
)
from tests.unit.numbering import spellings

COUNT: Final = 100_000
SEED: Final = 20_261_122
PHONE: Final = Behalf("kanzlei", BERLIN, "kanzlei-1")
TRUNK: Final = Behalf("bau", KOELN, None, "bau-1")

Way = Callable[[str], CallOffered]


def _indirect(via: Via, behalf: Behalf) -> Iterator[Way]:
    """From a call in hand, and asked for by the program itself."""
    yield lambda text: onward(from_carrier(BERLIN), text, via, behalf)
    yield lambda text: asked_for(text, via, behalf, call_id="call-9", node="node-1")


WAYS: Final[tuple[Way, ...]] = (
    from_phone,
    from_trunk,
    *(way for via in Via if via is not Via.DIALLED for b in (PHONE, TRUNK) for way in _indirect(via, b)),
)
#: What is not barred by default but by a profile of the line: the same must hold.
PROFILE: Final = BarringProfile.of(
    "own", classes=[NumberClass.MOBILE], countries=["AT"], prefixes=["+49180", "+4932"]
)
CARRIER: Final = snapshot()
BARRING: Final = snapshot(
    customers=(replace(CARRIER.customers["bau"], barring=(PROFILE,)), KANZLEI),
    phones=(replace(PHONE_1, barring=(PROFILE,)), PHONE_2),
)


def barred_by_default(random: Random) -> str:
    """Any spelling of a number barred by default or never reachable."""
    match random.randrange(8):
        case 0:
            return spellings.spell_abroad(spellings.barred_abroad(random), random)
        case 1:  # directory enquiries have no other prefix than their own
            number = random.choice(("118", "1180")) + str(random.randint(10, 99))
            return spellings.spell_bare(number, random)
        case 2:  # call by call in front of anything but emergency numbers
            return spellings.spell_bare(
                f"010{random.randint(10, 99)}0{spellings.allowed_german(random)}", random
            )
        case 3:  # traffic routing numbers, also towards short numbers
            return spellings.spell_german(random.choice(("1986115", "1987117", "198810", "19910")), random)
        case _:
            return spellings.spell_german(spellings.barred_german(random)[0], random)


def barred_by_profile(random: Random) -> str:
    """Any spelling of a number that `PROFILE` bars."""
    match random.randrange(4):
        case 0:
            return spellings.spell_german("15228817" + spellings.digits(random, 3), random)
        case 1:
            return spellings.spell_abroad("431" + spellings.digits(random, 7), random)
        case 2:
            return spellings.spell_german("1805" + spellings.digits(random, 6), random)
        case _:
            return spellings.spell_german("3221" + spellings.digits(random, 7), random)


def reaches_a_carrier(decision: Decision) -> bool:
    outcome = decision.outcome
    return isinstance(outcome, Route) and any(
        getattr(leg.to, "side", None) is TrunkSide.CARRIER for leg in outcome.legs
    )


def _walk(spell: Callable[[Random], str], carrier: Snapshot, count: int) -> Iterator[tuple[str, Decision]]:
    """Each spelling by one way, the ways in turn."""
    random = Random(SEED)
    for n in range(count):
        text = spell(random)
        yield text, decide(WAYS[n % len(WAYS)](text), carrier, AT)


def test_100_000_spellings_of_numbers_barred_by_default_get_out_by_no_way() -> None:
    reasons: Counter[str] = Counter()
    for text, decision in _walk(barred_by_default, CARRIER, COUNT):
        assert isinstance(decision.outcome, Reject), text
        reasons[decision.reason.id] += 1
    # They are understood and refused for what they are, not for want of understanding; only a number behind a
    # call-by-call code has too many digits as well.
    assert reasons["out.barred"] + reasons["out.unreachable"] > COUNT * 0.85
    assert set(reasons) <= {"out.barred", "out.unreachable", "out.not-a-number"}


def test_spellings_of_numbers_barred_by_a_profile_get_out_by_no_way() -> None:
    reasons = Counter(decision.reason.id for _, decision in _walk(barred_by_profile, BARRING, COUNT // 4))
    assert set(reasons) == {"out.barred-by-profile"}


def test_100_000_spellings_of_allowed_numbers_are_refused_by_no_way() -> None:
    def spell(random: Random) -> str:
        return spellings.spell_german(spellings.allowed_german(random), random)

    ours = 0
    for text, decision in _walk(spell, CARRIER, COUNT):
        if decision.reason.id.startswith("onnet."):
            ours += 1  # the drama numbers of our own blocks
            continue
        assert reaches_a_carrier(decision), f"{text}: {decision.reason.sentence}"
    assert ours < COUNT * 0.2


def test_forwarding_by_a_routing_plan_is_a_way_like_the_others() -> None:
    """A number's plan that forwards: the destination is the customer's text in the configuration."""
    random = Random(SEED)
    for _ in range(2_000):
        for nsn, gets_out in ((spellings.barred_german(random)[0], False), ("1805123456", True)):
            node = ForwardNode(E164("+49" + nsn))
            plan = Plan("weiter", "kanzlei", "weiter", {"weiter": node})
            number = AssignedNumber(E164("+493023125009"), "kanzlei", ToPlan(plan))
            carrier = replace(CARRIER, numbers={**CARRIER.numbers, number.number: number})
            assert reaches_a_carrier(decide(from_carrier(number.number), carrier, AT)) is gets_out
