"""A call that somebody asks about, as the switch would offer it: for `fernamt route explain`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, TypeVar

from cli.errors import ProgramError
from dialplan.call import Behalf, CallOffered, Entry, Via
from dialplan.carrier import Phone, Srtp, Trunk, TrunkSide
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Route
from dialplan.legs import Caller
from dialplan.place import asked_for, onward
from dialplan.snapshot import Snapshot
from numbering.dial import Dialled, Line, normalise
from numbering.e164 import E164

#: Call id and node of a call that is never placed; the id decides between equal trunks.
CALL_ID: Final = "explain"
NODE: Final = "explain"
_SIP_PORT: Final = 5060
_ANYWHERE: Final = Line(None, plus_optional=True)
T = TypeVar("T", Phone, Trunk)


class NoSuchCall(ProgramError):
    """Nobody could place such a call: the configuration knows no such line."""

    id = "program.no-such-call"


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked. `called` is what is dialled, in any spelling; `caller` a number, or "anonymous".

    `customer`: who calls; None for a call from the public network over the carrier's `trunk`. `user`: the
    phone that calls; else the customer's `trunk`; else the line that has the number. `original`: who called
    the customer before the call was passed on by `via`.
    """

    called: str
    caller: str | None = None
    customer: str | None = None
    user: str | None = None
    trunk: str | None = None
    via: Via = Via.DIALLED
    original: str | None = None
    withheld: bool = False


def offered_call(question: Question, snapshot: Snapshot, circumstances: Circumstances) -> CallOffered:
    """The call as it would be offered. Raises NoSuchCall."""
    if question.customer is None:
        return _from_network(question, snapshot, _carrier_trunk(question.trunk, snapshot))
    if question.customer not in snapshot.customers:
        raise NoSuchCall(f"there is no customer {question.customer!r}; `fernamt customer list` has them")
    if question.via is not Via.DIALLED:
        return _passed_on(question, snapshot, circumstances)
    line = _line(question, question.customer, snapshot)
    if isinstance(line, Phone):
        return _offered(question, Entry.PHONE, ("", 0), phone_id=line.id)
    if line.teams is not None:
        from_teams = _offered(question, Entry.TEAMS, ("", 0))
        return replace(from_teams, tenant_id=line.teams.tenant_id, encrypted=True)
    if line.login is not None:
        by_login = _offered(question, Entry.PHONE, ("", 0), encrypted=line.srtp is Srtp.REQUIRED)
        return replace(by_login, login_id=line.id)
    return _offered(question, Entry.TRUNK, _source(line), encrypted=line.srtp is Srtp.REQUIRED)


def _from_network(question: Question, snapshot: Snapshot, trunk: Trunk) -> CallOffered:
    return _offered(question, Entry.CARRIER, _source(trunk), encrypted=trunk.srtp is Srtp.REQUIRED)


def _offered(
    question: Question,
    entry: Entry,
    source: tuple[str, int],
    phone_id: str | None = None,
    *,
    encrypted: bool = False,
) -> CallOffered:
    hidden = question.withheld or question.caller == "anonymous"
    return CallOffered(
        CALL_ID,
        NODE,
        entry,
        *source,
        dialled=question.called,
        phone_id=phone_id,
        from_user=question.caller,
        privacy=frozenset({"id"}) if hidden else frozenset(),
        encrypted=encrypted,
    )


def _passed_on(question: Question, snapshot: Snapshot, circumstances: Circumstances) -> CallOffered:
    """A leg that nobody dials: on the customer's behalf, with the number of its line."""
    customer = question.customer or ""
    number = _number(question.caller)
    phone = snapshot.phones.get(question.user or "")
    if question.user and (phone is None or phone.customer_id != customer):
        raise NoSuchCall(f"customer {customer!r} has no phone {question.user!r}")
    behalf = Behalf(customer, number, phone.id if phone else None, question.trunk)
    if question.original is None:
        return asked_for(question.called, question.via, behalf, call_id=CALL_ID, node=NODE)
    before = Question(called=number or question.called, caller=question.original, withheld=question.withheld)
    trunk = _carrier_trunk(None, snapshot)
    came_in = _from_network(before, snapshot, trunk)
    decided = decide(came_in, snapshot, circumstances)
    original: Caller | None = None
    if isinstance(decided.outcome, Route) and decided.outcome.legs:
        original = decided.outcome.legs[0].caller
    behalf = replace(behalf, trunk_id=trunk.id)
    return onward(came_in, question.called, question.via, behalf, original=original)


def _line(question: Question, customer: str, snapshot: Snapshot) -> Phone | Trunk:
    """The phone or trunk that was named, else one that has the number, else any of the customer's."""
    phones = [each for each in snapshot.phones.values() if each.customer_id == customer]
    trunks = [each for each in snapshot.trunks.values() if each.customer_id == customer]
    if question.user is not None:
        return _named(question.user, phones, f"customer {customer!r} has no phone")
    if question.trunk is not None:
        return _named(question.trunk, trunks, f"customer {customer!r} has no trunk")
    number = _number(question.caller)
    fitting = [each for each in phones if each.number == number]
    if fitting or not trunks:
        for phone in (*fitting, *phones):
            return phone
    for trunk in trunks:
        return trunk
    raise NoSuchCall(f"customer {customer!r} has neither phone nor trunk to call from")


def _carrier_trunk(name: str | None, snapshot: Snapshot) -> Trunk:
    trunks = [each for each in snapshot.trunks.values() if each.side is TrunkSide.CARRIER]
    if name is not None:
        return _named(name, trunks, "there is no carrier trunk")
    for trunk in trunks:
        return trunk
    raise NoSuchCall("there is no carrier trunk that a call could come in on")


def _named(name: str, known: list[T], missing: str) -> T:
    for each in known:
        if each.id == name:
            return each
    ids = ", ".join(sorted(each.id for each in known)[:8]) or "none"
    raise NoSuchCall(f"{missing} {name!r}; known: {ids}")


def _number(text: str | None) -> E164 | None:
    read = normalise(text, _ANYWHERE) if text else None
    return read.number if isinstance(read, Dialled) and isinstance(read.number, E164) else None


def _source(trunk: Trunk) -> tuple[str, int]:
    for peer in trunk.peers:
        return peer.ip, peer.port or _SIP_PORT
    raise NoSuchCall(f"no calls are accepted from trunk {trunk.id!r}")
