"""`python -m lab switch`: options, logging, start, drain."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Final

from lab.errors import LabError
from lab.switch.api.table import expansion_api
from lab.switch.core import HEARTBEAT_S, Switch
from lab.switch.esl.inbound import EslServer

log = logging.getLogger(__name__)

EXIT_FAILED: Final = 1
MAX_DESCRIPTORS: Final = 16_384


def arguments_of(words: list[str]) -> argparse.Namespace:
    """FreeSWITCH's option names; those that only make sense there are accepted and ignored."""
    parser = argparse.ArgumentParser(
        prog="python -m lab switch", description="FreeSWITCH's stand-in for the lab"
    )
    for name in ("conf", "log", "db", "run"):
        parser.add_argument(f"-{name}", type=Path, required=True, metavar="DIR", dest=f"{name}_dir")
    for name in ("recordings", "sounds", "storage", "temp", "cache", "mod", "scripts", "certs"):
        parser.add_argument(f"-{name}", type=Path, metavar="DIR", dest=f"{name}_dir")
    for name in ("nonat", "nf", "nc", "np", "c", "rp", "lp"):
        parser.add_argument(f"-{name}", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("-heartbeat", type=float, default=HEARTBEAT_S, metavar="SECONDS")
    parser.add_argument("-loglevel", default="info", choices=("debug", "info", "warning", "error"))
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Run until SIGTERM, SIGINT or `fsctl shutdown`; 0 after a clean end, 1 when it could not start."""
    options = arguments_of(words)
    try:
        folders = _folders(options)
        _log_to(folders["log_dir"], options.loglevel)
        _raise_descriptor_limit()
        asyncio.run(_serve(folders, options.heartbeat))
    except (LabError, OSError) as problem:
        where = getattr(problem, "id", "lab.start")
        sys.stderr.write(f"lab switch: {where}: {problem}\n")
        return EXIT_FAILED
    return 0


def _folders(options: argparse.Namespace) -> dict[str, Path]:
    folders = {
        name: path.resolve()
        for name, path in vars(options).items()
        if name.endswith("_dir") and path is not None
    }
    for name in ("log_dir", "db_dir", "run_dir"):
        folders[name].mkdir(parents=True, exist_ok=True)
    for name, default in (("recordings_dir", "recordings"), ("sounds_dir", "sounds")):
        folders.setdefault(name, folders["db_dir"] / default)
    return folders


def _log_to(folder: Path, level: str) -> None:
    logging.basicConfig(
        filename=folder / "lab-switch.log",
        level=level.upper(),
        format="%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
    )


def _raise_descriptor_limit() -> None:
    """Every leg has a socket: 1024 descriptors would end at 500 calls."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(MAX_DESCRIPTORS, hard)
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(folders: dict[str, Path], heartbeat_s: float) -> None:
    switch = Switch(folders, heartbeat_s)

    def allow_api() -> None:
        switch.expansion_api = expansion_api(switch)

    allow_api()
    switch.on_reload = allow_api
    if switch.config.cdr.log_dir is not None:
        switch.config.cdr.log_dir.mkdir(parents=True, exist_ok=True)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, switch.closing.set)
    server = EslServer(switch)
    await server.open()
    try:
        await switch.open()
        _announce(switch, server)
        await _beat(switch)
        switch.bus.fire("SHUTDOWN", lambda: [("Event-Info", "System Shutting Down")])
        await switch.drain()
    finally:
        await server.close()
        await switch.close()
        (folders["run_dir"] / "lab-switch.pid").unlink(missing_ok=True)


def _announce(switch: Switch, server: EslServer) -> None:
    (switch.folders["run_dir"] / "lab-switch.pid").write_text(f"{os.getpid()}\n", encoding="ascii")
    places = " ".join(
        f"{profile.name}={profile.wire.ip}:{profile.wire.port}" for profile in switch.profiles.values()
    )
    address = switch.config.event_socket.listen_ip
    sys.stdout.write(f"lab switch ready: event_socket={address}:{server.port} {places}\n")
    sys.stdout.flush()
    switch.bus.fire("STARTUP", lambda: [("Event-Info", "System Ready")])
    log.info("ready")


async def _beat(switch: Switch) -> None:
    """A heartbeat at every interval until the switch shall close."""
    while not switch.closing.is_set():
        try:
            async with asyncio.timeout(switch.heartbeat_s):
                await switch.closing.wait()
        except TimeoutError:
            switch.heartbeat()
