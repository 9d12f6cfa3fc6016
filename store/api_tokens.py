"""Tokens of users of the HTTP interface, in PostgreSQL: hashed, for a while, revocable."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Engine, insert, select, update

from store import audit
from store.api_tables import api_token
from store.foreign_errors import database_errors

#: Tokens begin so, that a leaked one is found by those who search for such.
PREFIX: Final = "fernamt_"
#: Tokens of one customer that are listed.
MAX_TOKENS: Final = 1_000
#: Hashes that are read at once; there is an agent's screen behind each.
MAX_HASHES: Final = 100_000
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A user's token without its text. `role`: agent, supervisor, admin; times are UTC."""

    id: int
    customer_id: str
    name: str
    role: str
    agent_id: str | None
    created_at: datetime
    expires_at: datetime


class ApiTokens:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self, customer_id: str, name: str, role: str, agent_id: str | None, expires_at: datetime, actor: str
    ) -> tuple[str, int]:
        """The text of a new token, which is nowhere afterwards, and its number."""
        token = PREFIX + secrets.token_urlsafe(_BYTES)
        row = {
            "customer_id": customer_id,
            "name": name,
            "role": role,
            "agent_id": agent_id,
            "sha256": _hash(token),
            "expires_at": expires_at,
        }
        with database_errors(f"a token for {name}"), self._engine.begin() as connection:
            made = insert(api_token).values(row).returning(api_token.c.id)
            number: int = connection.execute(made).scalar_one()
            audit.record(
                connection, actor=actor, action="token.create", object_kind="token", object_id=str(number),
                details={"customer": customer_id, "name": name, "role": role, "agent": agent_id or ""},
            )  # fmt: skip
        return token, number

    def find(self, token: str, now: datetime) -> ApiToken | None:
        """Whose token it is; None when it is none, or no longer."""
        wanted = _valid(now).where(api_token.c.sha256 == _hash(token))
        with database_errors("looking a token up"), self._engine.connect() as connection:
            row = connection.execute(wanted).mappings().one_or_none()
        return ApiToken(**row) if row is not None else None

    def valid(self, now: datetime, customer_id: str | None = None) -> tuple[ApiToken, ...]:
        """Those that are valid, of one customer or all, at most MAX_TOKENS."""
        wanted = _valid(now).order_by(api_token.c.customer_id, api_token.c.id).limit(MAX_TOKENS)
        if customer_id is not None:
            wanted = wanted.where(api_token.c.customer_id == customer_id)
        with database_errors("listing tokens"), self._engine.connect() as connection:
            return tuple(ApiToken(**row) for row in connection.execute(wanted).mappings())

    def hashes(self, now: datetime) -> frozenset[bytes]:
        """The SHA-256 of those that are valid, at most MAX_HASHES."""
        wanted = (
            select(api_token.c.sha256)
            .where(api_token.c.revoked_at.is_(None), api_token.c.expires_at > now)
            .limit(MAX_HASHES)
        )
        with database_errors("reading tokens' hashes"), self._engine.connect() as connection:
            return frozenset(connection.execute(wanted).scalars())

    def revoke(self, token_id: int, now: datetime, actor: str, customer_id: str | None = None) -> bool:
        """From now on it is no token. False: no valid one of this number, or not of this customer."""
        change = update(api_token).where(
            api_token.c.id == token_id, api_token.c.revoked_at.is_(None), api_token.c.expires_at > now
        )
        if customer_id is not None:
            change = change.where(api_token.c.customer_id == customer_id)
        with database_errors("revoking a token"), self._engine.begin() as connection:
            if not connection.execute(change.values(revoked_at=now)).rowcount:
                return False
            audit.record(
                connection, actor=actor, action="token.revoke", object_kind="token", object_id=str(token_id)
            )
        return True


def _valid(now: datetime) -> Any:
    columns = [api_token.c[name] for name in ApiToken.__slots__]
    return select(*columns).where(api_token.c.revoked_at.is_(None), api_token.c.expires_at > now)


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()
