"""Who asks, and whether he may: tokens, rates, rights. Nothing is done before this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from web.errors import NotAllowed, NotKnown, TooOften
from web.ports import Users
from web.rates import Buckets, Rate
from web.rights import Right, User

#: Of one token; a screen asks once or twice a second at most.
USER_RATE: Final = Rate(60, 20.0)
#: Requests without a valid token from one address.
STRANGER_RATE: Final = Rate(20, 0.2)
#: Longer than any token is.
_MAX_TOKEN: Final = 200
_SCHEME: Final = "bearer "


class Door:
    """`clock_s` does not jump."""

    def __init__(
        self,
        users: Users,
        clock_s: Callable[[], float],
        user_rate: Rate = USER_RATE,
        stranger_rate: Rate = STRANGER_RATE,
    ) -> None:
        self._users = users
        self._asked = Buckets(user_rate, clock_s)
        self._strangers = Buckets(stranger_rate, clock_s)

    def user(self, authorization: str | None, address: str) -> User:
        """Whose token the header holds. Raises NotKnown, TooOften, Away.

        `address` pays for what is no token, and is refused unread when it did so too often: a guess costs no
        look into the database then. Whoever has a token is let in all the same, for behind one address there
        may be others.
        """
        if self._strangers.is_empty(address) and not self._is_token(authorization):
            raise TooOften("too many requests without a valid token", 5)
        try:
            user = self.known(authorization)
        except NotKnown:
            self._strangers.take(address)
            raise
        self._asked.take(str(user.token_id))
        return user

    def known(self, authorization: str | None) -> User:
        """The same without a rate: for whoever was let in by `user` before. Raises NotKnown, Away."""
        user = self._users.of_token(_token(authorization)) if authorization else None
        if user is None:
            raise NotKnown("a valid token is needed: Authorization: Bearer TOKEN (fernamt user token create)")
        return user

    def _is_token(self, authorization: str | None) -> bool:
        return authorization is not None and self._users.has(_token(authorization))

    @staticmethod
    def check(user: User, right: Right) -> None:
        """Raises NotAllowed."""
        if not user.may(right):
            raise NotAllowed(f"the role {user.role.value} has no right to {right.value}")


def _token(authorization: str) -> str:
    if authorization[: len(_SCHEME)].lower() != _SCHEME:
        return ""
    return authorization[len(_SCHEME) :].strip()[:_MAX_TOKEN]
