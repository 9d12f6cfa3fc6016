"""What may stand in a command, and how FreeSWITCH's own quoting is written.

FreeSWITCH ends a command at a blank line, expands `${…}` in application arguments (and can run API commands
while it does), and splits lists with quotes and backslashes (read: switch_utils.c
`separate_string_char_delim`, `cleanup_separated_string`; switch_channel.c `…_expand_variables_check`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from freeswitch.errors import CommandRefused

MAX_LINE: Final = 32 * 1024
MAX_BODY: Final = 512 * 1024
#: FreeSWITCH's array holds 256; what comes after is lost without a word.
MAX_VARIABLES: Final = 250
#: `uuid_setvar_multi` has room for 64.
MAX_VARIABLES_BY_API: Final = 64

#: These alone may hold line breaks: a multipart SIP body needs them, a header must never have them.
MULTILINE: Final = frozenset({"sip_multipart", *(f"fernamt_body_{n}" for n in range(2, 9))})

_WORD: Final = re.compile(r"[A-Za-z0-9_.:@+-]{1,128}\Z", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}\Z", re.ASCII)
_EXTENSION: Final = re.compile(r"[A-Za-z0-9+*#][A-Za-z0-9_.+*#-]{0,63}\Z", re.ASCII)
_EXPANSION: Final = re.compile(r"\$\\*\{")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DELIMITERS: Final = "~#;|!&%"
#: No control character, no quote, no backslash, no expansion, no space at the end.
_NOTHING_TO_DO: Final = re.compile(r"(?:[^\x00-\x1f\x7f$\\']*[^\x00-\x1f\x7f$\\' ])?\Z")


def word(text: str, what: str) -> str:
    """`text` when it is one word that no parser can misread (UUID, event or application name)."""
    if not _WORD.match(text):
        raise CommandRefused(f"{what} is not a single plain word: {text[:64]!r}")
    return text


def account(text: str) -> str:
    """`text` when it can stand on its side of `user@domain:password`."""
    if "@" in text or ":" in text:
        raise CommandRefused(f"a user or domain contains '@' or ':': {text[:64]!r}")
    return word(text, "a user or domain")


def extension(text: str) -> str:
    """`text` when it is what a dialplan can be asked for: digits, letters, `+`, `*`, `#`; at most 64."""
    if not _EXTENSION.match(text):
        raise CommandRefused(f"not an extension: {text[:64]!r}")
    return text


def within(value: int, low: int, high: int, what: str) -> int:
    """`value` when it is between `low` and `high`, both included."""
    if not low <= value <= high:
        raise CommandRefused(f"{what} is {value}, must be {low} to {high}")
    return value


def line(text: str, what: str) -> str:
    """`text` when it fits into one line of at most 32 KiB and is valid Unicode."""
    if "\n" in text or "\r" in text or "\0" in text:
        raise CommandRefused(f"{what} contains CR, LF or NUL: {text[:64]!r}")
    if len(_utf8(text, what)) > MAX_LINE:
        raise CommandRefused(f"{what} is longer than {MAX_LINE} bytes")
    return text


def secret(text: str) -> str:
    """Like `line`, for a password: the error does not quote it."""
    try:
        return line(text, "the password")
    except CommandRefused:
        raise CommandRefused("the password contains CR, LF or NUL, is too long or not Unicode") from None


def body(text: str, what: str) -> bytes:
    """`text` as a body of at most 512 KiB; line breaks are harmless there, NUL would cut it."""
    if "\0" in text:
        raise CommandRefused(f"{what} contains NUL")
    encoded = _utf8(text, what)
    if len(encoded) > MAX_BODY:
        raise CommandRefused(f"{what} is longer than {MAX_BODY} bytes")
    return encoded


def literal(text: str, what: str) -> str:
    """`text` when FreeSWITCH will not expand anything in it."""
    if _EXPANSION.search(text):
        raise CommandRefused(f"{what} contains ${{…}}, which FreeSWITCH would execute: {text[:64]!r}")
    return text


def variable_name(name: str) -> str:
    """`name` when it is a plain channel variable name."""
    if not _NAME.match(name):
        raise CommandRefused(f"not a channel variable name: {name[:64]!r}")
    return name


def variable_value(name: str, value: str) -> str:
    """`value` when it may become channel variable `name`: no control characters, nothing to expand."""
    if ("\n" in value or "\r" in value) and name not in MULTILINE:
        raise CommandRefused(f"variable {name} contains CR or LF: {value[:64]!r}")
    if _CONTROL.search(value):
        raise CommandRefused(f"variable {name} contains a control character: {value[:64]!r}")
    return literal(value, f"variable {name}")


def multiset_list(variables: Mapping[str, str]) -> str:
    """The argument of the application `multiset`: `^^~name=value~name=value`.

    The delimiter is the first one of seven that no value contains; CommandRefused when there is none. An
    empty value removes the variable. Values arrive unchanged, whatever quotes they contain: FreeSWITCH
    unescapes the list twice and each value with a backslash once more.
    """
    _check_count(variables, MAX_VARIABLES)
    written = [f"{_known_name(name)}={_written(name, value)}" for name, value in variables.items()]
    together = "".join(written)
    delimiter = next((mark for mark in _DELIMITERS if mark not in together), None)
    if delimiter is None:
        raise CommandRefused(f"the values contain every delimiter of {_DELIMITERS!r}")
    return f"^^{delimiter}" + delimiter.join(written)


def _written(name: str, value: str) -> str:
    """The value, checked and escaped; nearly all consist of characters that need neither."""
    return value if _NOTHING_TO_DO.match(value) else _escape_twice(variable_value(name, value))


#: Names are our own, about fifty of them.
_known_name = lru_cache(maxsize=1024)(variable_name)


def setvar_list(variables: Mapping[str, str]) -> str:
    """The variables for `uuid_setvar_multi`, where the delimiter is always `;` and nothing is expanded."""
    _check_count(variables, MAX_VARIABLES_BY_API)
    for name, value in variables.items():
        if ";" in variable_value(name, value) or "\n" in value or "\r" in value:
            raise CommandRefused(f"variable {name} contains ';' or a line break: {value[:64]!r}")
    return ";".join(f"{variable_name(name)}={split_escape(value)}" for name, value in variables.items())


def split_escape(text: str) -> str:
    """`text` so that FreeSWITCH's list splitting gives it back unchanged."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    spaces = len(escaped) - len(escaped.rstrip(" "))
    return escaped[: len(escaped) - spaces] + "\\s" * spaces


def item_escape(text: str) -> str:
    """`text` as one item of a list that FreeSWITCH splits at spaces."""
    return split_escape(text).replace(" ", "\\s")


def _escape_twice(value: str) -> str:
    if "\\" in value:
        # A value with an escape in it is expanded once more when it is set.
        value = value.replace("\\", "\\\\")
    return split_escape(value).replace("\\", "\\\\")


def _check_count(variables: Mapping[str, str], limit: int) -> None:
    within(len(variables), 1, limit, "the number of variables")


def _utf8(text: str, what: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise CommandRefused(f"{what} is not valid Unicode: {text[:64]!r}") from error
