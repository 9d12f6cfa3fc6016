"""SIPp as Microsoft Teams: a scenario played once, and every message that it saw."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.e2e.exchange import eventually
from tests.e2e.network.tls_gate import free_media_port

_SCENARIOS: Final = Path(__file__).parent / "scenarios"
_MESSAGE: Final = re.compile(r"^-{20,} .*\n\w+ message (?P<way>sent|received) .*:\n\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Message:
    """A SIP message; `received`: by SIPp."""

    received: bool
    text: str

    @property
    def first_line(self) -> str:
        return self.text.partition("\n")[0].strip()

    def header(self, name: str) -> str:
        """The first header of that name, "" when there is none."""
        found = re.search(rf"^{re.escape(name)}:\s*(.*?)\s*$", self.text, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""


class Sipp:
    """One SIPp with one scenario, by TCP. `keys` are the scenario's `[name]`s."""

    def __init__(self, scenario: str, folder: Path, port: int, target: int = 0, **keys: str) -> None:
        self._port, self._answers = port, not target
        self._log = folder / f"{scenario}-{port}.log"
        command = ["sipp", "-sf", str(_SCENARIOS / f"{scenario}.xml"), "-t", "t1", "-i", "127.0.0.1"]
        command += ["-p", str(port), "-m", "1", "-nostdin", "-timeout", "60s", "-timeout_error"]
        command += ["-trace_msg", "-message_file", str(self._log), "-mp", str(free_media_port())]
        for name, value in keys.items():
            command += ["-key", name, value]
        if target:
            command.append(f"127.0.0.1:{target}")
        self._output = (folder / f"{scenario}-{port}.out").open("wb")
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output, env=os.environ
        )

    def __enter__(self) -> Self:
        if self._answers:
            eventually(lambda: _listens(self._port), 15, "SIPp to listen")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_exc: TracebackType | BaseException | None) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)
        self._output.close()

    def finished(self, timeout_s: float = 60.0) -> list[Message]:
        """Every message of the scenario, which must end as it is written."""
        code = self._process.wait(timeout_s)
        assert code == 0, f"SIPp ended with {code}:\n" + "\n".join(each.text for each in self.messages())
        return self.messages()

    def messages(self) -> list[Message]:
        """Those so far."""
        text = self._log.read_text(errors="replace") if self._log.exists() else ""
        parts = list(_MESSAGE.finditer(text))
        if not parts:
            return []
        ends = [each.start() for each in parts[1:]] + [len(text)]
        return [
            Message(each["way"] == "received", text[each.end() : end].replace("\r", ""))
            for each, end in zip(parts, ends, strict=True)
        ]

    def received(self, begins: str, timeout_s: float = 20.0) -> Message:
        """The first message received that begins like this; waits for it."""

        def found() -> list[Message]:
            return [each for each in self.messages() if each.received and each.first_line.startswith(begins)]

        eventually(lambda: bool(found()), timeout_s, f"{begins} to reach SIPp")
        return found()[0]


def _listens(port: int) -> bool:
    """By the kernel's table: a connection would be a call for SIPp."""
    table = Path("/proc/net/tcp").read_text()
    return re.search(rf":{port:04X} [0-9A-F:]+ 0A ", table) is not None
