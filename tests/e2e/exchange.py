"""A whole exchange as an operator runs it, in processes of its own, for end-to-end tests."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.lab_settings import lab_settings
from cli.layout import EXAMPLE_CARRIER, run_settings_path, write_private
from cli.settings import Settings, load_settings
from tests.e2e.commands import commands
from tests.patience import PATIENCE
from tests.ports import free_port
from tests.servers import prepare_postgres, state_directory

START_S = 150.0
STOP_S = 60.0
COMMAND_S = 150


class Exchange:
    """`fernamt up` as a child, and the program's other commands against it."""

    def __init__(
        self,
        directory: Path,
        switch: str,
        controllers: int,
        carrier: Path = EXAMPLE_CARRIER,
        amend: Callable[[dict[str, Any]], None] = lambda tree: None,
        source: Path | None = None,
    ) -> None:
        self.directory = directory
        configured = lab_settings(directory, carrier, switch, free_port)
        tree = configured.model_dump(mode="json", exclude_none=True)
        amend(tree)
        self.settings_file = write_private(directory / "fernamt.json", json.dumps(tree))
        commands()  # gets ready meanwhile
        if "database" not in tree and source is None:
            prepare_postgres(directory)
        self.log: list[str] = []
        self._up = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli.entry", *self._settings(), "up", "--controllers", str(controllers)],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=source,
            env={**os.environ, "PYTHONPATH": str(source)} if source is not None else None,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._up.wait(START_S) or self._process.poll() is not None:
            self.kill()
            raise AssertionError("the exchange did not start:\n" + "\n".join(self.log))
        self.settings: Settings = load_settings(run_settings_path(directory))

    def _settings(self) -> list[str]:
        return ["--settings", str(self.settings_file)]

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log.append(line.rstrip("\n"))
            if line.startswith("up: "):
                self._up.set()
        self._process.stderr.close()
        self._up.set()

    def run(self, *arguments: str) -> str:
        """A command of the program against this exchange: its standard output. It must succeed."""
        done = self.tried(*arguments)
        assert done.returncode == 0, f"fernamt {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def tried(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of the program against this exchange, whatever comes of it."""
        return commands().run([*self._settings(), *arguments], COMMAND_S)

    def doctor(self) -> list[dict[str, str]]:
        """What the doctor finds, faults included."""
        return json.loads(self.tried("doctor", "--json").stdout)  # type: ignore[no-any-return]

    def json(self, *arguments: str) -> Any:
        """The same for commands with --json."""
        return json.loads(self.run(*arguments, "--json"))

    def legs(self) -> list[dict[str, Any]]:
        """Every leg record that is in the database."""
        out = self.run("cdr", "export", "--from", "2020-01-01", "--to", "2100-01-01", "--format", "jsonl")
        return [json.loads(line) for line in out.splitlines()]

    def processes(self) -> dict[str, int]:
        """The process of every part that runs."""
        return json.loads((self.directory / "run" / "processes.json").read_text())  # type: ignore[no-any-return]

    def kill_part(self, name: str) -> None:
        """kill -9 of one part, and wait until it was started again (another process has its place)."""
        old = self.processes()[name]
        os.kill(old, signal.SIGKILL)
        eventually(lambda: self.processes().get(name) not in (None, old), 30.0, f"{name} to be started again")

    def freeze(self) -> None:
        """It starts nothing again any more; its parts run on."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """As an operator stops it: SIGTERM; it must end by itself with status 0."""
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(STOP_S) == 0, "\n".join(self.log)
        self._reader.join(5.0)

    def kill(self) -> None:
        """End it whatever it does."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(STOP_S)


def eventually(holds: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Wait until something is so; fail when it is not in PATIENCE times the time."""
    assert comes_true(holds, PATIENCE * timeout_s), f"waited {PATIENCE} x {timeout_s} s in vain for {what}"


def comes_true(holds: Callable[[], bool], timeout_s: float) -> bool:
    """Wait until something is so; whether it was in time."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not holds():
        if time.monotonic() >= deadline:
            return False
        pause.wait(0.05)
    return True


@contextmanager
def exchange(
    switch: str,
    controllers: int = 1,
    carrier: Path = EXAMPLE_CARRIER,
    amend: Callable[[dict[str, Any]], None] = lambda tree: None,
    source: Path | None = None,
) -> Iterator[Exchange]:
    """An exchange with this carrier on this switch, stopped in order at the end. `amend`: the settings;
    `source`: where the program's files are, when not here."""
    with state_directory() as directory:
        running = Exchange(directory, switch, controllers, carrier, amend, source)
        try:
            yield running
            running.stop()
        finally:
            running.kill()


def switch_missing(switch: str) -> str | None:
    """Why tests on this switch cannot run here, or None."""
    if switch == "freeswitch" and shutil.which("freeswitch") is None:
        return "there is no freeswitch program on this machine"
    return None
