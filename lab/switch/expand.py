"""`${variable}` expansion as FreeSWITCH does it: recursive, with `${name:offset:length}` and `${api(x)}`.

Recursion is kept on purpose: values are expanded again, so a dialled `${…}` is dangerous wherever a rendered
dialplan lets it in, and tests with hostile dial strings mean something (switch_channel.c for the facts).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MAX_DEPTH: Final = 100
MAX_REFERENCES: Final = 10_000
MAX_LENGTH: Final = 256 * 1024
"""Characters of a result; a value that names itself twice would grow without end."""

_OPENING: Final = re.compile(r"\$\\*\{")
_NUMBER: Final = re.compile(r"\s*([+-]?\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where values come from. `api` None: `${api()}` is denied (api-expansion=false)."""

    variable: Callable[[str, int], str | None]
    """Value by name and array index (-1: none)."""
    api: Callable[[str, str], str] | None


def would_expand(text: str) -> bool:
    """Whether FreeSWITCH sees a reference in `text` (`$`, perhaps backslashes, `{`)."""
    return _OPENING.search(text) is not None


def disarmed(text: str) -> str:
    """`text` with the `$` of each reference made a `%`, as FreeSWITCH does in caller profiles."""
    return _OPENING.sub(lambda found: "%" + found[0][1:], text)


class _Budget:
    """References that one expansion may still look up: two values that name each other twice never end."""

    def __init__(self) -> None:
        self.left = MAX_REFERENCES


def expand(text: str, scope: Scope) -> str:
    """`text` with all references replaced; unknown variables become empty, those beyond the limits stay."""
    return _expand(text, scope, 0, _Budget())


def _expand(text: str, scope: Scope, depth: int, budget: _Budget) -> str:
    if depth > MAX_DEPTH or budget.left <= 0 or ("${" not in text and "\\" not in text):
        return text
    pieces: list[str] = []
    size = place = 0
    while place < len(text) and size <= MAX_LENGTH:
        piece, place = _next(text, place, scope, depth, budget)
        pieces.append(piece)
        size += len(piece)
    return "".join(pieces)[:MAX_LENGTH]


def _next(text: str, place: int, scope: Scope, depth: int, budget: _Budget) -> tuple[str, int]:
    """One literal stretch or one reference from `place` on, and where to go on."""
    character = text[place]
    if character == "\\":
        follower = text[place + 1 : place + 2]
        if follower == "$":
            dollars = 2 if text[place + 2 : place + 3] == "$" else 1
            return "$", place + 1 + dollars
        if follower == "'":
            return "", place + 2
        if follower == "\\":
            return "\\", place + 2
        return "\\", place + 1
    if character == "$":
        start = place + 2 if text[place + 1 : place + 2] == "$" else place + 1
        if text[start : start + 1] == "{":
            end = _closing(text, start + 1)
            return _reference(text[start + 1 : end], scope, depth, budget), end + 1
        return text[start - 1], start
    end = place
    while end < len(text) and text[end] not in "$\\":
        end += 1
    return text[place:end], end


def _closing(text: str, start: int) -> int:
    """The brace that closes the reference opened before `start`; the end of the text when none does."""
    level = 1
    for place in range(start, len(text)):
        if text[place] == "{" and place != start:
            level += 1
        elif text[place] == "}":
            level -= 1
            if level == 0:
                return place
    return len(text)


def _reference(inside: str, scope: Scope, depth: int, budget: _Budget) -> str:
    budget.left -= 1
    for place, character in enumerate(inside):
        if character in " (":
            name = inside[:place].rstrip(" ")
            return _call(name, _argument(inside[place + 1 :], character == "("), scope, depth, budget)
    name = _expand(inside, scope, depth + 1, budget)
    name, _, slicing = name.partition(":")
    offset_text, _, length_text = slicing.partition(":")
    offset, length = _atoi(offset_text), _atoi(length_text)
    index = -1
    if "[" in name and "]" in name[name.index("[") :]:
        name, _, subscript = name.partition("[")
        index = _atoi(subscript)
    value = scope.variable(name, index)
    if value is None:
        return ""
    return _slice(_expand(value, scope, depth + 1, budget), offset, length)


def _slice(value: str, offset: int, length: int) -> str:
    """Offset and length count bytes in FreeSWITCH; here characters, the same for what numbers are made of."""
    if offset >= 0 or -offset <= len(value):
        value = value[offset:]
    return value[:length] if 0 < length < len(value) else value


def _call(name: str, argument: str, scope: Scope, depth: int, budget: _Budget) -> str:
    name = _expand(name, scope, depth + 1, budget)
    argument = _expand(argument, scope, depth + 1, budget)
    if scope.api is None:
        return "<API Execute Permission Denied>"
    return scope.api(name, argument)


def _argument(rest: str, in_parentheses: bool) -> str:
    if not in_parentheses:
        return rest
    level = 1
    for place, character in enumerate(rest):
        if character == "(":
            level += 1
        elif character == ")":
            level -= 1
            if level == 0:
                return rest[:place]
    return rest


def _atoi(text: str) -> int:
    found = _NUMBER.match(text)
    return int(found[1]) if found else 0
