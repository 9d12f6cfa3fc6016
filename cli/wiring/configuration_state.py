"""What each controller of this machine works with, in a small file each: for `fernamt doctor` and tests.

run/controller-HOST-PORT.json: process, version in force, newest version, and why that is not in force.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import gevent
import structlog

from cli.layout import write_private
from cli.settings import Settings
from cli.wiring.applied import AppliedCarrier
from cli.wiring.this_machine import cache_path
from cli.wiring.version_cache import write_cache
from controller.configuration import ConfigurationState
from controller.rounds import Rounds
from store.errors import StoreError
from store.versions_in_force import InForce, VersionsInForce

_log = structlog.get_logger(__name__)
_PATTERN: Final = "controller-*.json"
_TELL_S: Final = 1.0


class StateFile:
    """Writes one controller's state, and the version in force into the cache, when either changes."""

    def __init__(self, settings: Settings, name: str, carrier: AppliedCarrier) -> None:
        self._path = _directory(settings) / f"controller-{name.replace(':', '-')}.json"
        self._cache = cache_path(settings)
        self._name = name
        self._carrier = carrier
        self._cached: int | None = None
        self._writer: gevent.Greenlet[[], None] | None = None

    def write(self, state: ConfigurationState) -> None:
        """The state at once, the cache in the background."""
        content = {"controller": self._name, "process": os.getpid(), **asdict(state)}
        try:
            write_private(self._path, json.dumps(content))
        except OSError as error:
            _log.warning("the controller's state is not written", error=str(error))
        if state.in_force != self._cached and (self._writer is None or self._writer.ready()):
            self._writer = gevent.spawn(self._write_cache)

    def _write_cache(self) -> None:
        """Again until what was written is what is in force: a newer version may come meanwhile."""
        while self._cached != (version := self._carrier.version):
            items = tuple(self._carrier.items.values())
            try:
                write_cache(self._cache, version, items, breathe=lambda: gevent.sleep(0))
            except OSError as error:
                _log.warning("the configuration is not cached", file=str(self._cache), error=str(error))
                return
            self._cached = version


class TellVersion(Rounds):
    """Tells every second in Redis which version a controller works with; nothing while Redis is away."""

    def __init__(
        self, board: VersionsInForce, controller: str, node: str, state: Callable[[], ConfigurationState]
    ) -> None:
        super().__init__(self._tell, _TELL_S, "the version in force is not told")
        self._board = board
        self._controller = controller
        self._node = node
        self._state = state
        self._why = ""

    @property
    def told(self) -> bool:
        """Whether Redis took it the last time."""
        return not self._why

    def _tell(self) -> None:
        now, why = self._state(), ""
        try:
            self._board.put(InForce(self._controller, self._node, now.in_force, now.wanted, now.problem))
        except StoreError as error:
            why = error.id
            if why != self._why:
                _log.warning("Redis takes nothing", error=str(error))
        if self._why and not why:
            _log.info("Redis takes what it is told again")
        self._why = why


@dataclass(frozen=True, slots=True)
class ControllerState:
    """One controller of this machine as it wrote itself down."""

    controller: str
    process: int
    state: ConfigurationState

    @property
    def alive(self) -> bool:
        """Whether its process still runs."""
        return Path(f"/proc/{self.process}").exists()


def controllers_of(settings: Settings) -> Sequence[ControllerState]:
    """All controllers of this machine that run."""
    found = []
    for path in sorted(_directory(settings).glob(_PATTERN)):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            name, process = str(content.pop("controller")), int(content.pop("process"))
            found.append(ControllerState(name, process, ConfigurationState(**content)))
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("a controller's state cannot be read", file=str(path), error=str(error))
    return [each for each in found if each.alive]


def _directory(settings: Settings) -> Path:
    return settings.state_dir / "run"
