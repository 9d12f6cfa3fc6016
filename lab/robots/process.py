"""The client's end of the robots' process: sends commands, sorts replies and events, notices its death.

Standard library only, and only through module attributes (`threading.Thread`, not an imported name), so
that it works in plain threads and, when gevent has patched the standard library, in greenlets.
"""

import itertools
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lab
from lab.robots.errors import RobotsDied, RobotsTimeoutError, error_of
from lab.robots.wire import decode_line, encode_line

STDERR_LINES = 20
REPLY_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 5.0

Message = dict[str, Any]


class RobotsProcess:
    """`ask` waits for a reply, `wait_until` for anything that events change; both raise RobotsDied."""

    def __init__(self, on_event: Callable[[Message], None]) -> None:
        self._on_event = on_event
        self._changed = threading.Condition()
        self._write_lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: set[int] = set()
        self._replies: dict[int, Message] = {}
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._dead = False
        source = str(Path(lab.__file__).parents[1])
        path = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lab.robots"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the client, which then closes stdin
            env={**os.environ, "PYTHONPATH": path},
        )
        self._threads = [
            threading.Thread(target=work, daemon=True, name=f"robots-{name}")
            for name, work in (("stderr", self._read_stderr), ("stdout", self._read_stdout))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, command: str, timeout_s: float = REPLY_TIMEOUT_S, **arguments: Any) -> Message:
        """Send a command and wait for its result; raises the error that the process reports."""
        number = next(self._numbers)
        line = encode_line({"id": number, "cmd": command, **arguments})
        with self._changed:
            self._waiting.add(number)
        try:
            self._send(line)
            self.wait_until(lambda: number in self._replies, timeout_s, f"a reply to {command}")
            with self._changed:
                reply = self._replies[number]
        finally:
            with self._changed:
                self._waiting.discard(number)
                self._replies.pop(number, None)
        if "error" in reply:
            raise error_of(str(reply["error"]["id"]), str(reply["error"]["message"]))
        result: Message = reply["ok"]
        return result

    def wait_until(self, happened: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Return as soon as `happened()` is true; it is asked after every event and reply."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not happened():
                if self._dead:
                    raise self._death()
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    raise RobotsTimeoutError(f"waited {timeout_s} s for {what}; it did not come")
                self._changed.wait(left_s)

    def stop(self) -> None:
        """Close stdin: the process hangs up its calls and ends; after 5 s it is killed."""
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        with self._write_lock:
            if stdin is not None and not stdin.closed:
                try:
                    stdin.close()
                except OSError:
                    self._dead = True  # it was gone already
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_TIMEOUT_S)
        for thread in self._threads:
            thread.join(STOP_TIMEOUT_S)
        for stream in (stdout, stderr):
            if stream is not None:
                stream.close()

    def _send(self, line: bytes) -> None:
        stdin = self._process.stdin
        with self._write_lock:
            if stdin is None or stdin.closed:
                raise RobotsDied("the robots were stopped; start them again")
            try:
                stdin.write(line)
                stdin.flush()
            except OSError:
                broken = True
            else:
                broken = False
        if broken:
            self._threads[-1].join(STOP_TIMEOUT_S)
            raise self._death()

    def _death(self) -> RobotsDied:
        self._threads[0].join(1)
        tail = "\n".join(self._stderr) or "(nothing on stderr)"
        return RobotsDied(
            f"the robots' process {self.pid} ended with status {self._process.poll()}; last words:\n{tail}"
        )

    def _read_stderr(self) -> None:
        stream = self._process.stderr
        if stream is not None:
            for line in stream:
                self._stderr.append(line.decode("utf-8", "replace").rstrip())

    def _read_stdout(self) -> None:
        stream = self._process.stdout
        try:
            while stream is not None and (line := stream.readline()):
                self._sort(decode_line(line))
        finally:
            self._process.wait()
            with self._changed:
                self._dead = True
                self._changed.notify_all()

    def _sort(self, message: Message) -> None:
        with self._changed:
            if "event" in message:
                self._on_event(message)
            elif message.get("id") in self._waiting:
                self._replies[message["id"]] = message
            self._changed.notify_all()
