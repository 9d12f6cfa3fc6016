"""What a plan wants done: announcements on the way, then one thing that waits or ends."""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.causes import Cause
from dialplan.mailbox import Mailbox
from dialplan.plans.nodes import CallbackSpeech, Sound
from numbering.e164 import E164


@dataclass(frozen=True, slots=True)
class Play:
    """Play to the end, then go on; `answer` the call before."""

    sound: Sound
    answer: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Play `before` (what was wrong the last time) and `prompt`, take at most `most` keys; `consent` are
    those by which the caller agrees to be recorded."""

    prompt: Sound
    timeout_s: int
    most: int
    before: Sound | None = None
    consent: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """Greet, play the tone, record what the caller says."""

    mailbox: Mailbox


@dataclass(frozen=True, slots=True)
class Listen:
    """Ask for the PIN, then play the messages that were left."""

    mailbox: Mailbox


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring phones or trunks; `goes_on`: when nobody is reached the plan wants to know."""

    phone_ids: tuple[str, ...]
    trunk_ids: tuple[str, ...]
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Forward:
    """Call the number on the customer's behalf; `goes_on` as for `Ring`."""

    number: E164
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Wait for an agent in this queue of the customer's; `music` is heard meanwhile, again and again. `keys`
    lead out of it; `priority`, `agent` and `remembers` as for the node."""

    queue: str
    music: Sound
    keys: str = ""
    priority: int = 0
    agent: str | None = None
    remembers: bool = False


@dataclass(frozen=True, slots=True)
class AskForCallback:
    """Ask at which number the caller is to be called back when it is his turn in the queue."""

    customer_id: str
    queue: str
    speech: CallbackSpeech


@dataclass(frozen=True, slots=True)
class KeepPlace:
    """Have the queue call `number` back when it is the caller's turn; he hears `noted` and is released."""

    queue: str
    number: E164
    noted: Sound


@dataclass(frozen=True, slots=True)
class End:
    """Release the call. `overrun`: it had come to more nodes than a call may."""

    cause: Cause
    overrun: bool = False


#: The call waits for the caller's keys, for somebody to be reached, or for an agent.
Last = Ask | Record | Listen | Ring | Forward | Enqueue | AskForCallback | KeepPlace | End
Effects = tuple[tuple[Play, ...], Last]
