"""From an earlier release to this one while calls are up: none is dropped, none refused, none recorded twice
(docs/operation.md, Upgrade)."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from cli.demonstration.stage import Stage, staged
from freeswitch.probe import takes_calls
from lab.robots import Answer
from tests.architecture.program import ROOT
from tests.archives import unpack
from tests.e2e.exchange import STOP_S, Exchange, eventually, exchange
from tests.servers import state_directory

#: The release before; its schema is an earlier one.
BEFORE: Final = "4500f3d"
NUMBER: Final = "+492214710163"


@contextmanager
def release_before() -> Iterator[Path]:
    """Its source, from this repository's history."""
    with state_directory() as directory:
        packed = subprocess.run(
            ["git", "-C", str(ROOT), "archive", BEFORE],  # noqa: S607 - the machine's own
            capture_output=True,
            check=False,
            timeout=60,
        )
        if packed.returncode != 0:
            pytest.skip("this copy of the repository has no history: the release before is not in it")
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            unpack(archive, directory)
        yield directory


class Program:
    """A part of one release as a process, as a service manager runs it."""

    def __init__(self, source: Path, running: Exchange, *arguments: str) -> None:
        settings = running.directory / "run" / "settings.json"
        command = [sys.executable, "-m", "cli.entry", "--settings", str(settings), *arguments]
        environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
        log = (running.directory / "log" / f"{source.name}-{arguments[-1].replace(':', '-')}.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                command, cwd=source, env=environment, stderr=log, stdout=log, start_new_session=True
            )

    def stop(self) -> None:
        """As `systemctl stop` does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(STOP_S)


@contextmanager
def controller(source: Path, running: Exchange, number: int) -> Iterator[None]:
    """Controller `number` of this release, until the end of the block."""
    address = running.settings.controllers[number]
    program = Program(source, running, "controller", "run", "--listen", "{}:{}".format(*address))
    try:
        eventually(lambda: takes_calls(address), 60, "the controller to take calls")
        yield
    finally:
        program.stop()


def places_a_call(stage: Stage) -> None:
    call = stage.call("carrier-a", NUMBER, talk_ms=200)
    call.wait("answered", 10)
    call.wait("ended", 20)


def without_what_came_later(tree: dict[str, Any]) -> None:
    """Operators' settings hold what their release knows."""
    for name in ("trace_minutes", "operators"):
        del tree[name]
    for name in ("carrier_tls", "trunk_tls", "phone_tls", "teams", "wss"):
        del tree["node"]["ports"][name]
    del tree["node"]["silence_s"]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_calls_go_on_and_new_ones_come_through_while_each_part_is_replaced(switch: str) -> None:
    with (
        release_before() as before,
        exchange(
            switch, 0, before / "examples" / "carrier", without_what_came_later, source=before
        ) as running,
        staged(running.settings) as stage,
        ExitStack() as first,
        ExitStack() as second,
        ExitStack() as third,
    ):
        stage.robot("bau-1").on_call(Answer(after_ms=50), NUMBER)
        first.enter_context(controller(before, running, 0))
        second.enter_context(controller(before, running, 1))
        places_a_call(stage)
        long_call = stage.call("carrier-a", NUMBER)
        long_call.wait("answered", 10)

        running.run("database", "upgrade")
        # As `systemctl stop fernamt-intake`: what is in work is not finished, which does no harm.
        running.freeze()
        third.callback(running.thaw)
        os.kill(running.processes()["intake"], signal.SIGKILL)
        intake = Program(ROOT, running, "cdr", "intake")
        third.callback(intake.stop)
        places_a_call(stage)  # controllers of before go on with the new schema
        first.close()
        places_a_call(stage)  # one is down: the next address is asked
        first.enter_context(controller(ROOT, running, 0))
        places_a_call(stage)
        second.close()
        places_a_call(stage)
        second.enter_context(controller(ROOT, running, 1))
        places_a_call(stage)

        # Only calls go wrong: controllers alone go back, with the newer schema and intake (Going back).
        first.close()
        first.enter_context(controller(before, running, 0))
        second.close()
        places_a_call(stage)

        assert long_call.report().ended_by is None, "the call of before is still up"
        long_call.hangup()
        long_call.wait("ended", 10)
        eventually(lambda: len(legs(running)) >= 16, 60, "both records of eight calls")
        found = legs(running)
        assert len({leg["leg_id"] for leg in found}) == len(found) == 16
        assert {leg["reason_id"] for leg in found} == {"in.trunk"}, "no call met the static dialplan"


def legs(running: Exchange) -> list[dict[str, Any]]:
    return [leg for leg in running.legs() if leg["b_number"] == NUMBER]
