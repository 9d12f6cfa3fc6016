"""SIPp on every side of the exchange: who calls, who is called, and the files that tell what they saw."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.calls.child import Child
from benchmarks.exchange_load.carrier import (
    CALLS_IN,
    CALLS_OUT,
    IS_CALLED,
    MAIN_NUMBER,
    TAKES,
    TAKES_TOO,
    called_in,
    called_out,
)
from benchmarks.exchange_load.seen import Dialled, dialled, offered
from cli.settings import Settings
from cli.wiring.carrier import compile_carrier, load_carrier

_HOST: Final = "127.0.0.1"
_CALLER: Final = Path(__file__).parent / "scenarios" / "caller.xml"
_CALLEE: Final = Path(__file__).parents[1] / "calls" / "scenarios" / "uas.xml"
_LOG: Final = "messages.log"
#: The caller from outside.
_MOBILE: Final = "+4915228817386"
#: Different numbers before they come again.
_NUMBERS: Final = 1_000
#: Longest call: two waits for a controller, the tone, and a second trunk.
_LONGEST_S: Final = 70.0


@dataclass(frozen=True, slots=True)
class Load:
    """So many ordinary calls, half of them in and half out, and so many to 110 and 112 between them.

    `rate`: all of them in a second.
    """

    calls: int
    emergency: int
    rate: float

    @property
    def outgoing(self) -> int:
        """Calls that the customer places."""
        return self.calls // 2 + self.emergency

    @property
    def incoming(self) -> int:
        return self.calls - self.calls // 2


class Sides:
    """Everybody around the exchange; one load after the other."""

    def __init__(self, settings: Settings, folder: Path, running: ExitStack) -> None:
        trunks = compile_carrier(settings, load_carrier(settings), 0).trunks
        self._ports = {name: trunk.address.port for name, trunk in trunks.items() if trunk.address}
        self._node = settings.node
        self._folder = folder
        self._loads: list[Path] = []
        self._callees = [self._callee(name, running) for name in (TAKES, TAKES_TOO, IS_CALLED)]

    def begin(self, load: Load) -> Running:
        """Start the calls; `wait` for their end, or `finish` when it is enough."""
        total = load.outgoing + load.incoming
        share = load.outgoing / total
        out = self._caller(CALLS_OUT, _outgoing(load), load.outgoing, load.rate * share)
        into = self._caller(CALLS_IN, _incoming(), load.incoming, load.rate * (1 - share))
        return Running((out, into), total / load.rate + _LONGEST_S)

    def dialled(self) -> list[Dialled]:
        """Every call of every load so far, as the callers saw it."""
        return [each for folder in self._loads for each in _read(folder)]

    def offered(self) -> list[str]:
        """The Call-IDs of all calls that reached somebody who is called."""
        return [each for folder in self._callees for each in _offered(folder)]

    def _callee(self, name: str, running: ExitStack) -> Path:
        folder = self._folder / name
        folder.mkdir(parents=True)
        child = Child(name, [*_sipp(_CALLEE, self._ports[name]), "-aa", _HOST], folder)
        running.callback(child.stop, grace_s=2.0)
        return folder

    def _caller(self, name: str, rows: Sequence[str], calls: int, rate: float) -> Child:
        folder = self._folder / f"{name}-{len(self._loads)}"
        folder.mkdir()
        self._loads.append(folder)
        (folder / "calls.csv").write_text("SEQUENTIAL\n" + "".join(f"{row}\n" for row in rows))
        ports = self._node.ports
        to = ports.carrier if name == CALLS_IN else ports.trunk
        options = ["-inf", "calls.csv", "-r", f"{rate:.3f}", "-m", str(calls), "-l", str(calls)]
        return Child(name, [*_sipp(_CALLER, self._ports[name]), *options, f"{_HOST}:{to}"], folder)


@dataclass(frozen=True, slots=True)
class Running:
    """A load that is being put on."""

    callers: tuple[Child, ...]
    limit_s: float

    @property
    def running(self) -> bool:
        """Whether calls are still being made."""
        return any(each.running for each in self.callers)

    def wait(self, limit_s: float | None = None) -> None:
        """Until all calls are over. Raises ChildFailed when they are not in time."""
        limit_s = self.limit_s if limit_s is None else limit_s
        for each in self.callers:
            if each.wait(limit_s) is None:
                each.stop()
                raise each.failure(f"did not end its calls within {limit_s:.0f} s")

    def finish(self) -> None:
        """No further calls; wait for those that are up."""
        for each in self.callers:
            if each.running:
                os.kill(each.pid, signal.SIGUSR1)
        self.wait(_LONGEST_S)

    def stop(self) -> None:
        """End it at once."""
        for each in self.callers:
            each.stop(grace_s=2.0)


@contextmanager
def sides(settings: Settings, folder: Path) -> Iterator[Sides]:
    """Who is called is there from the beginning."""
    with ExitStack() as running:
        yield Sides(settings, folder, running)


def _sipp(scenario: Path, port: int) -> list[str]:
    return [
        *("sipp", "-sf", str(scenario), "-nostdin", "-i", _HOST, "-mi", _HOST, "-p", str(port)),
        *("-trace_shortmsg", "-shortmessage_file", _LOG),
    ]


def _outgoing(load: Load) -> list[str]:
    """Emergency calls evenly between the others; every other one of them to the police."""
    every = load.outgoing // load.emergency if load.emergency else 0
    rows = []
    for number in range(every * 2 if every else _NUMBERS):
        urgent = every and number % every == every - 1
        rows.append(f"{MAIN_NUMBER};{('112', '110')[number // every % 2] if urgent else called_out(number)}")
    return rows


def _incoming() -> list[str]:
    return [f"{_MOBILE};{called_in(number)}" for number in range(_NUMBERS)]


def _offered(folder: Path) -> list[str]:
    with (folder / _LOG).open(errors="replace") as lines:
        return offered(lines)


def _read(folder: Path) -> list[Dialled]:
    with (folder / _LOG).open(errors="replace") as lines:
        return dialled(lines)
