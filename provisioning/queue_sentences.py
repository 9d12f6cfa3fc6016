"""What waiting callers are told, in German: spoken sentences, or recordings of the customer's own (C1,
C10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from acd.announcing import MAX_PLACE, MINUTES, Announcing, Sentences
from dialplan.plans.nodes import CallbackSpeech
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
    "callback-offer": "Wir rufen Sie zurück, sobald Sie an der Reihe sind. Unter der Nummer, mit der Sie "
    "anrufen: die 1. Unter einer anderen Nummer: die 2. Kein Rückruf: Stern.",
    "callback-enter": "Bitte geben Sie die Rufnummer mit Vorwahl ein und drücken Sie dann die Rautetaste.",
    "callback-is-it": "Sie haben eingegeben:",
    **{f"digit-{digit}": f"{digit}." for digit in range(10)},
    "callback-check": "Ist das richtig? Ja: die 1. Nein: die 2.",
    "callback-refused": "Diese Nummer können wir nicht anrufen.",
    "callback-noted": "Ihr Rückruf ist vorgemerkt. Auf Wiederhören.",
    "callback-agent": "Rückruf. Der Anrufer wird jetzt gerufen.",
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
            sounds.sound(_prompt("callback-agent", queue.recordings, sounds)),
        )

    return {each.id: of(each) for each in customer.queues}


def callback_speech(queue: QueueEntry, sounds: SoundBook) -> CallbackSpeech:
    """What callers hear who may be called back for the queue."""

    def said(name: str) -> str:
        return sounds.sound(_prompt(name, queue.recordings, sounds))

    return CallbackSpeech(
        offer=said("callback-offer"),
        enter=said("callback-enter"),
        is_it=said("callback-is-it"),
        digits=tuple(said(f"digit-{digit}") for digit in range(10)),
        check=said("callback-check"),
        refused=said("callback-refused"),
        noted=said("callback-noted"),
    )


def _sentences(folder: str | None, sounds: SoundBook) -> Sentences:
    found = {name: sounds.sound(_prompt(name, folder, sounds)) for name in TEXTS if not _of_callbacks(name)}
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


def _of_callbacks(name: str) -> bool:
    return name.startswith(("callback-", "digit-"))
