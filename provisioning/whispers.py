"""What agents are told before a caller, in German (C1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from acd.whispering import MINUTES, Whisper
from provisioning.schema import CustomerEntry, PromptEntry
from provisioning.sounds import ATTENTION, SoundBook

_TEXTS: Final = {
    0: "wartet weniger als eine Minute",
    1: "wartet seit einer Minute",
    **{n: f"wartet seit {n} Minuten" for n in MINUTES[2:-1]},
    60: "wartet seit mehr als einer Stunde",
}


def sentences(customer: CustomerEntry) -> Iterator[PromptEntry]:
    """The announcements that the customer's agents need."""
    if any(each.whisper is not None for each in customer.queues):
        for minutes, text in _TEXTS.items():
            yield PromptEntry.model_validate({"id": f"whisper-{minutes}", "text": text})


def whispers(customer: CustomerEntry, sounds: SoundBook) -> dict[str, Whisper]:
    """What agents of each queue are told, of a customer that was checked. The wait is left out where no text
    can be spoken: a tone in its place would say nothing."""
    waits = tuple(sounds.sound(each) for each in sentences(customer))
    spoken = () if ATTENTION in waits else waits
    prompts = {each.id: each for each in customer.prompts}
    return {
        each.id: Whisper(sounds.sound(prompts[each.whisper]), spoken)
        for each in customer.queues
        if each.whisper is not None
    }
