"""Digest authentication: challenges and checks for phones (RFC 2617, MD5 and qop=auth as FreeSWITCH asks)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from typing import Final

from aiosipua.headers import parse_auth
from aiosipua.message import SipRequest

from lab.switch.config.settings import User

MAX_NONCES: Final = 20_000


class Verdict(Enum):
    """What a check found. MISSING and STALE are to be challenged, WRONG refused."""

    GOOD = "good"
    MISSING = "missing"
    STALE = "stale"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Claim:
    """The credentials of a request, unchecked."""

    username: str
    params: dict[str, str]


def claim_of(request: SipRequest, realm: str) -> Claim | None:
    """The Authorization or Proxy-Authorization for our realm, if there is one."""
    for name in ("authorization", "proxy-authorization"):
        for value in request.headers.get(name):
            credentials = parse_auth(value, credentials=True)
            if credentials.scheme.lower() == "digest" and credentials.params.get("realm", "") == realm:
                return Claim(credentials.params.get("username", ""), credentials.params)
    return None


class Nonces:
    """Nonces given out, each with the highest count seen; the oldest go first beyond 20,000."""

    def __init__(self, lifetime_s: float) -> None:
        self._lifetime_s = lifetime_s
        self._given: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def new(self) -> str:
        nonce = secrets.token_hex(16)
        self._given[nonce] = (time.monotonic(), 0)
        while len(self._given) > MAX_NONCES:
            self._given.popitem(last=False)
        return nonce

    def challenge(self, realm: str, *, stale: bool) -> str:
        """The value of a WWW-Authenticate or Proxy-Authenticate header."""
        mark = ", stale=true" if stale else ""
        return f'Digest realm="{realm}", nonce="{self.new()}"{mark}, algorithm=MD5, qop="auth"'

    def check(self, claim: Claim, method: str, user: User | None, realm: str) -> Verdict:
        """Whether the claim proves the user's secret for this method."""
        params = claim.params
        given = self._given.get(params.get("nonce", ""))
        if given is None or time.monotonic() - given[0] > self._lifetime_s:
            return Verdict.STALE
        if user is None:
            return Verdict.WRONG
        a1_hash = user.params.get("a1-hash") or _md5(f"{user.id}:{realm}:{user.params.get('password', '')}")
        a2_hash = _md5(f"{method}:{params.get('uri', '')}")
        middle = params.get("nonce", "")
        if params.get("qop"):
            count = params.get("nc", "")
            middle = f"{middle}:{count}:{params.get('cnonce', '')}:{params['qop']}"
            if not _is_hex(count) or int(count, 16) <= given[1]:
                return Verdict.STALE
        wanted = _md5(f"{a1_hash}:{middle}:{a2_hash}")
        if not hmac.compare_digest(wanted.encode(), params.get("response", "").lower().encode()):
            return Verdict.WRONG
        if params.get("qop"):
            self._given[params["nonce"]] = (given[0], int(params["nc"], 16))
        return Verdict.GOOD


def _is_hex(text: str) -> bool:
    return 0 < len(text) <= 8 and all(character in "0123456789abcdefABCDEF" for character in text)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
