"""CDR intake: from the switch's files to the store, each leg exactly once (guarantee 4).

The order is: read, insert with the leg id as key, remove the file. A crash between the last two is
harmless, because inserting again changes nothing. So nothing is lost and nothing counted twice, whatever
dies, and any number of intakes may work on one directory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic

import structlog

from controller.ports import File, RecordSpool, RecordStore
from dialplan.cdr import LegRecord, RecordUnreadable

_log = structlog.get_logger(__name__)

#: Files per transaction: large enough to be fast, small enough to hold in memory (60 KB each).
BATCH: Final = 200
#: A file that makes no sense and has not changed for this long is not being written any more.
GIVE_UP_AFTER_S: Final = 10.0
#: Files that could not be taken away and are read again beside a whole batch.
_MOST_STUCK: Final = 300


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did: legs new and known before, files quarantined and left for later. `stuck`: files
    that are stored and that the disk does not let go. `unread`: files that cannot be read."""

    new: int = 0
    known: int = 0
    quarantined: int = 0
    waiting: int = 0
    stuck: int = 0
    unread: int = 0

    @property
    def idle(self) -> bool:
        """Nothing moved: time to rest."""
        return not (self.new or self.known or self.quarantined)


class Intake(Generic[File]):
    """One spool, one store. `noticed` is told of every new leg."""

    def __init__(
        self,
        spool: RecordSpool[File],
        store: RecordStore,
        parse: Callable[[bytes], LegRecord],
        noticed: Callable[[LegRecord], None] = lambda _: None,
    ) -> None:
        self._spool = spool
        self._store = store
        self._parse = parse
        self._noticed = noticed
        self._stuck: set[Path] = set()
        self._why = ""
        self._unread: frozenset[Path] = frozenset()

    def round(self) -> Round:
        """Take in one batch. Raises StoreAway and OSError; every file is still there then.

        A file that cannot be taken away (a disk that is full or read-only) is tried again each round: it is
        stored once, whatever is read again, and holds nobody up.
        """
        self._stuck, before = set(), self._stuck
        done = self._batch(BATCH + min(len(before), _MOST_STUCK))
        if self._stuck and not before:
            _log.error("records are stored and their files stay", files=len(self._stuck), why=self._why)
        return done

    def _batch(self, limit: int) -> Round:
        good: dict[str, tuple[File, LegRecord]] = {}
        bad: list[tuple[File, str, str]] = []
        waiting = known = 0
        for file in self._spool.pending(limit):
            try:
                record = self._parse(file.content)
            except RecordUnreadable as problem:
                if self._spool.rested_s(file) < GIVE_UP_AFTER_S:
                    waiting += 1
                else:
                    bad.append((file, problem.reason_id, str(problem)))
                continue
            twin = good.setdefault(record.leg_id, (file, record))[0]
            if twin is not file:  # the same leg in two files: the other one will do
                known += self._away(file, self._spool.remove)
        inserted, refused = self._insert(good)
        gone = set(inserted)
        aside = sum(self._quarantine(*each) for each in bad + refused)
        kept = {file.path for file, _, _ in bad + refused} | self._stuck
        known += sum(leg_id not in gone and file.path not in kept for leg_id, (file, _) in good.items())
        return Round(len(inserted), known, aside, waiting, len(self._stuck), self._cannot_read())

    def _cannot_read(self) -> int:
        """How many files cannot be read and stay; told when there are others than before."""
        found = self._spool.unread
        if fresh := sorted(found.keys() - self._unread):
            _log.error(
                "records cannot be read and stay", files=len(found), file=str(fresh[0]), why=found[fresh[0]]
            )
        self._unread = frozenset(found)
        return len(found)

    def _insert(
        self, good: dict[str, tuple[File, LegRecord]]
    ) -> tuple[Sequence[str], list[tuple[File, str, str]]]:
        """Insert the batch; a record that the store refuses does not hold up the others."""
        if not good:
            return (), []
        outcome = self._store.insert_legs([(record, file.content) for file, record in good.values()])
        refused = [
            (good[leg_id][0], "cdr.refused", f"leg {leg_id}: {error}") for leg_id, error in outcome.refused
        ]
        to_quarantine = {leg_id for leg_id, _ in outcome.refused}
        for leg_id, (file, _) in good.items():
            if leg_id not in to_quarantine:
                self._away(file, self._spool.remove)
        for leg_id in outcome.new:
            self._noticed(good[leg_id][1])
        return outcome.new, refused

    def _quarantine(self, file: File, reason_id: str, sentence: str) -> bool:
        """Whether the file is out of the way; it is in the store in any case."""
        self._store.quarantine(
            file_name=file.path.name, reason_id=reason_id, sentence=sentence, content=file.content
        )
        if not self._away(file, self._spool.set_aside):
            return False
        _log.error("CDR quarantined", file=str(file.path), reason=reason_id, sentence=sentence)
        return True

    def _away(self, file: File, how: Callable[[File], None]) -> bool:
        try:
            how(file)
        except OSError as error:
            self._stuck.add(file.path)
            self._why = str(error)
            return False
        return True
