"""One freshly started FreeSWITCH with a private configuration, a direct child of the benchmark."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from benchmarks.calls.child import Child, on_cores
from benchmarks.calls.errors import ProgramMissing
from benchmarks.calls.site import HOST, Ports, settings, snapshot
from dialplan.call import Entry
from freeswitch import api_calls, commands
from freeswitch.protocol import API_RESPONSE, Framer, Message
from freeswitch.render import render, write
from freeswitch.render.xml import actions

#: What an incoming call runs: (application, argument), one after the other.
Steps = list[tuple[str, str]]

_START_S: Final = 30.0
_POLL_S: Final = 0.1


def configuration(ports: Ports, folder: Path, entry: Steps | None) -> str:
    """The configuration as fernamt renders it; with `entry`, calls from the trunk run that instead.

    Everything else stays: profiles, gateways, modules, CDRs. So only the dialplan's entry differs.
    """
    text = render(snapshot(ports), settings(ports, folder))
    if entry is None:
        return text
    root = ET.fromstring(text)  # noqa: S314 - our own text
    context = root.find(f".//context[@name='{Entry.TRUNK.value}']")
    assert context is not None, "the rendered configuration has a context for trunks"
    for extension in list(context):
        context.remove(extension)
    holder = ET.SubElement(context, "extension", name="measured")
    actions(ET.SubElement(holder, "condition", field="destination_number", expression="^"), entry)
    return ET.tostring(root, encoding="unicode")


class Scheduling(Enum):
    """FreeSWITCH's option for the priority of its threads. `REALTIME` (SCHED_FIFO) is what it takes by itself
    where it may (read: set_auto_priority)."""

    NORMAL = "-np"
    REALTIME = "-rp"


@dataclass(frozen=True, slots=True)
class Processors:
    """What FreeSWITCH gets of the machine. With `core` it has that one, and that one alone: callers, carrier,
    controller and Redis are on the others (`others`)."""

    scheduling: Scheduling = Scheduling.NORMAL
    core: int | None = None

    @classmethod
    def apart(cls, scheduling: Scheduling) -> Processors:
        """FreeSWITCH on the last core. ProgramMissing when there is only one."""
        cores = os.sched_getaffinity(0)
        if len(cores) < 2:
            raise ProgramMissing("one core only: nothing can be measured apart; skipped.")
        return cls(scheduling, max(cores))

    @property
    def others(self) -> Set[int]:
        """The cores that are not FreeSWITCH's own."""
        return os.sched_getaffinity(0) - {self.core}

    def words(self) -> str:
        """For people."""
        place = "" if self.core is None else ", on a core of its own"
        return f"{self.scheduling.name.lower()} scheduling{place}"


class Switch:
    """A running node. Use it as a context manager: it is stopped at the end."""

    def __init__(
        self,
        ports: Ports,
        folder: Path,
        entry: Steps | None,
        processors: Processors,
        environment: Mapping[str, str],
    ) -> None:
        self._ports = ports
        self.cdr_folder = folder / "cdr"
        places = {name: folder / name for name in ("conf", "log", "db", "run", "cdr", "temp")}
        for place in places.values():
            place.mkdir(parents=True, exist_ok=True)
        write(places["conf"], configuration(ports, folder, entry))
        options = [("-" + name, str(places[name])) for name in ("conf", "log", "db", "run", "temp")]
        self._scheduling = processors.scheduling
        # A direct child in the foreground without a console.
        argv = ["freeswitch", "-nonat", "-nf", "-nc", self._scheduling.value, *chain.from_iterable(options)]
        with on_cores(None if processors.core is None else {processors.core}):
            self.child = Child("freeswitch", argv, folder, environment=environment)

    def __enter__(self) -> Switch:
        try:
            self._await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it, and remove the CDRs it wrote."""
        self.child.stop()
        self.clear_cdrs()

    def clear_cdrs(self) -> None:
        """Remove the CDRs written so far: 20,000 calls would fill a disk."""
        for file in self.cdr_folder.glob("*.json"):
            file.unlink()

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if not self.child.running:
                raise self.child.failure("ended while it started")
            if self._accepts_calls():
                self._check_scheduling()
                return
            time.sleep(_POLL_S)
        raise self.child.failure(f"was not ready within {_START_S:.0f} s")

    def _check_scheduling(self) -> None:
        """Where it may not have realtime FreeSWITCH goes on without: that would be another figure."""
        realtime = os.sched_getscheduler(self.child.pid) in (os.SCHED_FIFO, os.SCHED_RR)
        if realtime != (self._scheduling is Scheduling.REALTIME):
            raise self.child.failure("did not get its scheduling; realtime needs root or RLIMIT_RTPRIO")

    def _accepts_calls(self) -> bool:
        """Ask `status`: SIP's OPTIONS is answered seconds before calls are accepted (seen)."""
        place = settings(self._ports, self.cdr_folder.parent).event_socket
        framer = Framer()
        messages: list[Message] = []
        try:
            with socket.create_connection((HOST, place.port), timeout=1.0) as sock:
                sock.sendall(commands.auth(place.password).wire + commands.api(api_calls.status()).wire)
                while not any(message.content_type == API_RESPONSE for message in messages):
                    data = sock.recv(65536)
                    if not data:
                        return False
                    messages += framer.receive_data(data)
        except OSError:
            return False
        return b" is ready" in messages[-1].body
