"""The switch of this machine: its configuration written, its program started, its readiness asked."""

from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path
from typing import Final

from cli.bootstrap import node_connection, switch_settings
from cli.errors import NotRunning, SwitchMissing
from cli.settings import Settings
from cli.wiring.allocator import switch_environment
from cli.wiring.certificates import install_certificates
from cli.wiring.child import Child
from cli.wiring.this_machine import certificates_dir
from dialplan.snapshot import Snapshot
from freeswitch import api_calls
from freeswitch.errors import FreeSwitchError
from freeswitch.private_files import make_folder
from freeswitch.render import render, write

_HERE: Final = Path(__file__).resolve().parents[2]


def write_configuration(settings: Settings, snapshot: Snapshot, directory: Path) -> Path:
    """Render the complete configuration into the directory, make the spool, put the certificates in place."""
    make_folder(settings.node.cdr_dir)
    install_certificates(settings)
    return write(directory, render(snapshot, switch_settings(settings)))


def switch_child(settings: Settings, directory: Path, log: Path) -> Child:
    """The switch program with private directories. Raises SwitchMissing when it is not on this machine."""
    databases = settings.node.db_dir or directory / "db"
    for place in (directory / "log", databases, directory / "run"):
        place.mkdir(parents=True, exist_ok=True)
    where = [
        *("-conf", str(settings.node.conf_dir or directory / "conf")),
        *("-log", str(directory / "log")),
        *("-db", str(databases)),
        *("-run", str(directory / "run")),
    ]
    return Child(
        settings.node.program,
        [*_program(settings), *where],
        directory=_HERE,
        log=log,
        ready=lambda: _is_ready(settings),
        environment=None if settings.node.program == "lab" else switch_environment(),
    )


def _program(settings: Settings) -> list[str]:
    if settings.node.program == "lab":
        return [sys.executable, "-m", "lab", "switch"]
    found = shutil.which("freeswitch")
    if found is None:
        raise SwitchMissing(
            "there is no program `freeswitch` on the PATH: install FreeSWITCH, or set node.program to lab"
        )
    priority = "-rp" if settings.node.realtime else "-np"
    # Without it FreeSWITCH makes a certificate for DTLS in a directory of the system's.
    certificates = ["-certs", str(certificates_dir(settings))] if settings.node.tls else []
    return [found, "-nonat", "-nf", "-nc", priority, *certificates]


def _is_ready(settings: Settings) -> bool:
    """Event Socket listens before calls are accepted: FreeSWITCH refuses with 503 until it says so."""
    if not answers(settings.node.event_socket):
        return False
    try:
        with node_connection(settings) as connection:
            return "is ready" in connection.api(api_calls.status())
    except (FreeSwitchError, NotRunning):
        return False


def answers(address: tuple[str, int]) -> bool:
    """Whether somebody accepts TCP connections there."""
    try:
        with socket.create_connection(address, timeout=1.0):
            return True
    except OSError:
        return False
