"""Chromium with a softphone of SIP.js in it, told what to do by a page that asks for commands.

The package is taken from the npm registry when the test runs, or from FERNAMT_TEST_SIP_JS (a .tgz of it).
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from tests.archives import unpack

PACKAGE: Final = "sip.js@0.21.2"
_PAGE: Final = Path(__file__).with_name("softphone.html")
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_TYPES: Final = {".js": "text/javascript", ".html": "text/html"}


def chromium() -> str | None:
    """The browser of this machine, or None."""
    return next((found for each in _NAMES if (found := shutil.which(each))), None)


def sip_js(folder: Path) -> Path:
    """The unpacked package. Skips the test where there is neither a registry nor a copy."""
    given = os.environ.get("FERNAMT_TEST_SIP_JS")
    archive = Path(given) if given else _downloaded(folder)
    with tarfile.open(archive) as tar:
        unpack(tar, folder)
    return folder / "package"


def _downloaded(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm to take SIP.js with, and FERNAMT_TEST_SIP_JS is not set")
    done = subprocess.run(
        [npm, "pack", PACKAGE, "--silent"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    found = list(folder.glob("*.tgz"))
    if done.returncode or not found:
        pytest.skip(f"npm has no {PACKAGE} for us here: {done.stderr.strip()[-200:]}")
    return found[0]


class Softphone:
    """What the page says, and what it is told."""

    def __init__(self, settings: dict[str, str], package: Path) -> None:
        self.settings, self.package = settings, package
        self.commands: queue.Queue[dict[str, Any]] = queue.Queue(16)
        self._events: list[dict[str, Any]] = []
        self._arrived = threading.Condition()

    def tell(self, command: str, **facts: str) -> None:
        """A command for the page."""
        self.commands.put({"command": command, **facts}, timeout=5)

    def heard(self, event: dict[str, Any]) -> None:
        """The page says something."""
        with self._arrived:
            self._events.append(event)
            self._arrived.notify_all()

    def wait(self, event: str, timeout_s: float = 30.0, **facts: str) -> dict[str, Any]:
        """The next such event of the page; it is taken out."""
        wanted = {"event": event, **facts}

        def index() -> int | None:
            return next((n for n, each in enumerate(self._events) if wanted.items() <= each.items()), None)

        with self._arrived:
            assert self._arrived.wait_for(lambda: index() is not None, timeout_s), (
                f"no {wanted} from the browser, but {self._events}"
            )
            found = index()
            assert found is not None
            return self._events.pop(found)


def _handler(phone: Softphone) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/settings":
                self._answer(200, json.dumps(phone.settings).encode(), "application/json")
            elif self.path == "/command":
                try:
                    command = phone.commands.get(timeout=1.0)
                    self._answer(200, json.dumps(command).encode(), "application/json")
                except queue.Empty:
                    self._answer(204, b"", "text/plain")
            elif self.path == "/":
                self._answer(200, _PAGE.read_bytes(), "text/html")
            else:
                self._file()

        def do_POST(self) -> None:
            size = min(int(self.headers.get("Content-Length") or 0), 100_000)
            phone.heard(json.loads(self.rfile.read(size)))
            self._answer(204, b"", "text/plain")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            """Nothing: the page's requests are no news."""

        def _file(self) -> None:
            root = phone.package.resolve()
            wanted = (root.parent / self.path.lstrip("/")).resolve()
            if not wanted.is_relative_to(root) or not wanted.is_file():
                self._answer(404, b"", "text/plain")
                return
            self._answer(200, wanted.read_bytes(), _TYPES.get(wanted.suffix, "application/octet-stream"))

        def _answer(self, code: int, body: bytes, kind: str) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that ends leaves requests behind; a page that fails shows in what the test waits for."""


@contextmanager
def softphone(program: str, settings: dict[str, str], folder: Path) -> Iterator[Softphone]:
    """A browser with the page open: microphone by a fake device that beeps, certificates not checked."""
    phone = Softphone(settings, sip_js(folder))
    server = _Server(("127.0.0.1", 0), _handler(phone))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    options = [
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"),
        *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
        *("--autoplay-policy=no-user-gesture-required", "--ignore-certificate-errors"),
        # One way alone: with two FreeSWITCH keeps to the one and the browser takes the other (seen). Its
        # addresses are told as they are, for here is nobody who resolves names of the browser's making.
        "--disable-features=WebRtcHideLocalIpsWithMdns",
        f"--user-data-dir={folder / 'profile'}",
    ]
    with (folder / "chromium.log").open("wb") as log:
        browser = subprocess.Popen(
            [program, *options, f"http://127.0.0.1:{server.server_address[1]}/"], stdout=log, stderr=log
        )
        try:
            yield phone
        finally:
            browser.terminate()
            try:
                browser.wait(10)
            except subprocess.TimeoutExpired:
                browser.kill()
                browser.wait(10)
            server.shutdown()
            server.server_close()
            thread.join(5)
