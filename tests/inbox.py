"""A mail server on this machine that keeps what it gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller

from store.embedded.home import free_port


class Inbox:
    """Keeps what it gets; `answer` is what it says to each."""

    def __init__(self) -> None:
        self.answer = "250 OK"
        self.got: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.got.append(envelope)
        return self.answer


@contextmanager
def mail_server(inbox: Inbox) -> Iterator[int]:
    """Its port of 127.0.0.1, without encryption."""
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
