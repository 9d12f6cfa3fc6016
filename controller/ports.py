"""What the service layer needs of the outside world. Adapters live in `freeswitch`, `store`, `cli`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from dialplan.cdr import LegRecord
from dialplan.live import LiveCall, LiveChange


class RecordFile(Protocol):
    """A leg's record as the switch wrote it."""

    @property
    def path(self) -> Path: ...
    @property
    def content(self) -> bytes: ...


File = TypeVar("File", bound=RecordFile)


class RecordSpool(Protocol[File]):
    """Where the switch leaves its records. The methods raise OSError.

    `rested_s`: for how long a file of the last look has been as it is, by a clock that nobody sets. `unread`:
    what the last look could not read, each with why.
    """

    @property
    def unread(self) -> Mapping[Path, str]: ...
    def pending(self, limit: int) -> Iterable[File]: ...
    def rested_s(self, file: File) -> float: ...
    def remove(self, file: File) -> None: ...
    def set_aside(self, file: File) -> None: ...


class Inserted(Protocol):
    """What became of a batch. `refused`: leg ids that break a rule of the store, each with why."""

    @property
    def new(self) -> Sequence[str]: ...
    @property
    def refused(self) -> Sequence[tuple[str, Exception]]: ...


class RecordStore(Protocol):
    """Where records are kept: each leg once, whatever is said twice. Raises StoreAway."""

    def insert_legs(self, legs: Sequence[tuple[LegRecord, bytes]]) -> Inserted: ...
    def quarantine(self, *, file_name: str, reason_id: str, sentence: str, content: bytes) -> None: ...


class LiveCallStore(Protocol):
    """The calls that are up now, seen by every controller and by operators. May lose everything.

    `write` carries changes out in their order. Raises StoreAway.
    """

    def write(self, changes: Sequence[LiveChange]) -> None: ...
    def calls_of(self, node: str) -> Sequence[LiveCall]: ...
    def replace_node(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None: ...
