"""What waiting callers are told, in German: spoken sentences, or recordings of the customer's own (C1,
C10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from acd.announcing import MAX_PLACE, MINUTES, Announcing, Sentences
from provisioning.schema import CustomerEntry, PromptEntry, QueueEntry
from provisioning.sounds import SoundBook

#: Name of the recording -> text. Whole sentences: numbers put together from parts sound so.
TEXTS: Final[Mapping[str, str]] = {
    "position-1": "Sie sind als Nächstes an der Reihe.",
    **{f"position-{n}": f"Sie sind auf Platz {n} der Warteschleife." for n in range(2, MAX_PLACE + 1)},
    "position-far": f"Vor Ihnen warten mindestens {MAX_PLACE} Anrufer.",
    "wait-1": "Die voraussichtliche Wartezeit beträgt weniger als eine Minute.",
    **{f"wait-{n}": f"Die voraussichtliche Wartezeit beträgt etwa {n} Minuten." for n in MINUTES[1:]},
    "wait-long": "Die voraussichtliche Wartezeit beträgt mehr als eine Stunde.",
    "wait-unknown": "Die voraussichtliche Wartezeit ist zurzeit nicht bekannt.",
    "price-free": "Die Wartezeit ist für Sie kostenlos.",
    "price-fixed": "Für diesen Anruf gilt ein Festpreis, wie lange Sie auch warten.",
}


def sentences(customer: CustomerEntry, sounds: SoundBook) -> Iterator[PromptEntry]:
    """The announcements that the customer's queues need."""
    for folder in {each.recordings for each in customer.queues}:
        for name in TEXTS:
            yield _prompt(name, folder, sounds)


def announcing(customer: CustomerEntry, sounds: SoundBook) -> dict[str, Announcing]:
    """What callers of each queue are told, of a customer that was checked."""
    folders = {each.recordings for each in customer.queues}
    spoken = {folder: _sentences(folder, sounds) for folder in folders}
    prompts = {each.id: each for each in customer.prompts}

    def of(queue: QueueEntry) -> Announcing:
        said = queue.announcements
        return Announcing(
            spoken[queue.recordings],
            sounds.sound(prompts[queue.greeting]) if queue.greeting is not None else None,
            said is not None and said.position,
            said is not None and said.expected_wait,
            said is not None and said.at_once,
            (sounds.sound(prompts[said.hint]),) if said is not None and said.hint is not None else (),
        )

    return {each.id: of(each) for each in customer.queues}


def _sentences(folder: str | None, sounds: SoundBook) -> Sentences:
    found = {name: sounds.sound(_prompt(name, folder, sounds)) for name in TEXTS}
    return Sentences(
        tuple(found[f"position-{n}"] for n in range(1, MAX_PLACE + 1)),
        found["position-far"],
        tuple(found[f"wait-{n}"] for n in MINUTES),
        found["wait-long"],
        found["wait-unknown"],
        found["price-free"],
        found["price-fixed"],
    )


def _prompt(name: str, folder: str | None, sounds: SoundBook) -> PromptEntry:
    recorded = f"{folder}/{name}.wav"
    form = {"file": recorded} if folder is not None and sounds.has(recorded) else {"text": TEXTS[name]}
    return PromptEntry.model_validate({"id": f"queue-{name}", **form})
