"""`fernamt teams sync --follow` shows Prometheus that it is there, whoever else is away (issue 7)."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from store.embedded.process import wait_until
from tests.lab.operator_connect import CLIENT_ID, SCOPE
from tests.ports import free_port
from tests.typed import settings_file, settings_of

ROOT = Path(__file__).resolve().parents[3]


def test_prometheus_hears_of_the_synchroniser_while_all_that_it_needs_is_away(tmp_path: Path) -> None:
    metrics, nowhere = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    settings = settings_of(tmp_path, f"postgresql://fernamt@{nowhere}/fernamt") | {
        "operator_connect": {
            "url": f"http://{nowhere}",
            "token_url": f"http://{nowhere}/token",
            "client_id": CLIENT_ID,
            "client_secret": {"env": "UNUSED"},
            "scope": SCOPE,
            "calling_profile": "profile-1",
        },
        "metrics": {"teams": metrics},
    }
    words = ["--settings", str(settings_file(settings)), "teams", "sync", "--follow"]
    command = [sys.executable, "-m", "cli.entry", *words]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as program:
        try:
            assert wait_until(lambda: "process_start_time_seconds" in _told(metrics), 30)
        finally:
            program.terminate()
        assert program.wait(timeout=30) == 0


def _told(address: str) -> str:
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.URLError:
        return ""
