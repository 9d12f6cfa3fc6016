"""One operation of the interface: what it asks for, what it answers, and what does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from web.ports import Centre, FigureSource, Users
from web.rights import Right, User


@dataclass(frozen=True, slots=True)
class Services:
    """What operations work with."""

    users: Users
    centre: Centre
    figures: FigureSource
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may be carried out: who asks, the names in the path, the checked query and body."""

    user: User
    path: Mapping[str, str]
    query: Any
    body: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """`right`: what the user's role needs. `answer` None: 204 without content. Names in `path` stand in
    braces; `names` says what each must look like."""

    id: str
    method: str
    path: str
    summary: str
    right: Right
    does: Callable[[Services, Asked], BaseModel | None]
    answer: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    #: Refusals beyond those that every operation can give.
    refusals: tuple[int, ...] = ()
