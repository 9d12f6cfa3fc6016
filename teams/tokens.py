"""Access tokens by OAuth 2.0 client credentials (RFC 6749 section 4.4), kept almost until they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from teams.errors import AnswerUnreadable, NoAnswer, TokenRefused
from teams.retry_after import retry_after_s
from teams.transport import Request, Response, Transport

#: A token is not used for its last seconds. It holds so long where nothing is said, and never longer than so.
_BEFORE_END_S: Final = 60.0
_UNSAID_S: Final = 120.0
_LONGEST_S: Final = 86_400.0
_MAX_LENGTH: Final = 16_384
_BUSY: Final = (408, 429)


class Tokens:
    """`path`: of the token endpoint below its transport's base. `secret` is read for each token, for it may
    change; it raises what it likes, and that passes through. `clock` gives seconds."""

    def __init__(
        self,
        transport: Transport,
        path: str,
        client_id: str,
        secret: Callable[[], str],
        scope: str,
        clock: Callable[[], float],
    ) -> None:
        self._transport = transport
        self._path = path
        self._client_id = client_id
        self._secret = secret
        self._scope = scope
        self._clock = clock
        self._token = ""
        self._until = 0.0

    def bearer(self) -> str:
        """The value of the Authorization header. Raises TokenRefused, NoAnswer, AnswerUnreadable."""
        if not self._token or self._clock() >= self._until:
            self._fetch()
        return f"Bearer {self._token}"

    def forget(self) -> None:
        """The token was not accepted: fetch another one next time."""
        self._token = ""

    def _fetch(self) -> None:
        self.forget()
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._secret(),
            "scope": self._scope,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = self._transport.send(Request("POST", self._path, headers, urlencode(form).encode()))
        if answer.status in _BUSY or answer.status >= 500:
            raise NoAnswer(f"the token server answered {answer.status}", retry_after_s(answer.headers))
        found = _document(answer)
        if answer.status != 200:
            # Only the code: the description may repeat what was sent.
            code = found.get("error")
            raise TokenRefused(f"the token server answered {answer.status} {_plain(code)}".rstrip())
        token = found.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise AnswerUnreadable("the token server's answer has no token")
        if not 0 < len(token) <= _MAX_LENGTH or str(found.get("token_type", "Bearer")).lower() != "bearer":
            raise AnswerUnreadable("the token server's token is of no use")
        lasts = found.get("expires_in")
        seconds = float(lasts) if isinstance(lasts, int | float) and lasts > 0 else _UNSAID_S
        self._token = token
        self._until = self._clock() + max(min(seconds, _LONGEST_S) - _BEFORE_END_S, 1.0)


def _document(answer: Response) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    if answer.status == 200:
        raise AnswerUnreadable("the token server's answer is no JSON object")
    return {}


def _plain(code: object) -> str:
    return code[:60] if isinstance(code, str) and code.isascii() and code.isprintable() else ""
