"""The switch under test as a process, its records, and two plain Event Socket ends to drive it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.integration.lab_switch.configuration import PASSWORD, Ports, write_configuration

START_S = 20.0
WAIT_S = 10.0
DIALPLAN = Path(__file__).with_name("dialplan.xml")


class SwitchUnderTest:
    """A running switch: `program` is lab or freeswitch."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self.ports = Ports.free()
        write_configuration(folder, self.ports, DIALPLAN.read_text())
        self.process = subprocess.Popen(
            self._command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder
        )
        self.first_line = ""
        try:
            if program == "lab":
                assert self.process.stdout is not None
                self.first_line = self.process.stdout.readline()
            self._wait_for_event_socket()
        except BaseException:
            self.stop()
            raise

    def _command(self) -> list[str]:
        folders = [
            word for name in ("conf", "log", "db", "run") for word in (f"-{name}", f"{self.folder}/{name}")
        ]
        if self.program == "lab":
            return [sys.executable, "-m", "lab", "switch", *folders, "-heartbeat", "1"]
        program = shutil.which("freeswitch")
        assert program is not None
        modules = Path(program).resolve().parents[1] / "lib/freeswitch/mod"
        return [program, "-nonat", "-nf", "-nc", *folders, "-mod", str(modules)]

    def _wait_for_event_socket(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                with InboundSocket(self.ports.event_socket) as client:
                    if "carrier" in client.api("sofia status") and "RUNNING" in client.api("sofia status"):
                        return
            except OSError:
                assert self.process.poll() is None, self.process.stdout and self.process.stdout.read()
            assert time.monotonic() < deadline, "the switch does not answer"
            threading.Event().wait(0.05)

    def stop(self) -> int:
        """SIGTERM; the exit status. Kills what does not end in ten seconds."""
        self.process.terminate()
        try:
            status = self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status

    # -- records --------------------------------------------------------------------------------

    def record(self, wanted: Callable[[Mapping[str, str]], bool], side: str = "a") -> dict[str, Any]:
        """The json_cdr file whose variables are wanted; waits for it."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            for path in (self.folder / "cdr").glob("*.cdr.json"):
                if path.name.startswith("a_") != (side == "a"):
                    continue
                try:
                    content = json.loads(path.read_text())
                except ValueError:
                    continue  # FreeSWITCH writes in place: it is not complete yet
                if wanted(content["variables"]):
                    found.append(content)
            return bool(found)

        wait_until(look, "a record")
        return found[-1]

    def leg_record(self, call_id: str) -> dict[str, Any]:
        """The A leg of the call with this SIP Call-ID."""
        return self.record(lambda variables: variables.get("sip_call_id") == call_id)

    def other_leg_record(self, a_leg: Mapping[str, Any], gateway: str = "gut") -> dict[str, Any]:
        """A leg that was made for this one, over that gateway."""
        uuid = a_leg["variables"]["uuid"]

        def made_for(variables: Mapping[str, str]) -> bool:
            return variables.get("originating_leg_uuid") == uuid and variables["sip_gateway_name"] == gateway

        return self.record(made_for, side="b")


def wait_until(happened: Callable[[], bool], what: str, timeout_s: float = WAIT_S) -> None:
    """Look every 20 ms."""
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        threading.Event().wait(0.02)


@contextmanager
def running(program: str, folder: Path) -> Iterator[SwitchUnderTest]:
    switch = SwitchUnderTest(program, folder)
    try:
        yield switch
    finally:
        switch.stop()


Headers = dict[str, str]


class EslEnd:
    """One end of an Event Socket connection: messages as (headers, body)."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")
        self.events: list[Headers] = []

    def send(self, text: str) -> None:
        self._connection.sendall(text.encode())

    def read(self, timeout_s: float = WAIT_S) -> tuple[Headers, str]:
        """The next message; TimeoutError, or EOFError at the end."""
        self._connection.settimeout(timeout_s)
        headers: Headers = {}
        while True:
            line = self._file.readline().decode()
            if not line:
                raise EOFError
            if line == "\n":
                if headers:
                    break
                continue
            name, _, value = line.rstrip("\n").partition(": ")
            headers.setdefault(name, unquote(value))
        body = self._file.read(int(headers.get("Content-Length", "0"))).decode()
        return headers, body

    def reply(self) -> Headers:
        """The next reply; events that come before it are kept."""
        while True:
            headers, body = self.read()
            if not self._keep(headers, body):
                return {**headers, "body": body}

    def command(self, text: str) -> Headers:
        self.send(f"{text}\n\n")
        return self.reply()

    def execute(self, application: str, argument: str = "", uuid: str = "", **extra: str) -> Headers:
        more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in extra.items())
        return self.command(
            f"sendmsg {uuid}\ncall-command: execute\nexecute-app-name: {application}\n"
            f"execute-app-arg: {argument}\n{more}".rstrip("\n")
        )

    def api(self, text: str) -> str:
        return self.command(f"api {text}")["body"]

    def event(self, name: str, timeout_s: float = WAIT_S, **wanted: str) -> Headers:
        """The first event of this name with these headers (underscores for dashes), from now or before."""

        def fits(event: Headers) -> bool:
            return event["Event-Name"] == name and all(
                event.get(header.replace("_", "-")) == value for header, value in wanted.items()
            )

        deadline = time.monotonic() + timeout_s
        while True:
            for event in self.events:
                if fits(event):
                    self.events.remove(event)
                    return event
            left = deadline - time.monotonic()
            assert left > 0, f"no {name} {wanted} among {[event['Event-Name'] for event in self.events]}"
            headers, body = self.read(left)
            assert self._keep(headers, body), headers

    def _keep(self, headers: Headers, body: str) -> bool:
        if headers.get("Content-Type") != "text/event-plain":
            return False
        event: Headers = {}
        head, _, rest = body.partition("\n\n")
        for line in head.split("\n"):
            name, _, value = line.partition(": ")
            event.setdefault(name, unquote(value))
        event["body"] = rest
        self.events.append(event)
        return True

    def close(self) -> None:
        self._file.close()
        self._connection.close()


class InboundSocket(EslEnd):
    """Connects to the switch and logs in."""

    def __init__(self, port: int, password: str = PASSWORD) -> None:
        super().__init__(socket.create_connection(("127.0.0.1", port), WAIT_S))
        greeting, _ = self.read()
        assert greeting["Content-Type"] == "auth/request"
        self.login = self.command(f"auth {password}")["Reply-Text"]

    def __enter__(self) -> InboundSocket:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class Controller:
    """Waits for the switch's outbound connections."""

    def __init__(self, port: int) -> None:
        self._server = socket.create_server(("127.0.0.1", port))
        self._server.settimeout(WAIT_S)
        self._ends: list[EslEnd] = []

    def take(self) -> tuple[EslEnd, Headers]:
        """The next call and its channel data."""
        connection, _ = self._server.accept()
        end = EslEnd(connection)
        self._ends.append(end)
        end.send("connect\n\n")
        data, _ = end.read()
        return end, data

    def __enter__(self) -> Controller:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.close()
        for end in self._ends:
            end.close()
