"""What the contact centre refuses.

AcdError
├── Impossible      a state that cannot follow: a defect of ours, never of a caller's doing
├── SpecRefused     a tenant's configuration that contradicts itself
└── RecordRefused   a journal record that cannot be read
"""

from __future__ import annotations

from typing import ClassVar


class AcdError(Exception):
    """Base of all."""

    id: ClassVar[str] = "acd.error"


class Impossible(AcdError):
    """A state that cannot follow the one before: a defect of ours."""

    id = "acd.impossible"


class SpecRefused(AcdError):
    """A configuration that contradicts itself; the message names the queue or agent."""

    id = "acd.spec"


class RecordRefused(AcdError):
    """A record that is cut, of an unknown kind or with wrong types; the message says where."""

    id = "acd.record"
