"""A call through a routing plan without a call: the steps that the program would take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from dialplan.plans.effects import (
    Ask,
    AskForCallback,
    End,
    Enqueue,
    Forward,
    KeepPlace,
    Last,
    Listen,
    Play,
    Record,
    Ring,
)
from dialplan.plans.interpret import Facts, begin, step
from dialplan.plans.position import ARRIVED, NOT_REACHED, OVERFLOWED, SILENCE, Given, Happened
from numbering.dial import Dialled, Line, normalise
from numbering.e164 import E164
from provisioning.routing_plans import compile_hours, compile_plans
from provisioning.schema import CarrierEntry, CustomerEntry, PromptEntry


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried: `keys` for one menu after the other, "" presses nothing; behind the last one nothing is
    pressed. `nobody`: no phone, trunk or number is reached."""

    at: datetime
    caller: str | None
    keys: tuple[str, ...] = ()
    nobody: bool = False


class _Names:
    """Announcements by their names, so that steps can be read."""

    def sound(self, prompt: PromptEntry) -> str:
        return prompt.id

    def has(self, file: str) -> bool:
        return False


def tried(customer: CustomerEntry, plan_id: str, carrier: CarrierEntry, trial: Trial) -> dict[str, Any]:
    """Steps, path and outcome for people and programs. Raises click.BadParameter for what is no number."""
    plan = compile_plans(customer, _Names())[plan_id]
    shared = {each.id: compile_hours(each) for each in carrier.opening_hours}
    facts = Facts(f"trial-{trial.caller}-{trial.at}", _number(trial.caller), trial.at, shared)
    keys = list(trial.keys)
    steps: list[str] = []
    position, given = begin(plan), ARRIVED
    while True:
        position, (plays, last) = step(plan, position, given, facts)
        steps += [_played(play) for play in plays]
        steps.append(f"{position.node}: {_said(last)}")
        if isinstance(last, Ask):
            pressed = keys.pop(0) if keys else ""
            given = Given(Happened.KEYS, pressed) if pressed else SILENCE
            steps.append(
                f"{position.node}: " + (f"caller presses {pressed}" if pressed else "nothing pressed")
            )
        elif isinstance(last, Ring | Forward) and last.goes_on and trial.nobody:
            given = NOT_REACHED
            steps.append(f"{position.node}: nobody is reached")
        elif isinstance(last, Enqueue) and trial.nobody:
            given = OVERFLOWED
            steps.append(f"{position.node}: the queue sends the call away")
        else:
            return {"steps": steps, "path": position.path, "outcome": _said(last)}


def _number(text: str | None) -> E164 | None:
    if text is None:
        return None
    read = normalise(text, Line(None))
    if not isinstance(read, Dialled) or not isinstance(read.number, E164):
        raise click.BadParameter("not a number with its area code", param_hint="--from")
    return read.number


def _played(play: Play) -> str:
    return f"plays {play.sound}" + (", answered" if play.answer else "")


def _said(last: Last) -> str:
    match last:
        case Ask(prompt, timeout_s, _, before):
            return f"plays {before + ' and ' if before else ''}{prompt}, waits {timeout_s} s for keys"
        case Record(mailbox):
            return f"leaves a message in {mailbox.id}"
        case Listen(mailbox):
            return f"listens to the messages in {mailbox.id}, with its PIN"
        case Ring(phone_ids, trunk_ids, _):
            return f"rings {', '.join(phone_ids or trunk_ids) or 'nobody: none is in service'}"
        case Forward(number, _):
            return f"forwards to {number}"
        case Enqueue(queue, _):
            return f"waits in queue {queue}"
        case AskForCallback(_, queue, _):
            return f"asks at which number to call back for queue {queue}"
        case KeepPlace(queue, number, _):
            return f"calls {number} back for queue {queue}"
        case End(cause, overrun):
            return f"ends with {cause.switch_name} ({cause.sip_code})" + (
                ", too many nodes" if overrun else ""
            )
