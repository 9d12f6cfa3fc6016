"""What can go wrong on the way to Microsoft. None of it leaves the package but AccessUnusable: the rest
becomes an answer that says later, or no.

TeamsError
├── NoAnswer          not reachable, too slow, connection lost, TLS refused
├── AnswerUnreadable  an answer that is too large or not what was agreed
├── TokenRefused      no token for us: client id, secret or scope are wrong
└── AccessUnusable    the settings name an address or a certificate that cannot be used
"""

from __future__ import annotations


class TeamsError(Exception):
    """Base of this package's errors: the place and what happened; `id` is stable."""

    id = "teams"


class NoAnswer(TeamsError):
    """Nothing, or not all of it, came back in time. `retry_after_s`: what the other side asked for."""

    id = "teams.no-answer"

    def __init__(self, what: str, retry_after_s: float | None = None) -> None:
        super().__init__(what)
        self.retry_after_s = retry_after_s


class AnswerUnreadable(TeamsError):
    """An answer larger than we read, or of another shape than agreed."""

    id = "teams.answer-unreadable"


class TokenRefused(TeamsError):
    """The authorization server does not know us, or not for this."""

    id = "teams.token-refused"


class AccessUnusable(TeamsError):
    """An address or a certificate in the settings cannot be used."""

    id = "teams.access-unusable"
