"""A controller that is frozen ends, so that callers are let go; one that is slow does not."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import gevent

from cli.wiring.heartbeat import STATUS, Heartbeat

_PROGRAM = """
from gevent import monkey
monkey.patch_all()
import gevent
from cli.wiring.heartbeat import Heartbeat
heartbeat = Heartbeat({}, lambda silent_s, used_s: 2.0)
heartbeat.start()
gevent.sleep(0.1)
"""


def _ran(rest: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-c", _PROGRAM + rest]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


def test_a_loop_that_stands_still_ends_the_program_and_says_where() -> None:
    """Guarantee 2: FreeSWITCH would wait 25 s for it with each call to 112."""
    found = _ran("def a_disk():\n    monkey.get_original('time', 'sleep')(25)\na_disk()\n")
    assert found.returncode == STATUS
    assert "the loop has not come round for 2 s" in found.stderr
    assert "in a_disk" in found.stderr


def test_a_program_whose_log_nobody_reads_ends_all_the_same() -> None:
    """A log line that stands at a full pipe is what freezes the loop, and the last words stand there too."""
    block = "import os\ndef a_log():\n    while True: os.write(2, b'x' * 65536)\na_log()\n"
    program = subprocess.Popen([sys.executable, "-c", _PROGRAM + block], stderr=subprocess.PIPE)
    with program:
        try:
            assert program.wait(timeout=20) == STATUS
        finally:
            program.kill()


def test_a_loop_that_is_slow_but_comes_round_lives() -> None:
    found = _ran(
        "for _ in range(6):\n    monkey.get_original('time', 'sleep')(0.4)\n    gevent.sleep(0.001)\n"
        "heartbeat.stop(1.0)\nprint('over')\n"
    )
    assert (found.returncode, found.stdout) == (0, "over\n")


def test_systemd_is_told_that_it_is_ready_and_that_it_lives(tmp_path: Path) -> None:
    """sd_notify(3); the unit has WatchdogSec, for a process whose threads are all frozen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5.0)
        heartbeat = Heartbeat({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        heartbeat.start()
        gevent.sleep(0)
        heartbeat.stop(1.0)
        assert [manager.recv(64), manager.recv(64)] == [b"READY=1", b"WATCHDOG=1"]


def test_without_a_service_manager_nobody_is_told() -> None:
    heartbeat = Heartbeat({})
    heartbeat.start()
    gevent.sleep(0)
    heartbeat.stop(1.0)
