"""What the two embedded servers have in common: one life cycle, from leftovers of the last run to the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from store.embedded import process
from store.embedded.accounts import Account, server_account
from store.embedded.diagnosis import diagnose, still_held
from store.embedded.home import ServerHome, free_port, os_errors, port_is_free
from store.embedded.process import ProcessId
from store.errors import PortTaken, ServerStartFailed

#: How often a start is tried again while parts of a killed run are still ending.
_ATTEMPTS = 50


class EmbeddedServer(ABC):
    """A server in STATE/name: a direct child that ends with this process, on 127.0.0.1, with a password.

    Start and stop are for the main thread; greenlets of it are fine. While this object lives the server
    keeps its port over restarts, so `url` stays true. `url` and `alive` also serve other processes.
    """

    name: ClassVar[str]
    #: Names that the server's program has in /proc.
    programs: ClassVar[frozenset[str]]
    #: Signals to end it with, gentlest first, and the seconds each is given.
    stop_steps: ClassVar[Sequence[tuple[int, float]]]
    ready_timeout_s: ClassVar[float]

    def __init__(self, state_dir: Path) -> None:
        self._home = ServerHome(state_dir, self.name)
        self._process: ProcessId | None = None
        self._port: int | None = None

    @property
    def url(self) -> str:
        """Where it is, with the password. Raises ServerStartFailed before the first start."""
        port = self._port or self._home.remembered_port()
        if port is None:
            raise ServerStartFailed(str(self._home.path), "it was never started", "Start it: fernamt up")
        return self._url(port)

    @property
    def pid(self) -> int | None:
        """The server's process while we run it."""
        return self._process.pid if self._process is not None else None

    def alive(self) -> bool:
        """Whether the server's process runs, ours or that of another fernamt on this state directory."""
        if self._process is not None:
            return process.is_running(self._process)
        return bool(process.servers_in(self._home.data, self.programs))

    def start(self) -> str:
        """Start it, or do nothing when it runs; returns `url`. Raises EmbeddedServerError's children.

        When it fails nothing of it is left running, and it may be tried again.
        """
        if self._process is not None and process.is_running(self._process):
            return self.url
        account = server_account()
        with os_errors(str(self._home.path)):
            self._home.prepare(account)
            try:
                self._end_leftovers()
                program = self._prepare(account)
                self._port = self._choose_port()
                self._run(program, account, self._port)
                self._home.remember_port(self._port)
            except BaseException:
                self.stop()
                raise
        return self.url

    def stop(self) -> None:
        """End it in order. What was committed or answered stays."""
        if self._process is not None:
            process.end([self._process], self.stop_steps)
            self._process = None
        self._home.release()

    def _run(self, program: Path, account: Account, port: int) -> None:
        place = str(self._home.path)
        for _attempt in range(_ATTEMPTS):
            offset = self._home.log_size()
            self._process = started = process.spawn(
                self._command(program, port),
                account=account,
                directory=self._home.data,
                log=self._home.log,
                death_signal=self.stop_steps[0][0],
            )
            if self._became_ready(started, port):
                return
            said = self._home.log_since(offset)
            if process.is_running(started) or not still_held(said):
                raise diagnose(place, said, str(self._home.log))
            self._end_leftovers()
        raise ServerStartFailed(place, "parts of the last run do not end", f"Read {self._home.log}")

    def _became_ready(self, started: ProcessId, port: int) -> bool:
        """Wait for the server to answer, or to end, or for its time to be over."""
        ready = False

        def settled() -> bool:
            nonlocal ready
            running = process.is_running(started)
            ready = running and self._ready(port)
            return ready or not running

        process.wait_until(settled, self.ready_timeout_s)
        return ready

    def _end_leftovers(self) -> None:
        """End what an earlier run left behind, provably ours by program and data directory."""
        main = self._main_pid()
        leftovers = process.servers_in(self._home.data, self.programs)
        process.end([one for one in leftovers if main is None or one.pid == main], self.stop_steps)
        leftovers = process.servers_in(self._home.data, self.programs)
        if not process.end(leftovers, self.stop_steps[1:]):
            raise ServerStartFailed(
                str(self._home.path),
                "a server of an earlier run does not end",
                "End it, or restart the machine",
            )

    def _choose_port(self) -> int:
        """The port of this run, or else the remembered one when it is free, or else another."""
        if self._port is not None:
            if port_is_free(self._port):
                return self._port
            raise PortTaken(
                str(self._home.path),
                f"another program took port {self._port} of 127.0.0.1 while the server was down",
                "Stop that program; the server then starts by itself",
            )
        remembered = self._home.remembered_port()
        return remembered if remembered is not None and port_is_free(remembered) else free_port()

    def _main_pid(self) -> int | None:
        """The process among leftovers that ends the others; None: there is only one kind."""
        return None

    @abstractmethod
    def _prepare(self, account: Account) -> Path:
        """Find the program, make the data directory; returns the program's path."""

    @abstractmethod
    def _command(self, program: Path, port: int) -> list[str]:
        """The command line."""

    @abstractmethod
    def _ready(self, port: int) -> bool:
        """Whether it answers now; must not take longer than a second."""

    @abstractmethod
    def _url(self, port: int) -> str: ...
