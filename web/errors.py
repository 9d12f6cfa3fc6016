"""What the interface answers when it does not do what was asked.

ApiError
├── NotUnderstood     400  the request is not what its description says
├── NotKnown          401  no token, or none that is valid
├── NotAllowed        403  the token's role may not do this
├── NotThere          404  there is no such agent, queue or call of this customer
├── Refused           409  it cannot be done now; the sentence says why
├── TooMuch           413  the request is larger than anything that makes sense
├── TooOften          429  more requests or streams than one user may have
└── Away              503  what is needed for it does not answer
"""

from __future__ import annotations

from typing import ClassVar


class ApiError(Exception):
    """Base: `status` of the answer, a stable `id`, the sentence for people; `retry_after_s` when waiting
    helps."""

    id: ClassVar[str] = "api"
    status: ClassVar[int] = 500

    def __init__(self, sentence: str, retry_after_s: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.retry_after_s = retry_after_s


class NotUnderstood(ApiError):
    """The request is not what its description says."""

    id = "api.not-understood"
    status = 400


class NotKnown(ApiError):
    """Nobody may do anything without a token; which part of it is wrong is not said."""

    id = "api.not-known"
    status = 401


class NotAllowed(ApiError):
    """The role of this user may not do this (C8)."""

    id = "api.not-allowed"
    status = 403


class NotThere(ApiError):
    """Nothing of this name belongs to the customer; other customers' names are as unknown (guarantee 8)."""

    id = "api.not-there"
    status = 404


class Refused(ApiError):
    """It cannot be done now."""

    id = "api.refused"
    status = 409


class TooMuch(ApiError):
    """The request is too large."""

    id = "api.too-much"
    status = 413


class TooOften(ApiError):
    """More than one user may ask in so short a time."""

    id = "api.too-often"
    status = 429


class Away(ApiError):
    """The database, Redis or the contact centre's owner does not answer."""

    id = "api.away"
    status = 503
