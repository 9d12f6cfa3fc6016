"""The caller id matrix, cell by cell: each row has a call that it decides. B2, B3, B4; guarantee 3."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from dialplan.call import Behalf, CallOffered, Via
from dialplan.caller.policy import CallerPolicy, RightOfUse
from dialplan.caller.rules import MATRIX
from dialplan.carrier import AssignedNumber, Customer, Phone, ToTrunks, Trunk
from dialplan.decide import decide
from dialplan.decision import Decision, Reject, Route
from dialplan.diversion import Diversion
from dialplan.legs import Caller
from dialplan.place import onward
from dialplan.snapshot import Snapshot
from numbering.e164 import E164
from tests.unit.dialplan.carriers import (
    AT,
    BAU,
    BAU_1,
    BERLIN,
    CARRIER_A,
    CARRIER_B,
    KANZLEI,
    KOELN,
    KOELN_HUNT,
    MOBILE,
    PHONE_1,
    PHONE_2,
    from_carrier,
    from_phone,
    from_trunk,
    snapshot,
)

CLIENT = E164("+494066969001")
FORMER = E164("+494066969002")
FUTURE = E164("+494066969003")
PARIS = E164("+33140000001")
LONDON = E164("+442079460001")
STRANGER = E164("+498999998001")
#: NOW of the carriers is 18 November 2026.
RIGHTS = {
    CLIENT: RightOfUse(date(2026, 1, 1), date(2026, 11, 18)),
    FORMER: RightOfUse(date(2026, 1, 1), date(2026, 11, 17)),
    FUTURE: RightOfUse(date(2026, 11, 19)),
    PARIS: RightOfUse(date(2026, 1, 1), foreign_allowed=True),
    LONDON: RightOfUse(date(2026, 1, 1), foreign_allowed=True),
    E164("+33140000002"): RightOfUse(date(2026, 1, 1)),
}
ADVERTISING = CallerPolicy(advertising=True)
WITHHOLDING = CallerPolicy(withhold=True)
REFUSING = CallerPolicy(refuse=True)
FORWARDING = CallerPolicy(forwards=True)
PLAIN = CallerPolicy()


def carrier(policy: CallerPolicy = PLAIN, *, acr: bool = False, foreign: bool = False) -> Snapshot:
    """The small carrier with this policy on every line of customers."""
    rejecting = frozenset({KOELN, KOELN_HUNT} if acr else ())
    customers: list[Customer] = [
        replace(each, rights=RIGHTS, rejects_anonymous=rejecting) for each in (BAU, KANZLEI)
    ]
    trunks: list[Trunk] = [
        replace(CARRIER_A, foreign_entry=foreign),
        CARRIER_B,
        replace(BAU_1, caller_policy=policy),
    ]
    phones: list[Phone] = [replace(each, caller_policy=policy) for each in (PHONE_1, PHONE_2)]
    phones.append(replace(phones[0], id="bau-phone", customer_id="bau", number=KOELN))
    made = snapshot(customers=customers, trunks=trunks, phones=phones)
    numbers = dict(made.numbers)
    for number in (KOELN, KOELN_HUNT):
        numbers[number] = AssignedNumber(number, "bau", ToTrunks(("bau-1",)))
    return replace(made, numbers=numbers)


@dataclass(frozen=True)
class Cell:
    """A call and what is seen of it: network-provided and shown number, or the SIP code of its refusal."""

    offered: CallOffered
    network: str | None
    shown: str | None
    policy: CallerPolicy = PLAIN
    forced: bool = False
    code: int | None = None
    foreign: bool = False
    acr: bool = False
    call_backs: frozenset[E164] = frozenset()
    diversions: tuple[E164, ...] = ()

    def decide(self) -> Decision:
        """What is decided about it."""
        at = replace(AT, call_backs=self.call_backs)
        return decide(self.offered, carrier(self.policy, acr=self.acr, foreign=self.foreign), at)


def refused(offered: CallOffered, policy: CallerPolicy = REFUSING, **facts: Any) -> Cell:
    """The call is refused with 403."""
    return Cell(offered, None, None, policy, code=403, **facts)


def out(asked: str | None = None, dialled: str = MOBILE, **facts: Any) -> CallOffered:
    """A call of "bau": P-Asserted-Identity has its own number, From what it asks for."""
    return from_trunk(dialled, **{"from_user": asked or KOELN_HUNT, "asserted_user": KOELN_HUNT, **facts})


def forwarded(
    original: Caller, via: Via = Via.FORWARD, *, to: str = MOBILE, line: str | None = None
) -> CallOffered:
    """An incoming call that the number of "bau" passes on; `line` is the phone that forwards."""
    return onward(from_carrier(KOELN), to, via, Behalf("bau", KOELN, line), original)


HIDDEN = frozenset({"id"})
BOTH = replace(ADVERTISING, withhold=True)

CELLS: dict[str, tuple[Cell, ...]] = {
    "network.own": (
        Cell(from_trunk(from_user=KOELN_HUNT), KOELN_HUNT, KOELN_HUNT),
        Cell(from_trunk(from_user="02214710101"), KOELN_HUNT, KOELN_HUNT),
        Cell(from_trunk(from_user="492214710101"), KOELN_HUNT, KOELN_HUNT),
        Cell(from_trunk(from_user=None, preferred_user=KOELN_HUNT), KOELN_HUNT, KOELN_HUNT),
    ),
    "network.none": (
        Cell(from_trunk(from_user="anlage"), KOELN, KOELN),
        Cell(from_trunk(from_user=None), KOELN, KOELN, REFUSING),
        Cell(from_phone(), BERLIN, BERLIN, REFUSING),
    ),
    "network.refused": (
        refused(from_trunk(from_user=BERLIN)),
        refused(from_trunk(from_user=STRANGER, asserted_user=STRANGER)),
    ),
    "network.replaced": (
        Cell(from_trunk(from_user=BERLIN), KOELN, KOELN),
        Cell(from_trunk(from_user=STRANGER), KOELN, KOELN),
    ),
    "shown.original": (
        Cell(forwarded(Caller(MOBILE, "Eve")), KOELN, MOBILE, diversions=(KOELN,)),
        Cell(forwarded(Caller(MOBILE, presented=STRANGER)), KOELN, STRANGER, diversions=(KOELN,)),
        Cell(forwarded(Caller(MOBILE, withheld=True)), KOELN, None, diversions=(KOELN,)),
        Cell(forwarded(Caller(MOBILE), Via.QUEUE), KOELN, MOBILE, diversions=(KOELN,)),
        # Lines' own rules are about their own calls.
        Cell(forwarded(Caller(MOBILE), line="bau-phone"), KOELN, MOBILE, BOTH, diversions=(KOELN,)),
        Cell(
            forwarded(Caller(MOBILE, withheld=True), line="bau-phone"), KOELN, None, BOTH, diversions=(KOELN,)
        ),
        # Who must see the number sees who passes the call on, not whom the caller hid from.
        Cell(forwarded(Caller(MOBILE, "Eve", True), to="116117"), KOELN, KOELN, diversions=(KOELN,)),
    ),
    "shown.network": (
        Cell(out(), KOELN_HUNT, KOELN_HUNT),
        # What a call says that somebody passes on is not the word of who passes it on.
        Cell(forwarded(Caller(MOBILE), Via.TRANSFER), KOELN, KOELN),
    ),
    "shown.forbidden": (
        *(
            Cell(out(number), KOELN_HUNT, KOELN_HUNT)
            for number in (
                "09001234567",
                "+499001234567",
                "11833",
                "01371234567",
                "110",
                "112",
                "+49112",
                "70123",
            )
        ),
        *(refused(out(number)) for number in ("0900 1234567", "118000", "0137 1234567", "0110")),
    ),
    "shown.line-only": (
        Cell(out(CLIENT, "116117"), KOELN_HUNT, KOELN_HUNT),
        Cell(out(CLIENT, "124124"), KOELN_HUNT, KOELN_HUNT),
    ),
    "shown.own": (
        Cell(out(KOELN), KOELN_HUNT, KOELN),
        Cell(from_phone(from_user="03023125002"), BERLIN, "+493023125002"),
        Cell(out(KOELN), KOELN_HUNT, KOELN, ADVERTISING),
    ),
    "shown.advertising": (
        Cell(out(CLIENT), KOELN_HUNT, KOELN_HUNT, ADVERTISING),
        Cell(out(CLIENT, advertising=True), KOELN_HUNT, KOELN_HUNT),
        refused(out(CLIENT), replace(ADVERTISING, refuse=True)),
    ),
    "shown.forwarded": (
        Cell(
            out(STRANGER, diverting_users=(KOELN_HUNT,)),
            KOELN_HUNT,
            STRANGER,
            FORWARDING,
            diversions=(KOELN_HUNT,),
        ),
        # Without P-Asserted-Identity the number that forwards stands for the line.
        Cell(
            from_trunk(from_user=PARIS, diverting_users=("02214710101",)),
            KOELN_HUNT,
            PARIS,
            FORWARDING,
            diversions=(KOELN_HUNT,),
        ),
    ),
    "shown.no-right": (
        Cell(out(STRANGER), KOELN_HUNT, KOELN_HUNT),
        Cell(out(BERLIN), KOELN_HUNT, KOELN_HUNT),
        Cell(out(STRANGER, diverting_users=(KOELN_HUNT,)), KOELN_HUNT, KOELN_HUNT),
        Cell(out(STRANGER, diverting_users=(BERLIN,)), KOELN_HUNT, KOELN_HUNT, FORWARDING),
        refused(out(STRANGER)),
    ),
    "shown.right-over": (
        Cell(out(FORMER), KOELN_HUNT, KOELN_HUNT),
        Cell(out(FUTURE), KOELN_HUNT, KOELN_HUNT),
        refused(out(FORMER)),
    ),
    "shown.right": (
        Cell(out(CLIENT), KOELN_HUNT, CLIENT),
        Cell(out("040 66969-001"), KOELN_HUNT, CLIENT, REFUSING),
        # Telekom kind: From is the line, the number to be shown is asserted.
        Cell(from_trunk(from_user=KOELN_HUNT, asserted_user=CLIENT), KOELN_HUNT, CLIENT),
        Cell(from_phone(preferred_user=CLIENT), BERLIN, CLIENT),
    ),
    "shown.foreign-home": (Cell(out(PARIS, "0033140001234"), KOELN_HUNT, PARIS),),
    "shown.foreign": (
        Cell(out(PARIS, MOBILE), KOELN_HUNT, KOELN_HUNT),
        Cell(out(PARIS, "0041441234567"), KOELN_HUNT, KOELN_HUNT),
        Cell(out(LONDON, "00442079460123"), KOELN_HUNT, KOELN_HUNT),
        Cell(out("+33140000002", "0033140001234"), KOELN_HUNT, KOELN_HUNT),
        refused(out(PARIS, MOBILE)),
    ),
    "clir.must-see": (
        *(
            Cell(from_phone(dialled, privacy=HIDDEN), BERLIN, BERLIN, WITHHOLDING)
            for dialled in ("116117", "*31#116117", "124124", "+49116117")
        ),
    ),
    "clir.advertising": (
        Cell(from_phone(privacy=HIDDEN), BERLIN, BERLIN, ADVERTISING),
        Cell(from_phone("*31#" + MOBILE, advertising=True), BERLIN, BERLIN),
        Cell(from_phone(), BERLIN, BERLIN, BOTH),
        refused(from_phone(), replace(BOTH, refuse=True)),
    ),
    "clir.forced": (
        Cell(from_phone("#31#" + MOBILE), BERLIN, BERLIN, WITHHOLDING, forced=True),
        Cell(from_phone("#31#" + MOBILE, privacy=HIDDEN), BERLIN, BERLIN, forced=True),
    ),
    "clir.call": (
        Cell(from_phone("*31#" + MOBILE), BERLIN, None),
        Cell(from_phone(privacy=HIDDEN), BERLIN, None),
        Cell(from_phone(privacy=frozenset({"header", "user"})), BERLIN, None),
        Cell(from_phone(from_user="Anonymous"), BERLIN, None),
        Cell(from_phone(from_host="anonymous.invalid"), BERLIN, None),
        Cell(out(CLIENT, privacy=HIDDEN), KOELN_HUNT, None),
    ),
    "clir.line": (
        Cell(from_phone(), BERLIN, None, WITHHOLDING),
        # Many telephone systems write "none" into every call: it is no wish of the caller's.
        Cell(from_phone(privacy=frozenset({"none"})), BERLIN, None, WITHHOLDING),
    ),
    "clir.none": (
        Cell(from_phone(), BERLIN, BERLIN),
        Cell(from_phone(privacy=frozenset({"none"})), BERLIN, BERLIN),
    ),
    "in.forbidden": (
        *(
            refused(from_carrier(**{header: number}), PLAIN)
            for header in ("from_user", "asserted_user")
            for number in (
                "+499001234567",
                "09001234567",
                "4990012345",
                "11833",
                "+4911833",
                "4911880",
                "+491371234567",
                "70123",
                "110",
                "112",
                "+49110",
                "0112",
            )
        ),
        # Withheld or not: nobody may carry it on.
        refused(from_carrier(from_user="anonymous", asserted_user="+499001234567", privacy=HIDDEN), PLAIN),
    ),
    "in.foreign-entry": (
        Cell(from_carrier(from_user=STRANGER), STRANGER, None, foreign=True),
        Cell(from_carrier(from_user=MOBILE, asserted_user=STRANGER), STRANGER, None, foreign=True),
        Cell(from_carrier(from_user=STRANGER, asserted_user=PARIS), PARIS, None, foreign=True),
        Cell(from_carrier(from_user="+498001234567"), "+498001234567", None, foreign=True),
    ),
    "in.withheld": (
        Cell(from_carrier(privacy=HIDDEN), MOBILE, None),
        Cell(from_carrier(from_user="anonymous", asserted_user=MOBILE), MOBILE, None),
    ),
    "in.from": (
        Cell(from_carrier(), MOBILE, MOBILE),
        Cell(from_carrier(from_user=STRANGER, asserted_user=MOBILE), MOBILE, STRANGER),
        # Roaming, and callers of the country that the call comes from.
        Cell(from_carrier(from_user=MOBILE), MOBILE, MOBILE, foreign=True),
        Cell(from_carrier(from_user=PARIS), PARIS, PARIS, foreign=True),
    ),
    "in.asserted": (Cell(from_carrier(from_user="zentrale", asserted_user=MOBILE), MOBILE, MOBILE),),
    "in.unknown": (
        # Too short to be a whole number of any country, though +2214 would be one's beginning.
        Cell(from_carrier(from_user="22144"), None, None),
        Cell(from_carrier(from_user="carrier-a"), None, None),
        # No number, and not 110 itself: a control centre that calls back in a wrong format is put through.
        Cell(from_carrier(from_user="+49221110"), None, None),
    ),
    "acr.open": (Cell(from_carrier(privacy=HIDDEN), MOBILE, None),),
    "acr.call-back": (
        Cell(from_carrier(privacy=HIDDEN), MOBILE, None, acr=True, call_backs=frozenset({KOELN})),
        Cell(from_carrier(from_user="anonymous"), None, None, acr=True, call_backs=frozenset({KOELN})),
    ),
    "acr.withheld": (
        Cell(from_carrier(privacy=HIDDEN), None, None, code=433, acr=True),
        Cell(from_carrier(from_user=STRANGER), None, None, code=433, acr=True, foreign=True),
        Cell(from_phone("*31#" + KOELN), None, None, code=433, acr=True),
        Cell(from_phone(KOELN), None, None, WITHHOLDING, code=433, acr=True),
        Cell(from_carrier(privacy=HIDDEN), None, None, code=433, acr=True, call_backs=frozenset({BERLIN})),
    ),
    "acr.unknown": (Cell(from_carrier(from_user="carrier-a"), None, None, acr=True),),
    "acr.shown": (Cell(from_carrier(), MOBILE, MOBILE, acr=True),),
}


def test_every_row_has_its_cells() -> None:
    rows = [rule.id for concern in MATRIX for rule in concern.rules]
    assert len(rows) == len(set(rows))
    assert set(CELLS) == set(rows)


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        pytest.param(row, cell, id=f"{row}-{n}")
        for row, cells in CELLS.items()
        for n, cell in enumerate(cells, 1)
    ],
)
def test_a_cell_of_the_matrix_holds(row: str, cell: Cell) -> None:
    """B2, B3, B4; TKG § 120, TDDDG § 15."""
    decision = cell.decide()
    if not row.startswith("acr.") or cell.code:
        assert row in decision.facts.caller_rules
    if cell.code is not None:
        assert isinstance(decision.outcome, Reject)
        assert decision.outcome.sip_code == cell.code
        assert decision.reason.id in REASONS[row]
        return
    assert isinstance(decision.outcome, Route), decision.reason
    (caller,) = {leg.caller for leg in decision.outcome.legs}
    assert (caller.number, caller.shown, caller.forced) == (cell.network, cell.shown, cell.forced)
    if offered_name := cell.offered.original and cell.offered.original.name:
        assert caller.name == (offered_name if cell.shown != cell.network else None)
    assert caller.diversions == tuple(map(Diversion, cell.diversions))
    assert decision.facts.a_presented == caller.shown
    assert decision.facts.a_network == caller.number


REASONS = {
    "network.refused": ("out.caller-not-assigned",),
    **dict.fromkeys(
        ("shown.forbidden", "shown.advertising", "shown.no-right", "shown.right-over", "shown.foreign"),
        ("out.caller-no-right",),
    ),
    "clir.advertising": ("out.caller-advertising",),
    "in.forbidden": ("in.caller-forbidden",),
    "acr.withheld": ("in.anonymous", "onnet.anonymous"),
}


def test_a_refused_caller_id_does_not_stop_an_emergency_call() -> None:
    """B8, guarantee 1."""
    for offered in (from_trunk("112", from_user=STRANGER), from_phone("110", privacy=HIDDEN)):
        decision = decide(offered, carrier(replace(BOTH, refuse=True)), AT)
        assert isinstance(decision.outcome, Route)
        assert not any(leg.caller.withheld for leg in decision.outcome.legs)
        assert {leg.caller.shown for leg in decision.outcome.legs} <= {KOELN, BERLIN}


def test_the_record_keeps_the_number_whose_display_was_suppressed() -> None:
    """TKG § 120(4): the entry path is marked inside our network."""
    facts = decide(from_carrier(from_user=STRANGER), carrier(foreign=True), AT).facts
    assert (facts.a_network, facts.a_presented) == (STRANGER, None)
    assert facts.caller_rules == ("in.foreign-entry",)
