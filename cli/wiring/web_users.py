"""Tokens of the HTTP interface from the database as the interface wants them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from store.api_tokens import ApiToken, ApiTokens
from store.errors import StoreError
from web.errors import Away
from web.ports import TokenFacts
from web.rights import Role, User

#: How long a token that was looked up is taken for valid: so long a revoked one may still be used, and by a
#: stream until its next look (web/stream.py).
FRESH: Final = timedelta(seconds=4)
#: The same while the database does not answer: screens go on.
STALE: Final = timedelta(minutes=10)
_REMEMBERED: Final = 10_000


@contextmanager
def away() -> Iterator[None]:
    """A store that does not do what is asked is "away" for clients; what it said stands in the log."""
    try:
        yield
    except StoreError as error:
        raise Away("the database or Redis does not answer; try again in a moment", 3) from error


class TokenUsers:
    """web.ports.Users on PostgreSQL, remembering for a few seconds who a token is."""

    def __init__(self, tokens: ApiTokens, clock: Callable[[], datetime]) -> None:
        self._tokens = tokens
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[User, datetime, datetime]] = OrderedDict()
        self._valid: frozenset[bytes] = frozenset()
        self._read_at = datetime.min.replace(tzinfo=UTC)

    def has(self, token: str) -> bool:
        """All hashes are read at once, and once in FRESH at most: whoever guesses makes no work."""
        key, now = _key(token), self._clock()
        if abs(now - self._read_at) >= FRESH:
            # Set first: others who ask meanwhile wait for nobody.
            self._read_at = now
            # While the database is away those of before will do: who has one is looked up all the same.
            with suppress(StoreError):
                self._valid = self._tokens.hashes(now)
        return key in self._valid or key in self._known

    def of_token(self, token: str) -> User | None:
        key, now = _key(token), self._clock()
        user, looked_up, expires = self._known.get(key, (None, now, now))
        if user is not None and now - looked_up < FRESH and now < expires:
            return user
        try:
            found = self._tokens.find(token, now)
        except StoreError as error:
            if user is not None and now - looked_up < STALE and now < expires:
                return user
            raise Away("the database does not answer; try again in a moment", 3) from error
        self._known.pop(key, None)
        if found is None:
            return None
        user = _user(found)
        self._known[key] = (user, now, found.expires_at)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return user

    def tokens(self, customer_id: str) -> Sequence[TokenFacts]:
        with away():
            found = self._tokens.valid(self._clock(), customer_id)
        return [
            TokenFacts(each.id, each.name, each.role, each.agent_id, each.created_at, each.expires_at)
            for each in found
        ]

    def revoke(self, customer_id: str, token_id: int, actor: str) -> bool:
        with away():
            return self._tokens.revoke(token_id, self._clock(), actor, customer_id)


def _key(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()


def _user(found: ApiToken) -> User:
    return User(found.id, found.customer_id, found.name, Role(found.role), found.agent_id)
