"""Logs: one JSON object a line on standard error, with UTC times. Commands for people show warnings only."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from io import FileIO, UnsupportedOperation
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson
import structlog

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def configure_logs(*, service: bool) -> None:
    """For a service everything from "info" on as JSON; else warnings as plain lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer = (
        structlog.processors.JSONRenderer(serializer=json_line)
        if service
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if service else logging.WARNING),
        logger_factory=(
            structlog.BytesLoggerFactory(file=_log_stream())
            if service
            else structlog.WriteLoggerFactory(file=sys.stderr)
        ),
        cache_logger_on_first_use=True,
    )


def _log_stream() -> BinaryIO:
    try:
        return LogStream(sys.stderr.fileno())
    except UnsupportedOperation:  # standard error of a test is no file
        return sys.stderr.buffer


class LogStream(FileIO):
    """A descriptor for log lines: where it takes no more (a full disk, a reader that is gone) lines are lost
    and counted, and the program works on. How many were lost is the first line of what it takes again."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._lost = 0

    def write(self, line: ReadableBuffer, /) -> int:
        """One whole line."""
        wanted = bytes(line)
        try:
            if self._lost:
                self._whole(b"\n" + _lost_line(self._lost))  # the last one may have been cut
                self._lost = 0
            self._whole(wanted)
        except OSError:
            self._lost += 1
        return len(wanted)

    def _whole(self, text: bytes) -> None:
        while text:
            written = super().write(text)
            if not written:
                raise BlockingIOError
            text = text[written:]


def _lost_line(count: int) -> bytes:
    moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    event = {"event": "log lines were lost", "count": count, "level": "error", "timestamp": moment}
    return json_line(event, str) + b"\n"


def json_line(event: Any, default: Callable[[Any], Any]) -> bytes:
    """One line for each call: a tenth of the controller's time with the standard library's encoder. That one
    takes what orjson refuses, such as half a surrogate pair or a huge integer in a caller's words."""
    try:
        return orjson.dumps(event, default=default)
    except (TypeError, ValueError):
        return json.dumps(event, default=default).encode()
