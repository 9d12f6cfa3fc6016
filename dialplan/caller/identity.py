"""Whose call it is and which number it may show: gathers the facts, asks rules.py, does as they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from dialplan.call import CallOffered, Via
from dialplan.caller.claims import CARRIER_LINE, claim, numbers_claimed, wants_hiding
from dialplan.caller.facts import CalledNumber, Claim, CustomerCall, NetworkCall
from dialplan.caller.policy import NO_POLICY, CallerPolicy
from dialplan.caller.rules import (
    CALLED_PARTY,
    NETWORK_CALLER,
    NETWORK_NUMBER,
    SHOWN_NUMBER,
    WITHHOLDING,
    Act,
    CallerRule,
)
from dialplan.carrier import AssignedNumber, Customer, Srtp, Trunk
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decision import Reason
from dialplan.diversion import Diversion
from dialplan.legs import Caller
from dialplan.reasons import reason
from dialplan.snapshot import Snapshot
from numbering.dial import Dialled, Line
from numbering.e164 import E164
from numbering.german_time import GERMAN_TIME
from numbering.plan import ALWAYS_SHOWN_TO, area_code_of

#: The call's caller goes along: it was checked when the call came in.
_PASSED_ON: Final = frozenset({Via.FORWARD, Via.QUEUE})


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a line's call is not taken, whatever was dialled; emergency calls are (B8)."""

    why: Reason
    cause: Cause
    sip_code: int


@dataclass(frozen=True, slots=True)
class Origin:
    """A customer's side of a call: who pays, the number we vouch for, the line's rules for its caller id.

    `claimed`: the call itself named the number, and it is the customer's. `claims`: it named any number.
    """

    customer: Customer
    network_number: E164
    trunk_id: str | None
    policy: CallerPolicy = NO_POLICY
    claimed: bool = False
    claims: bool = False
    refused: Refused | None = None

    def line(self, snapshot: Snapshot) -> Line:
        """How numbers dialled on this line are read: local numbers belong to the line's own area."""
        return Line(area_code_of(self.network_number) or snapshot.default_area_code)


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller that the rules let through, and the rows that decided."""

    caller: Caller
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdentityRefused:
    """A caller that the rules do not let through."""

    reason: Reason
    rules: tuple[str, ...]


def trunk_origin(offered: CallOffered, snapshot: Snapshot, trunk: Trunk) -> Origin:
    """A customer's trunk may call as any number assigned to the customer; else the main number stands in."""
    customer = snapshot.customers[trunk.customer_id or ""]
    origin = Origin(customer, customer.main_number, trunk.id, trunk.caller_policy)
    if trunk.srtp is Srtp.REQUIRED and not offered.encrypted:
        why = reason("out.not-encrypted", customer=customer.id, trunk=trunk.id)
        origin = replace(origin, refused=Refused(why, Cause.INCOMPATIBLE_DESTINATION, 488))
    line = origin.line(snapshot)
    claims = False
    # Both readings of digits without "+" are safe here: only a number of the customer's own counts.
    for reading in (line, replace(line, plus_optional=True)):
        for number in numbers_claimed(offered, reading):
            claims = True
            owner = snapshot.numbers.get(number)
            if owner and owner.customer_id == customer.id:
                return replace(origin, network_number=number, claimed=True, claims=True)
    return replace(origin, claims=claims)


def customer_identity(
    origin: Origin,
    offered: CallOffered,
    dialled: Dialled,
    snapshot: Snapshot,
    circumstances: Circumstances,
) -> Identity | IdentityRefused:
    """The identity of a customer's call (B2, B4). Emergency calls do not come here: theirs is fixed.

    What somebody else says about a call that is passed on (its claims, its wishes) is not the word of the
    customer who passes it on: the original caller counts as it was decided, or not at all.
    """
    call = _customer_call(origin, offered, dialled, snapshot, circumstances)
    policy, customer = origin.policy, origin.customer.id
    network = NETWORK_NUMBER.ask(call)
    if network.act is Act.REFUSE_NUMBER:
        why = reason("out.caller-not-assigned", customer=customer)
        return IdentityRefused(why, (network.id,))
    shown = SHOWN_NUMBER.ask(call)
    if shown.act is Act.DROP and policy.refuse:
        why = reason("out.caller-no-right", customer=customer, why=shown.condition)
        return IdentityRefused(why, (network.id, shown.id))
    hiding = WITHHOLDING.ask(call)
    rules = (network.id, shown.id, hiding.id)
    if hiding.act is Act.OVERRIDE and policy.refuse:
        return IdentityRefused(reason("out.caller-advertising", customer=customer), rules)
    caller = Caller(
        origin.network_number,
        _name(offered),
        withheld=hiding.act is Act.WITHHOLD,
        forced=hiding.act is Act.FORCE,
    )
    return Identity(_showing(caller, shown, call, offered), rules)


def _name(offered: CallOffered) -> str | None:
    """The caller's display name, as far as the caller is who dials, or is passed on without hiding."""
    if offered.original is not None:
        return None if offered.original.withheld else offered.original.name
    return offered.from_name if offered.via is Via.DIALLED else None


def _showing(
    caller: Caller, shown: CallerRule[CustomerCall], call: CustomerCall, offered: CallOffered
) -> Caller:
    asked = call.asked.number if call.asked else None
    match shown.act:
        case Act.SHOW_ASKED:
            return replace(caller, presented=asked)
        case Act.SHOW_ORIGINAL if offered.original is not None:
            diversions = offered.original.diversions + tuple(map(Diversion, offered.forwarded_by))
            # A withheld number is left behind: no row that overrides withholding can bring it back.
            return replace(
                caller,
                presented=offered.original.shown,
                diversions=diversions or (Diversion(call.network),),
                diverted=offered.diverted,
            )
        case Act.SHOW_ORIGINAL:
            # The equipment counts itself, we name it.
            before = max(0, offered.diverted - 1)
            return replace(caller, presented=asked, diversions=(Diversion(call.network),), diverted=before)
        case _:
            return caller


def _customer_call(
    origin: Origin,
    offered: CallOffered,
    dialled: Dialled,
    snapshot: Snapshot,
    circumstances: Circumstances,
) -> CustomerCall:
    customer, original = origin.customer, offered.original if offered.via in _PASSED_ON else None
    dialled_here = offered.via is Via.DIALLED
    asked = _asked(origin, offered, snapshot) if dialled_here else None
    number = asked.number if asked else None
    assigned = snapshot.numbers.get(number) if number else None
    right = customer.rights.get(number) if number else None
    return CustomerCall(
        policy=origin.policy,
        network=origin.network_number,
        claims=dialled_here and origin.claims,
        claimed=origin.claimed,
        asked=asked,
        own=assigned is not None and assigned.customer_id == customer.id,
        right=right,
        right_holds=right is not None and right.holds_on(circumstances.now.astimezone(GERMAN_TIME).date()),
        original=original is not None,
        diverted=dialled_here and _diverts(origin, offered, snapshot),
        advertising=original is None
        and (origin.policy.advertising or offered.advertising or offered.via is Via.DIALLER),
        clir=dialled.clir if dialled_here else None,
        hides=original.withheld if original else dialled_here and wants_hiding(offered),
        always_shown=dialled.number in ALWAYS_SHOWN_TO,
        destination_country=dialled.country,
    )


def _asked(origin: Origin, offered: CallOffered, snapshot: Snapshot) -> Claim | None:
    """The user-provided number: of the claims beside the network-provided one the first that may be shown,
    else the first, so that it can be said what was dropped. From goes first: it is what is displayed."""
    first: Claim | None = None
    for each in _claims(origin, offered, snapshot):
        if each.number is not None and not each.forbidden:
            owner = snapshot.numbers.get(each.number)
            if each.number in origin.customer.rights or (owner and owner.customer_id == origin.customer.id):
                return each
        first = first or each
    return first


def _claims(origin: Origin, offered: CallOffered, snapshot: Snapshot) -> Iterator[Claim]:
    line = origin.line(snapshot)
    for text in (offered.from_user, offered.preferred_user, offered.asserted_user):
        if not text or text == origin.network_number:
            continue
        # Digits without "+" have two readings; only a number the customer may show counts, so both are safe.
        readings = [claim(text, line), claim(text, replace(line, plus_optional=True))]
        if any(each is not None and each.number == origin.network_number for each in readings):
            continue
        yield from filter(None, readings)


def _diverts(origin: Origin, offered: CallOffered, snapshot: Snapshot) -> bool:
    """Whether the customer's equipment says that it forwards a call of one of the customer's own numbers."""
    line = origin.line(snapshot)
    return any(
        found is not None
        and found.number is not None
        and (owner := snapshot.numbers.get(found.number)) is not None
        and owner.customer_id == origin.customer.id
        for found in (claim(text, line) for text in offered.diverting_users)
    )


def network_identity(offered: CallOffered, trunk: Trunk) -> Identity | IdentityRefused:
    """The identity of a call from the public network over `trunk` (B3)."""
    asserted, shown = claim(offered.asserted_user, CARRIER_LINE), claim(offered.from_user, CARRIER_LINE)
    call = NetworkCall(trunk.foreign_entry, asserted, shown, wants_hiding(offered))
    rule = NETWORK_CALLER.ask(call)
    if rule.act is Act.BREAK_OFF:
        number = next(each.number or each.text[:40] for each in call.claims if each.forbidden)
        return IdentityRefused(reason("in.caller-forbidden", number=number), (rule.id,))
    numbers = [each.number for each in call.claims if each.number is not None]
    network = numbers[0] if numbers else None
    caller = Caller(
        network,
        offered.from_name,
        withheld=rule.act in (Act.SUPPRESS, Act.HIDE),
        presented=shown.number if shown is not None and shown.number != network else None,
    )
    return Identity(caller, (rule.id,))


def anonymity_refused(
    assigned: AssignedNumber, customer: Customer, caller: Caller, call_backs: frozenset[E164] = frozenset()
) -> CallerRule[CalledNumber] | None:
    """The row by which the called number refuses an anonymous caller, or None (TDDDG § 15(1))."""
    if not {assigned.number, assigned.behind} & customer.rejects_anonymous:
        return None
    expected = assigned.number in call_backs
    rule = CALLED_PARTY.ask(CalledNumber(True, expected, caller.withheld, caller.number is None))
    return rule if rule.act is Act.REJECT_ANONYMOUS else None
