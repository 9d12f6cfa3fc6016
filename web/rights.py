"""Roles and what each may do (C8): the table is the rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody is to the customer's contact centre."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class Right(StrEnum):
    """What an operation asks for."""

    #: See and change what is one's own.
    OWN = "own"
    #: See all agents, queues, waiting callers and what happens.
    SEE = "see"
    #: Change other agents' status, move and send on waiting callers.
    LEAD = "lead"
    #: Key figures of queues and agents (C9).
    FIGURES = "figures"
    #: Users' tokens.
    USERS = "users"


RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.AGENT: frozenset({Right.OWN}),
    Role.SUPERVISOR: frozenset({Right.OWN, Right.SEE, Right.LEAD, Right.FIGURES}),
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a token. Everything he sees and does is of `customer_id`. `agent_id`: the agent that he
    is, for the role `agent` always."""

    token_id: int
    customer_id: str
    name: str
    role: Role
    agent_id: str | None

    def may(self, right: Right) -> bool:
        """Whether the role has this right."""
        return right in RIGHTS[self.role]

    @property
    def actor(self) -> str:
        """For the audit."""
        return f"api:{self.customer_id}/{self.name}"
