"""Answers to digest challenges (RFC 3261 section 22, RFC 8760), computed by aiosipua."""

from aiosipua.auth import SipDigestAuth, build_credentials
from aiosipua.headers import parse_auth, stringify_auth
from aiosipua.message import SipResponse

_HEADERS = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}


def answer_challenge(
    response: SipResponse, username: str, password: str, method: str, uri: str
) -> tuple[str, str] | None:
    """Name and value of the header to send, None when no challenge in the 401/407 can be answered."""
    names = _HEADERS.get(response.status_code)
    if names is None:
        return None
    for challenge in response.get_header_values(names[0]):
        credentials = build_credentials(SipDigestAuth(username, password), parse_auth(challenge), method, uri)
        if credentials is not None:
            return names[1], stringify_auth(credentials)
    return None
