"""Commands of the program for end-to-end tests, each in a process of its own that need not import it.

Importing the program takes most of a second of a processor, and tests give hundreds of commands. One process
imports it, for each process of the tests, and forks for each command.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import count
from pathlib import Path

import click


@dataclass(frozen=True)
class _Order:
    """A command, the files for its output, the FIFO for its exit status, and when it is given up."""

    arguments: tuple[str, ...]
    out: str
    err: str
    done: str
    timeout_s: int


class Commands:
    """Use `commands()`; may be used by several threads."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fernamt-commands-")
        self._numbers = count(1)
        self._server = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )

    def run(self, arguments: Sequence[str], timeout_s: int) -> subprocess.CompletedProcess[str]:
        """`fernamt ARGUMENTS`, as subprocess.run would run it."""
        place = Path(self._folder.name) / str(next(self._numbers))
        out, err, done = (place.with_suffix(suffix) for suffix in (".out", ".err", ".done"))
        os.mkfifo(done)
        fifo = os.open(done, os.O_RDWR)  # reading alone would wait for a writer
        try:
            order = _Order(tuple(arguments), str(out), str(err), str(done), timeout_s)
            assert self._server.stdin is not None
            os.write(self._server.stdin.fileno(), json.dumps(asdict(order)).encode() + b"\n")
            answered, _, _ = select.select([fifo], [], [], timeout_s + 5)
            assert answered, f"fernamt {' '.join(arguments)} did not end within {timeout_s} s"
            code = int(os.read(fifo, 20))
        finally:
            os.close(fifo)
        found = subprocess.CompletedProcess(list(arguments), code, out.read_text(), err.read_text())
        for each in (out, err, done):
            each.unlink()
        return found

    def close(self) -> None:
        """End the process that forks."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait(10)
        self._folder.cleanup()


@cache
def commands() -> Commands:
    """Those of this process."""
    found = Commands()
    atexit.register(found.close)
    return found


def _serve() -> None:
    """Carry out what standard input orders, until it ends."""
    from cli.entry import prepare

    prepare()
    from cli.main import fernamt

    context = click.Context(fernamt)
    nouns = set(fernamt.list_commands(context))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended: the FIFO says it
    rest = b""
    while read := os.read(0, 65_536):
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            order = _Order(**json.loads(line))
            for noun in nouns.intersection(order.arguments):
                fernamt.get_command(context, noun)  # imports it, once
            if os.fork() == 0:
                _carry_out(fernamt, order)


def _carry_out(program: click.Command, order: _Order) -> None:
    """In the child, which ends here."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.alarm(order.timeout_s)
    for number, path in ((0, os.devnull), (1, order.out), (2, order.err)):
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(file, number)
        os.close(file)
    code = 1
    try:
        program.main(list(order.arguments), prog_name="fernamt")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter shows what nobody caught
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        Path(order.done).write_text(str(code))
        os._exit(code)


if __name__ == "__main__":
    _serve()
