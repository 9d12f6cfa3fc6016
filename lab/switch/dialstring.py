"""FreeSWITCH's dial strings: `<enterprise>`-less `{for all}[for one]endpoint/data,…|…` as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lab.errors import DialStringError

MAX_CHARS: Final = 65_536
MAX_LEGS: Final = 128

_PAIRS: Final = {"[": "]", "{": "}", "<": ">"}


@dataclass(frozen=True, slots=True)
class LegSpec:
    """One endpoint with the variables of its brackets."""

    endpoint: str
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DialString:
    """`alternatives` are tried one after the other; the legs of one ring together."""

    variables: tuple[tuple[str, str], ...]
    alternatives: tuple[tuple[LegSpec, ...], ...]


def parse_dial_string(text: str) -> DialString:
    """Read a dial string; raises DialStringError with the place."""
    if len(text) > MAX_CHARS:
        raise DialStringError(f"dial string of {len(text)} characters; at most {MAX_CHARS}")
    rest = text.strip()
    shared: list[tuple[str, str]] = []
    while rest[:1] in ("<", "{"):
        inside, rest = _bracketed(rest)
        shared += parse_variables(inside)
    if ":_:" in rest:
        raise DialStringError(
            f"dial string {text[:80]!r}: `:_:` (enterprise) is not in the lab; use `,` and `|`"
        )
    alternatives = tuple(
        tuple(_leg(part) for part in _split(alternative, ",") if part.strip())
        for alternative in _split(rest, "|")
        if alternative.strip()
    )
    if not any(alternatives):
        raise DialStringError(f"dial string {text[:80]!r} names no endpoint")
    if sum(map(len, alternatives)) > MAX_LEGS:
        raise DialStringError(f"dial string with more than {MAX_LEGS} legs")
    return DialString(tuple(shared), alternatives)


def _leg(text: str) -> LegSpec:
    rest = text.strip()
    variables: list[tuple[str, str]] = []
    while rest[:1] == "[":
        inside, rest = _bracketed(rest)
        variables += parse_variables(inside)
    return LegSpec(rest.strip(), tuple(variables))


def _bracketed(text: str) -> tuple[str, str]:
    """The content of the bracket that `text` begins with, and what follows it."""
    closing = _PAIRS[text[0]]
    level = 0
    for place, character in enumerate(text):
        if character == text[0]:
            level += 1
        elif character == closing:
            level -= 1
            if level == 0:
                return text[1:place], text[place + 1 :].lstrip()
    raise DialStringError(f"dial string {text[:80]!r}: {text[0]} is never closed")


def _split(text: str, separator: str) -> list[str]:
    """Split outside of brackets and single quotes."""
    parts: list[str] = []
    level = start = 0
    quoted = False
    for place, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif character in "[{":
            level += 1
        elif character in "]}":
            level = max(0, level - 1)
        elif character == separator and level == 0:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    return parts


def parse_variables(inside: str) -> list[tuple[str, str]]:
    """`name=value,name=va\\,lue`; a leading `^^X` makes X the separator instead of the comma.

    Quotes are taken off but protect no separator, only a backslash does (seen on FreeSWITCH 1.11).
    """
    separator = ","
    if inside.startswith("^^") and len(inside) > 2:
        separator, inside = inside[2], inside[3:]
    pairs = []
    for part in re.split(rf"(?<!\\){re.escape(separator)}", inside):
        name, equals, value = part.partition("=")
        if equals and name.strip():
            clean = value.replace("\\" + separator, separator).replace("'", "").strip()
            pairs.append((name.strip(), clean))
    return pairs


def separate(text: str, separator: str) -> list[str]:
    """FreeSWITCH's separated string: single quotes keep separators, a backslash escapes them."""
    parts: list[str] = []
    current: list[str] = []
    quoted = False
    place = 0
    while place < len(text):
        character = text[place]
        follower = text[place + 1 : place + 2]
        if character == "\\" and follower and follower in (separator, "'", "\\"):
            current.append(follower)
            place += 2
            continue
        if character == "'":
            quoted = not quoted
        elif character == separator and not quoted:
            parts.append("".join(current).strip())
            current = []
        else:
            current.append(character)
        place += 1
    parts.append("".join(current).strip())
    return [part for part in parts if part] if separator == " " else parts
