"""The configuration in force: a newer version is noticed, compiled and swapped in, off the call path.

One greenlet asks the store twice a second for the version's number, fetches what differs, has it compiled in
slices with a breath between, brings the switch's own configuration in line, and swaps. Calls that are up keep
what was decided for them. A version that cannot be compiled (a secret is missing on this machine) leaves the
old one in force and is tried again: an exchange with an old configuration beats one with none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import structlog
from gevent import Greenlet, sleep, spawn
from gevent.event import Event as Flag

from controller.errors import NodeAway, StoreAway, VersionRefused
from dialplan.snapshot import Snapshot

_log = structlog.get_logger(__name__)

POLL_S: Final = 0.5
#: Between two attempts at a version that could not be compiled.
RETRY_S: Final = 10.0

Changes = TypeVar("Changes", contravariant=True)
Changed = TypeVar("Changed", covariant=True)
C = TypeVar("C")


class VersionSource(Protocol[Changed]):
    """Where versions are applied. All methods raise StoreAway."""

    def current(self) -> int:
        """The number of the version in force."""
        ...

    def changes(self, since: int, to: int) -> Changed:
        """What turns one version into another."""
        ...


class Compiler(Protocol[Changes]):
    """Makes snapshots. Keeps the last one as the base for changes; both raise VersionRefused."""

    def compile(self, changes: Changes, breathe: Callable[[], None]) -> Snapshot:
        """The snapshot with these changes. Nothing of them stays when this raises."""
        ...

    def due(self, breathe: Callable[[], None]) -> Snapshot | None:
        """A new snapshot of the same version when the calendar changed something, else None."""
        ...


class Node(Protocol):
    """The switch's own configuration. Both raise NodeAway; both may be repeated."""

    def prepare(self, snapshot: Snapshot) -> None:
        """Bring in what the snapshot has; what it does not have stays for calls decided before."""
        ...

    def retire(self, snapshot: Snapshot) -> None:
        """Take out what the snapshot does not have."""
        ...


@dataclass(frozen=True, slots=True)
class ConfigurationState:
    """What a controller works with. `wanted` is the newest version; `problem` says why it is not in force."""

    in_force: int
    wanted: int
    problem: str = ""


class Configuration:
    """Keeps the snapshot in force the newest one. `start` it with the first snapshot swapped in already.

    `swap` takes a new snapshot, `report` is told of every new state. Nothing here runs on the call path.
    """

    def __init__(
        self,
        source: VersionSource[C],
        compiler: Compiler[C],
        node: Node,
        *,
        first: Snapshot,
        swap: Callable[[Snapshot], None],
        report: Callable[[ConfigurationState], None],
        breathe: Callable[[], None] = lambda: sleep(0),
    ) -> None:
        self._look_for: Callable[[int, int], Snapshot] = lambda since, to: compiler.compile(
            source.changes(since, to), breathe
        )
        self._current = source.current
        self._due: Callable[[], Snapshot | None] = lambda: compiler.due(breathe)
        self._node = node
        self._swap = swap
        self._report = report
        self._in_force = first
        self._node_behind = True
        self._away = False
        #: The version that could not be compiled, and how long it is left alone.
        self._refused = 0
        self._rest_s = 0.0
        self._state: ConfigurationState | None = None
        self._stopping = Flag()
        self._watcher: Greenlet[[], None] | None = None

    @property
    def version(self) -> int:
        """The version in force."""
        return self._in_force.version

    @property
    def state(self) -> ConfigurationState:
        """What was reported last."""
        return self._state or ConfigurationState(self.version, self.version)

    def start(self) -> None:
        """Begin to watch."""
        self._tell(self.version, "")
        self._watcher = spawn(self._watch)

    def stop(self, timeout_s: float) -> None:
        """End, at most after `timeout_s`."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join(timeout=timeout_s)

    def _watch(self) -> None:
        while not self._stopping.wait(POLL_S):
            try:
                self.look()
            except Exception:  # noqa: BLE001 - a defect must not end the watch: the next version may mend it
                _log.exception("the look for a new configuration failed")

    def look(self) -> None:
        """One look at the store: swap when there is something new. Raises nothing of the controller's."""
        try:
            newest = self._current()
        except StoreAway as error:
            if not self._away:
                _log.warning("the database is away; the configuration stays", error=str(error))
            self._away = True
            newest = self.version
        else:
            self._away = False
        self._rest_s = max(0.0, self._rest_s - POLL_S)
        if newest != self.version and not (newest == self._refused and self._rest_s):
            self._bring(newest)
        elif newest == self.version:
            self._forget_refused()
            self._calendar()
        if self._node_behind:
            self._keep_node()

    def _bring(self, newest: int) -> None:
        try:
            snapshot = self._look_for(self.version, newest)
        except StoreAway as error:
            _log.warning("the new configuration could not be read; tried again", error=str(error))
        except VersionRefused as error:
            self._refused, self._rest_s = newest, RETRY_S
            _log.error(
                "the new configuration cannot be used here; the old one stays",
                version=newest,
                in_force=self.version,
                error=str(error),
            )
            self._tell(newest, str(error))
        else:
            self._put(snapshot)

    def _forget_refused(self) -> None:
        """Nobody wants any more what could not be compiled: when it is wanted again it is tried at once."""
        self._refused, self._rest_s = 0, 0.0
        if self._state is not None and self._state.wanted != self.version:
            self._tell(self.version, "")

    def _calendar(self) -> None:
        try:
            snapshot = self._due()
        except VersionRefused as error:
            _log.error("today's configuration cannot be used here", error=str(error))
            self._tell(self.version, str(error))
            return
        if snapshot is not None:
            self._put(snapshot)

    def _put(self, snapshot: Snapshot) -> None:
        """The switch learns of new trunks before calls are sent there, and forgets old ones after."""
        self._on_node("prepare", lambda: self._node.prepare(snapshot))
        self._in_force = snapshot
        self._swap(snapshot)
        if not self._node_behind:
            self._on_node("retire", lambda: self._node.retire(snapshot))
        self._tell(snapshot.version, "")

    def _keep_node(self) -> None:
        self._on_node("prepare", lambda: self._node.prepare(self._in_force))
        if not self._node_behind:
            self._on_node("retire", lambda: self._node.retire(self._in_force))

    def _on_node(self, step: str, work: Callable[[], None]) -> None:
        try:
            work()
        except NodeAway as error:
            if not self._node_behind:
                _log.warning(
                    "the switch does not know the new configuration yet; tried again",
                    step=step,
                    error=str(error),
                )
            self._node_behind = True
        else:
            self._node_behind = False

    def _tell(self, wanted: int, problem: str) -> None:
        state = ConfigurationState(self.version, wanted, problem)
        if state != self._state:
            self._state = state
            self._report(state)
