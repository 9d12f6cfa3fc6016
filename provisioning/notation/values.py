"""The scalars of the schema: ids, texts, numbers, addresses. Each parses once and says what is allowed."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainValidator

from numbering.e164 import E164
from numbering.plan import is_area_code
from provisioning.notation.entry import refusal
from provisioning.notation.form import Form

MAX_TEXT: Final = 200
_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?", re.ASCII)
_USERNAME: Final = re.compile(r"[A-Za-z0-9.+_~@-]{1,128}", re.ASCII)
#: Without "@": it stands before the domain in a SIP address and in FreeSWITCH's dial string.
_LOGIN: Final = re.compile(r"[A-Za-z0-9.+_~-]{1,128}", re.ASCII)
_ENV_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
_AREA_CODE: Final = re.compile(r"0?([1-9][0-9]{1,4})", re.ASCII)

#: What people put between digits: spaces (also the no-break ones of word processors), dashes, "/()." .
SEPARATORS: Final = dict.fromkeys(map(ord, " \u00a0\u202f-\u2010\u2011\u2013/()."))
MAX_WRITTEN_NUMBER: Final = 40
#: National significant numbers are at most 13 digits (E.164: 15 with the country code 49).
_GERMAN: Final = re.compile(r"\+49[1-9][0-9]{2,12}", re.ASCII)
_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_NUMBER_ALLOWED: Final = '"+49 221 4710-100" or "0221 4710-100"'


def _parse_id(value: Any) -> str:
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    allowed = "lower-case letters, digits, '.', '_' and '-' within, at most 64 characters"
    if isinstance(value, int) and not isinstance(value, bool):
        raise refusal("config.wrong-type", "an id is text", f"{allowed}, in quotes")
    raise refusal("config.id", "not an id", allowed)


def _parse_text(value: Any) -> str:
    if not isinstance(value, str):
        raise refusal("config.wrong-type", "not a text", "text, in quotes where it looks like a number")
    if not value.strip() or len(value) > MAX_TEXT:
        raise refusal("config.text", "text is empty or too long", f"1 to {MAX_TEXT} characters")
    return value.strip()


def _parse_username(value: Any) -> str:
    if isinstance(value, str) and _USERNAME.fullmatch(value):
        return value
    raise refusal(
        "config.username",
        "not a user name",
        'letters, digits and ". + _ ~ @ -", at most 128, in quotes if digits only',
    )


def _parse_login(value: Any) -> str:
    if isinstance(value, str) and _LOGIN.fullmatch(value):
        return value
    raise refusal(
        "config.username",
        "not a user name",
        'letters, digits and ". + _ ~ -", at most 128, in quotes if digits only',
    )


def _parse_env_name(value: Any) -> str:
    if isinstance(value, str) and _ENV_NAME.fullmatch(value):
        return value
    raise refusal("config.secret", "not the name of an environment variable", "letters, digits and '_'")


def parse_number(value: Any) -> E164:
    """A German number as people write it. Raise a refusal unless it is "+49 …" or "0…" with its area code."""
    if type(value) is str and _GERMAN.fullmatch(value):
        return E164(value)
    if isinstance(value, int) and not isinstance(value, bool):
        raise refusal(
            "config.unquoted-number",
            "a number without quotes loses its 0 or +: put it in quotes",
            _NUMBER_ALLOWED,
        )
    if not isinstance(value, str):
        raise refusal("config.wrong-type", "not a number", f"text in quotes: {_NUMBER_ALLOWED}")
    if len(value) > MAX_WRITTEN_NUMBER:
        raise refusal("config.number", "a number is too long", "at most 15 digits")
    written = value.translate(SEPARATORS)
    if written.startswith("0") and not written.startswith("00"):
        written = "+49" + written[1:]
    if not _GERMAN.fullmatch(written):
        raise refusal("config.number", _number_fault(written), _NUMBER_ALLOWED)
    return E164(written)


def _number_fault(written: str) -> str:
    if written.startswith("00"):
        return "a number begins with 00"
    if written.startswith("+490"):
        return "a number has a 0 behind +49"
    if written.startswith("+") and not written.startswith("+49") and written[1:].isdigit():
        return "not a German number"
    if written.isdigit():
        return "a number without its area code"
    return "not a number, or one with too few or too many digits"


def _parse_area_code(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        raise refusal(
            "config.unquoted-number", "an area code without quotes loses its 0: put it in quotes", '"0221"'
        )
    match = _AREA_CODE.fullmatch(value) if isinstance(value, str) else None
    if match is None or not is_area_code(match.group(1)):
        raise refusal(
            "config.area-code", "not a German area code (ONKZ)", 'one of the numbering plan: "0221"'
        )
    return match.group(1)


def _parse_contact_number(value: Any) -> str:
    """A number to call somebody at, also a foreign one; read to E.164."""
    if isinstance(value, str) and len(value) <= MAX_WRITTEN_NUMBER:
        written = value.translate(SEPARATORS)
        if _INTERNATIONAL.fullmatch(written) and not written.startswith("+49"):
            return written
    return parse_number(value)


#: Name of a thing within the configuration; also gateway and SIP user name, so letters of a host name only.
Id = Annotated[
    str,
    BeforeValidator(_parse_id),
    Form("id", "lower-case letters, digits, `.`, `_` and `-` within, at most 64 characters"),
]
#: One line of text for people.
Text = Annotated[str, BeforeValidator(_parse_text), Form("text", f"one line, 1 to {MAX_TEXT} characters")]
#: User name for digest authentication at somebody else's server.
Username = Annotated[
    str,
    BeforeValidator(_parse_username),
    Form("user name", 'letters, digits and ". + _ ~ @ -", at most 128 characters'),
]
#: User name of those who log in at us: phones and agents.
Login = Annotated[
    str,
    BeforeValidator(_parse_login),
    Form("user name", 'letters, digits and ". + _ ~ -", at most 128 characters'),
]
EnvName = Annotated[
    str, BeforeValidator(_parse_env_name), Form("name", "letters, digits and `_`, at most 128 characters")
]
#: A German number, read to E.164.
Number = Annotated[
    E164,
    PlainValidator(parse_number),
    Form("number", "German, in quotes: `0221 4710-100`, `+49 221 4710-100`"),
]
#: Any number, read to E.164.
ContactNumber = Annotated[
    str, BeforeValidator(_parse_contact_number), Form("number", "German or with its country code, in quotes")
]
#: An area code (Ortsnetzkennzahl) without its 0: "221".
AreaCode = Annotated[
    str,
    BeforeValidator(_parse_area_code),
    Form("area code", 'one of the numbering plan, in quotes: `"0221"`'),
]
