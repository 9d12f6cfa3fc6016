"""What was decided about a call, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from dialplan.causes import PATH_FAILURES, Cause
from dialplan.legs import Leg
from dialplan.limits.agreed import Claim
from dialplan.plans.effects import Ask, AskForCallback, Listen, Record
from dialplan.plans.nodes import Sound
from dialplan.plans.position import Position
from dialplan.rules import Rule
from numbering.e164 import E164


class Direction(StrEnum):
    """A call seen from the customer who pays for it."""

    INCOMING = "in"
    OUTGOING = "out"
    ON_NET = "onnet"
    EMERGENCY = "emergency"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a call went the way it went: a stable id for programs, a sentence for people (B12)."""

    id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the CDR keeps of the decision. None where the call did not get as far as knowing it.

    `passed`: the rules that the call has passed so far, in their order. `caller_rules`: the rows of
    `caller.rules` that made its caller id what it is.
    """

    direction: Direction
    customer_id: str | None = None
    trunk_in: str | None = None
    a_network: E164 | None = None
    a_presented: E164 | None = None
    b_number: str | None = None
    passed: tuple[Rule, ...] = ()
    caller_rules: tuple[str, ...] = ()

    def past(self, *rules: Rule) -> CallFacts:
        """The same with further rules passed."""
        return replace(self, passed=self.passed + rules)


@dataclass(frozen=True, slots=True)
class Route:
    """Try these legs in order; go on to the next only when the last one failed for one of these causes."""

    legs: tuple[Leg, ...]
    next_leg_causes: frozenset[Cause] = PATH_FAILURES


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse with this SIP code; the cause also gives the Q.850 number in the Reason header (RFC 3326)."""

    cause: Cause
    sip_code: int


@dataclass(frozen=True, slots=True)
class Converse:
    """Talk with the caller as the plan says, then ask for the next decision. `early`: without an answer, for
    the caller must not pay while waiting (C10); a message is left on an answered call."""

    what: Ask | Record | Listen | AskForCallback
    early: bool


@dataclass(frozen=True, slots=True)
class CallBack:
    """The caller does not wait on the line: when it is his turn, `number` is called on behalf of `line`, the
    customer's number that he had called. He hears `noted` and is released."""

    number: E164
    line: E164
    noted: Sound


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait in a queue of the customer's until its contact centre has an agent, hearing `music`; `early` as
    for `Converse`. `since_ms` is the caller's place in time (ms since 1970), `kept` when it is that of a
    queue before. `keys` lead out; `priority`, `agent` and `remembers` as for the plan's node. `fixed_price`:
    of the call; in the first queue the caller is told so, as he is of an `early` one (TKG § 115(2)).
    `back`: by a callback. `goes_on`: he comes from another queue and has heard nothing else since; the
    music of that one goes on."""

    customer_id: str
    queue: str
    music: Sound
    early: bool
    since_ms: int
    kept: bool = False
    keys: str = ""
    priority: int = 0
    agent: str | None = None
    remembers: bool = False
    fixed_price: bool = False
    back: CallBack | None = None
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class PlanTrace:
    """How a call came through a routing plan: it stands at `position` of the plan of `number`.

    `sounds` are played before the outcome, in early media unless `answer`. `goes_on`: when no leg is reached
    the plan is asked again.
    """

    plan_id: str
    number: E164
    position: Position
    sounds: tuple[Sound, ...] = ()
    answer: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Announce:
    """Play a sound of ours in early media (nobody pays for it), then refuse."""

    sound: str
    cause: Cause = Cause.OUTGOING_CALL_BARRED


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, its reason, and the configuration version it was made with.

    `claims`: what the call takes of limits; when one is refused, `claims.refused` says what becomes of it.
    `plan` is there when the call follows a routing plan.
    """

    outcome: Route | Reject | Converse | Announce | Wait
    reason: Reason
    facts: CallFacts
    config_version: int
    claims: tuple[Claim, ...] = ()
    plan: PlanTrace | None = None

    @property
    def passed(self) -> tuple[str, ...]:
        """The rules that the call passed, in their order; one that refused it is not among them (B12)."""
        return self.facts.passed


def refuse(
    config_version: int, facts: CallFacts, cause: Cause, why: Reason, sip_code: int | None = None
) -> Decision:
    """A refusal, with the cause's own SIP code unless another is given."""
    return Decision(Reject(cause, sip_code or cause.sip_code), why, facts, config_version)
