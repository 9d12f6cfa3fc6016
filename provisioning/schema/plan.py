"""Routing plans of a customer (C2): nodes that lead to each other, the announcements they play."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from provisioning.notation.entry import Choices, Entry, Few, refusal
from provisioning.notation.form import Form, Items
from provisioning.notation.values import ContactNumber, Id, Text
from provisioning.schema.codes import Land
from provisioning.schema.dates import Day
from provisioning.schema.policy import BarredClass, Prefix

MAX_SPOKEN: Final = 1_000
_KEYS: Final = re.compile(r"[0-9*#]{1,4}", re.ASCII)
_TONE: Final = re.compile(
    r"%\([0-9]{1,5},[0-9]{1,5}(?:,[0-9]{2,4}){1,4}\)"
    r"(?:;%\([0-9]{1,5},[0-9]{1,5}(?:,[0-9]{2,4}){1,4}\)){0,15}(?:;loops=[0-9]{1,2})?",
    re.ASCII,
)
_FOLDER: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./-]{0,150}", re.ASCII)
_FILE: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./-]{0,190}\.wav", re.ASCII)


def _parse_keys(value: Any) -> str:
    if isinstance(value, str) and _KEYS.fullmatch(value):
        return value
    raise refusal("config.plan-key", "not keys of a telephone", '1 to 4 of 0-9, * and #, in quotes: "1"')


def _parse_spoken(value: Any) -> str:
    if isinstance(value, str) and value.strip() and len(value) <= MAX_SPOKEN and value.isprintable():
        return value.strip()
    raise refusal(
        "config.prompt-text", "not a text to be spoken", f"1 to {MAX_SPOKEN} characters in one line"
    )


def _parse_tone(value: Any) -> str:
    if isinstance(value, str) and _TONE.fullmatch(value):
        return value
    raise refusal(
        "config.prompt-tone", "not a tone", '"%(on_ms,off_ms,hertz)", several joined by ";", "loops=3" behind'
    )


def _parse_file(value: Any) -> str:
    if isinstance(value, str) and _FILE.fullmatch(value):
        return value
    raise refusal(
        "config.prompt-file",
        "not a sound file",
        "a WAV file below the sounds directory, letters, digits, '.', '_', '-' and '/': \"praxis/zu.wav\"",
    )


def _parse_folder(value: Any) -> str:
    if isinstance(value, str) and _FOLDER.fullmatch(value):
        return value
    raise refusal(
        "config.sound-folder",
        "not a folder of sounds",
        "a folder below the sounds directory, letters, digits, '.', '_', '-' and '/': \"praxis/ansagen\"",
    )


def _parse_key(value: Any) -> str:
    if isinstance(value, str) and len(value) == 1 and _KEYS.fullmatch(value):
        return value
    raise refusal("config.queue-key", "not a key of a telephone", 'one of 0-9, * and #, in quotes: "1"')


Keys = Annotated[str, BeforeValidator(_parse_keys), Form("keys", "1 to 4 of `0`-`9`, `*` and `#`, in quotes")]
Spoken = Annotated[str, BeforeValidator(_parse_spoken), Form("text", f"1 to {MAX_SPOKEN} characters")]
Tone = Annotated[
    str, BeforeValidator(_parse_tone), Form("tone", "`%(on_ms,off_ms,hertz)`, joined by `;`, then `loops=`")
]
SoundFile = Annotated[
    str, BeforeValidator(_parse_file), Form("file", "a WAV file below `sounds/` of the state directory")
]
SoundFolder = Annotated[
    str, BeforeValidator(_parse_folder), Form("folder", "a folder below `sounds/` of the state directory")
]
Key = Annotated[str, BeforeValidator(_parse_key), Form("key", "one of `0`-`9`, `*` and `#`, in quotes")]
EndCause = Literal["normal", "busy", "no_answer", "rejected", "unallocated", "unavailable"]


class PromptEntry(Entry):
    """Something to be played: a text that is spoken, a file, or a tone."""

    id: Id = Field(description="Name of the announcement, unique among the customer's.")
    text: Spoken | None = Field(None, description="Spoken in German by espeak-ng (C2).")
    file: SoundFile | None = Field(None, description="A recording, 8 kHz mono is best (C2).")
    tone: Tone | None = Field(None, description="A tone as FreeSWITCH writes it (C2).")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if len([each for each in (self.text, self.file, self.tone) if each is not None]) != 1:
            raise refusal("config.prompt-form", "an announcement has one form", "one of text, file, tone")
        return self


class HoursNodeEntry(Entry):
    """By opening hours."""

    of: Id = Field(description="Opening hours, own ones or the carrier's (C2).")
    open: Id = Field(description="Node for the time when it is open (C2).")
    closed: Id = Field(description="Node for the time when it is closed (C2).")


class HolidayNodeEntry(Entry):
    """By public holidays."""

    of: Land = Field(description="Public holidays of this Land (C2).")
    days: Few[Day] = Field((), description="Further days that count as holidays (C2).")
    holiday: Id = Field(description="Node for a holiday (C2).")
    otherwise: Id = Field(description="Node for any other day (C2).")


class ChoiceEntry(Entry):
    """Keys and where they lead."""

    keys: Keys = Field(description="What the caller presses (C2).")
    to: Id = Field(description="Node (C2).")


class MenuNodeEntry(Entry):
    """Ask the caller to press keys (IVR)."""

    prompt: Id = Field(description="Announcement with the choices (C2).")
    choices: Few[ChoiceEntry] = Field(description="Keys and where they lead (C2).")
    silent: Id = Field(description="Node when nothing was pressed (C2).")
    wrong: Id | None = Field(None, description="Node when something else was pressed. Default: as `silent`.")
    invalid: Id | None = Field(None, description="Announcement after something else was pressed (C2).")
    consent: Keys | None = Field(
        None,
        description="The choice by which the caller agrees to be recorded; with any other the call is not "
        "recorded (C4).",
    )
    repeats: int = Field(1, ge=0, le=5, description="How often the caller is asked again (C2).")
    timeout_s: int = Field(5, ge=1, le=60, description="Seconds to wait for a key (C2).")


class AnnouncementNodeEntry(Entry):
    """Play and go on."""

    prompt: Id = Field(description="Announcement (C2).")
    to: Id = Field(description="Node behind it (C2).")
    answer: bool = Field(
        False,
        description="Answer the call before, which the caller pays for. Default: early media (C10).",
    )


class ShareEntry(Entry):
    """A share of the calls."""

    share: int = Field(ge=0, le=100, description="Percent of the calls (C2).")
    to: Id = Field(description="Node (C2).")


class CallerBranchEntry(Entry):
    """Callers and where their calls go: those of any of the numbers, prefixes and classes."""

    to: Id = Field(description="Node (C2).")
    numbers: Few[ContactNumber] = Field((), description="These callers (C2).")
    prefixes: Few[Prefix] = Field((), description="Callers whose number begins so (C2).")
    classes: Few[BarredClass] = Field((), description="Callers with numbers of these classes (C2).")
    withheld: bool = Field(False, description="Callers who show no number (C2).")

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if not (self.numbers or self.prefixes or self.classes or self.withheld):
            raise refusal(
                "config.plan-branch", "the branch fits nobody", "numbers, prefixes, classes or withheld"
            )
        return self


class CallerNodeEntry(Entry):
    """By who calls: the first branch that fits."""

    branches: Choices[CallerBranchEntry] = Field(description="Tried in this order (C2).")
    otherwise: Id = Field(description="Node for everybody else (C2).")


class RingNodeEntry(Entry):
    """Ring phones, or call over trunks, of the customer."""

    ring: Choices[Id] = Field(description="Tried in this order (C2).")
    otherwise: Id | None = Field(None, description="Node when nobody is there. Default: the call ends (C2).")


class ForwardNodeEntry(Entry):
    """Call a number on the customer's behalf and at its cost."""

    number: ContactNumber = Field(description="Any number the customer may call (C2, B5).")
    otherwise: Id | None = Field(
        None, description="Node when it is not reached. Default: the call ends (C2)."
    )


class QueueExitEntry(Entry):
    """A key that leads out of a queue, also in the middle of an announcement."""

    key: Key = Field(description="What the waiting caller presses (C1).")
    to: Id = Field(description="Node: a mailbox, another queue, a callback, … (C1).")


class QueueNodeEntry(Entry):
    """A queue of the contact centre."""

    name: Id = Field(description="The queue (C1).")
    overflow: Id = Field(description="Node for calls that the queue does not take (C1).")
    exits: Few[QueueExitEntry] = Field((), description="Keys that lead out of the queue (C1).")
    priority: int = Field(
        0, ge=0, le=1_000, description="Callers who come by here go before those with less (C1)."
    )
    agent: Id | None = Field(
        None,
        description="Agent who is asked first, for the `preferred_s` of the queue. Default: the agent of "
        "last time (C1).",
    )


class CallbackNodeEntry(Entry):
    """Call the caller back when it is his turn; the place in the queue is kept."""

    queue: Id = Field(description="The queue that keeps the place (C1).")
    otherwise: Id = Field(
        description="Node when the caller does not want it, or so many wait for it already (C1)."
    )
    hours: Id | None = Field(
        None,
        description="Opening hours within which callers are called back. Default: whenever it is their turn "
        "(C1).",
    )


class EndNodeEntry(Entry):
    """End the call."""

    cause: EndCause = Field("normal", description="What the caller's network is told (C2).")
    prompt: Id | None = Field(None, description="Announcement before, in early media (C2, C10).")


#: The keys of a node that say what it is.
KINDS: Final = (
    "hours",
    "holiday",
    "menu",
    "announcement",
    "percent",
    "caller",
    "phones",
    "trunks",
    "forward",
    "queue",
    "callback",
    "mailbox",
    "listen",
    "end",
)


class NodeEntry(Entry):
    """A node of a plan: its id, and one key that says what happens there."""

    id: Id = Field(description="Name of the node, unique in its plan.")
    hours: HoursNodeEntry | None = Field(None, description="By opening hours (C2).")
    holiday: HolidayNodeEntry | None = Field(None, description="By public holidays (C2).")
    menu: MenuNodeEntry | None = Field(None, description="The caller presses keys (C2).")
    announcement: AnnouncementNodeEntry | None = Field(None, description="Play, then go on (C2).")
    percent: Few[ShareEntry] | None = Field(None, description="Shares of the calls, 100 together (C2).")
    caller: CallerNodeEntry | None = Field(None, description="By who calls (C2).")
    phones: RingNodeEntry | None = Field(None, description="Ring phones of the customer (C2).")
    trunks: RingNodeEntry | None = Field(None, description="Call over trunks of the customer (C2).")
    forward: ForwardNodeEntry | None = Field(None, description="Call another number (C2).")
    queue: QueueNodeEntry | None = Field(None, description="Wait for an agent (C1).")
    callback: CallbackNodeEntry | None = Field(
        None, description="Offer to call back, with the place in a queue kept (C1)."
    )
    mailbox: Id | None = Field(None, description="Leave a message in this mailbox (C3).")
    listen: Id | None = Field(None, description="Listen to the messages in this mailbox, after its PIN (C3).")
    end: EndNodeEntry | None = Field(None, description="End the call (C2).")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = tuple(kind for kind in KINDS if getattr(self, kind) is not None)
        if len(given) != 1:
            raise refusal(
                "config.plan-node-kind",
                f"a node that is {' and '.join(given) or 'nothing'}",
                f"one of {', '.join(KINDS)}",
            )
        return self

    @property
    def kind(self) -> str:
        """Which of `KINDS` it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)


Nodes = Annotated[tuple[NodeEntry, ...], Field(strict=False, min_length=1, max_length=200), Items(200, 1)]


class PlanEntry(Entry):
    """What becomes of a call: a graph of nodes (C2). Numbers go to it by `plan`."""

    id: Id = Field(description="Name of the plan, unique among the customer's.")
    name: Text | None = Field(None, description="What people call it.")
    start: Id = Field(description="Node where calls begin (C2).")
    nodes: Nodes = Field(description="The nodes, in any order (C2).")
