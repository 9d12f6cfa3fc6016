"""Messages that callers left: taken from the spool into the store, told of by e-mail, deleted on time (C3).

Runs beside the intake of call records, off the call path. What the store or the mail server cannot take now
waits: messages in the spool, e-mails in the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from controller.errors import MailAway
from controller.spool_rounds import SHORTEST_MS, SpoolRounds
from dialplan.mailbox import MessageFacts, Notice

_log = structlog.get_logger(__name__)

#: Pauses between attempts to send an e-mail double from the first; then it is given up.
FIRST_PAUSE: Final = timedelta(minutes=1)
MAX_ATTEMPTS: Final = 10


class SpooledMessage(Protocol):
    """A complete message."""

    @property
    def facts(self) -> MessageFacts: ...
    @property
    def sound(self) -> bytes: ...
    @property
    def duration_ms(self) -> int: ...


class Spool(Protocol):
    """Where the switch leaves messages."""

    def ready(self) -> Iterable[SpooledMessage]:
        """Complete messages."""
        ...

    def remove(self, facts: MessageFacts) -> None:
        """Forget one."""
        ...


class Messages(Protocol):
    """Where messages are kept. All methods raise StoreAway."""

    def add(self, facts: MessageFacts, sound: bytes, duration_ms: int) -> bool:
        """Keep a message once."""
        ...

    def to_tell(self, now: datetime) -> Sequence[Notice]:
        """E-mails that are due."""
        ...

    def told(self, message_id: str, at: datetime) -> None:
        """One is out."""
        ...

    def not_told(self, message_id: str, why: str, again: datetime | None) -> None:
        """One could not be sent."""
        ...

    def expire(self, now: datetime) -> int:
        """Delete what was kept long enough."""
        ...


class Mailboxes(SpoolRounds):
    """`send` sends one e-mail and raises MailAway; None when no mail server is configured: e-mails wait."""

    def __init__(
        self,
        spool: Spool,
        messages: Messages,
        send: Callable[[Notice], None] | None,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__("messages", messages.expire, self._take_and_tell, clock)
        self._spool = spool
        self._messages = messages
        self._send = send

    def _take_and_tell(self) -> None:
        """New messages, then the e-mails that are due."""
        for each in self._spool.ready():
            if each.duration_ms >= SHORTEST_MS:
                self._messages.add(each.facts, each.sound, each.duration_ms)
                _log.info("message kept", customer=each.facts.customer_id, mailbox=each.facts.mailbox_id)
            self._spool.remove(each.facts)
        if self._send is not None:
            for notice in self._messages.to_tell(self._clock()):
                self._tell(notice, self._send)

    def _tell(self, notice: Notice, send: Callable[[Notice], None]) -> None:
        try:
            send(notice)
        except MailAway as error:
            given_up = notice.attempts + 1 >= MAX_ATTEMPTS
            again = None if given_up else self._clock() + FIRST_PAUSE * 2**notice.attempts
            _log.warning("an e-mail could not be sent", message=notice.id, error=str(error), again=str(again))
            self._messages.not_told(notice.id, str(error), again)
        else:
            self._messages.told(notice.id, self._clock())
