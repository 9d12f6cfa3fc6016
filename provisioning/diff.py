"""What differs between two states of one part: each field with its path, from what to what.

Lists of things that have a name (an id, a number, an extension) are compared by that name, so an entry that
moved is no change and one that was added is one line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provisioning.canonical import UNORDERED
from provisioning.errors import cut, is_secret

#: Keys whose change, or that of anything below them, changes what a customer pays.
MONEY_KEYS: Final = frozenset(
    {
        "contract",
        "foreign_price_notice_days",
        "one_off_prices",
        "return_debit_fee",
        "spend_per_day",
        "spend_per_month",
    }
)
#: Keys of `contract` that are no money.
_NOT_MONEY: Final = frozenset({"number", "signed"})
#: Longest value shown.
_MAX_SHOWN: Final = 200
_HIDDEN: Final = "(not shown)"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field. `before` is None for what is new, `after` for what is gone; both are text for people.

    `money`: it changes what is charged. `secret`: the values are hidden.
    """

    path: str
    before: str | None
    after: str | None
    money: bool = False
    secret: bool = False


def field_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """All changes between two trees of one part (`canonical.tree_of` with defaults), in the trees' order."""
    return tuple(_mappings((), before, after))


Path = tuple[str, ...]


def _mappings(path: Path, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    for key in dict.fromkeys((*before, *after)):
        yield from _values((*path, key), before.get(key), after.get(key))


def _values(path: Path, before: Any, after: Any) -> Iterator[FieldChange]:
    if before == after or (_is_nothing(before) and _is_nothing(after)):
        return
    if isinstance(before, dict) and isinstance(after, dict) and not _is_secret(path):
        yield from _mappings(path, before, after)
    elif isinstance(before or [], list) and isinstance(after or [], list):
        yield from _lists(path, before or [], after or [])
    else:
        yield _change(path, before, after)


def _lists(path: Path, before: Sequence[Any], after: Sequence[Any]) -> Iterator[FieldChange]:
    if all(isinstance(each, dict) for each in (*before, *after)):
        old, new = _named(before), _named(after)
        for name in dict.fromkeys((*old, *new)):
            yield from _values((*path[:-1], f"{path[-1]}[{name}]"), old.get(name), new.get(name))
    elif path[-1] in UNORDERED:
        for gone in [each for each in before if each not in set(after)]:
            yield _change(path, gone, None)
        for came in [each for each in after if each not in set(before)]:
            yield _change(path, None, came)
    else:
        yield _change(path, before, after)


def _named(entries: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The entries by what names them; those without a name, or with one that comes twice, by position."""
    named: dict[str, Mapping[str, Any]] = {}
    for index, entry in enumerate(entries):
        name = entry_name(entry)
        named[name if name is not None and name not in named else str(index)] = entry
    return named


def entry_name(entry: Mapping[str, Any]) -> str | None:
    """What an entry of a list is called: its id, its number or numbers, its extension, its name."""
    if entry.get("first") is not None:
        return f"from {entry['first']}"
    if entry.get("list"):
        return f"list from {entry['list'][0]}"
    for key in ("id", "number", "extension", "number_class", "role", "name"):
        if entry.get(key) is not None:
            return cut(str(entry[key]))
    return None


def _change(path: Path, before: Any, after: Any) -> FieldChange:
    secret = _is_secret(path)
    return FieldChange(
        ".".join(path),
        None if _is_nothing(before) else _HIDDEN if secret else shown(before),
        None if _is_nothing(after) else _HIDDEN if secret else shown(after),
        money=_is_money(path),
        secret=secret,
    )


def _is_nothing(value: Any) -> bool:
    return value is None or value == [] or value == {}


def _is_secret(path: Path) -> bool:
    return is_secret(tuple(_key(step) for step in path))


def _is_money(path: Path) -> bool:
    keys = [_key(step) for step in path]
    return not MONEY_KEYS.isdisjoint(keys) and not (keys[0] == "contract" and keys[-1] in _NOT_MONEY)


def _key(step: str) -> str:
    return step.partition("[")[0]


def shown(value: Any) -> str:
    """A value for people, secrets within it hidden, in at most 200 characters."""
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, dict):
        parts = (
            f"{key}: {_within(key, each)}"
            for key, each in value.items()
            if not _is_nothing(each) and each is not False
        )
        text = ", ".join(parts)
    elif isinstance(value, list):
        text = ", ".join(map(shown, value[:20])) + (", …" if len(value) > 20 else "")
        text = f"[{text}]"
    else:
        text = json.dumps(value)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def _within(key: str, value: Any) -> str:
    if is_secret((key,)):
        return _HIDDEN
    return f"({shown(value)})" if isinstance(value, dict) else shown(value)
