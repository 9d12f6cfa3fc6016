"""Passwords that anybody tries first: a server with such a one is not used outside the lab (issue 7).

A server that only this machine can reach may do without one: a Unix socket or the loopback, where PostgreSQL
asks the kernel who is there. So may one that is shown a certificate of ours.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final

from sqlalchemy import URL

from cli.errors import UnsafePassword

#: Letters of passwords, without case: servers' own defaults, those of their documentations and images, and
#: what heads every list of passwords that were stolen.
_TRIED_FIRST: Final = """
    abc abcd abcdef admin administrator asdf asdfgh changeit changeme changethis cluecon database db
    dbpassword default demo dev dragon example fernamt foobar foobared freeswitch geheim geheimnis guest hallo
    hello iloveyou kennwort letmein login master monkey mypassword mysecret mysecretpassword none null pass
    passw passwd password passwort pg pgsql postgres postgresql production pwd qwert qwerty qwertz redis
    redispassword replaceme requirepass root secret secure sip start superuser sys system telefon temp test
    tester testing user valkey voip welcome willkommen xyz yourpassword yourpasswordhere yoursecret
"""
_WORDS: Final = frozenset(_TRIED_FIRST.split())
#: Digits and signs alone are a date, a telephone number or the upper row of the keyboard.
_FEW_DIGITS: Final = 16
#: What stands for a password in a server's URL: libpq's and redis-py's names of a client certificate.
_CERTIFICATES: Final = ("sslcert", "ssl_certfile")
_RANDOM: Final = "openssl rand -hex 24"


def refuse_obvious_login(url: URL, place: str, where: str) -> None:
    """Look at the password that a server's URL has. `place`: its key in the settings, `where`: the key that
    says where passwords are. Raises UnsafePassword."""
    password = url.password if url.password is not None else next(_asked(url, "password"), "")
    if not password:
        if _only_here(url) or any(True for name in _CERTIFICATES for _ in _asked(url, name)):
            return
        raise UnsafePassword(
            place,
            f"{url.host or next(_asked(url, 'host'), 'the server')} would be used without a password",
            f"Give the server a random one ({_RANDOM}) and say where it is: {where}: {{file: NAME}}",
        )
    refuse_obvious(password, place, (url.username or "", url.database or ""))


def refuse_obvious(password: str, place: str, names: tuple[str, ...] = ()) -> None:
    """Whether anybody would try it first. `names`: of the account and what it opens.

    Raises UnsafePassword, in which the password does not stand.
    """
    letters = _letters(password)
    if (
        letters in _WORDS
        or (not letters and len(password) < _FEW_DIGITS)
        or len(set(password)) < 3
        or any(password.casefold() == each.casefold() or letters == _letters(each) for each in names if each)
    ):
        raise UnsafePassword(
            place,
            "the password is one that anybody tries first: a default, a word such as 'changeme', a few "
            "digits, or the account's own name",
            f"Give the server a random one ({_RANDOM}) and put it where the settings say",
        )


def _letters(text: str) -> str:
    """Postgres-1! is postgres."""
    return "".join(each for each in text.casefold() if each.isalpha())


def _asked(url: URL, name: str) -> Iterator[str]:
    """What stands behind the question mark under this name."""
    found = url.query.get(name, ())
    yield from (found,) if isinstance(found, str) else found


def _only_here(url: URL) -> bool:
    """Whether every host that it names is this machine; one without a host is a socket or the loopback."""
    named = [url.host or "", *_asked(url, "host"), *_asked(url, "hostaddr")]
    return all(_is_here(each) for hosts in named for each in hosts.split(",") if each)


def _is_here(host: str) -> bool:
    if host.startswith(("/", "@")):
        return True
    name = host.partition(":")[0] if host.count(":") == 1 else host.strip("[]")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
