"""Events and states as text, for the journal from which a successor goes on.

A record is one line of JSON: `{"at": ms, "is": "CallerJoined", …}`. A checkpoint is a whole state. What goes
into the log of figures is written the same way: `{"at": ms, "is": "Answered", …}`. Reading is strict: what is
cut, unknown or of a wrong type raises `RecordRefused` and changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from acd import events
from acd.effects import Effect, Logged
from acd.errors import RecordRefused
from acd.events import Event
from acd.orders import ExtendWrapUp, InHand, Supervise
from acd.state import State
from acd.step import step

_EVENTS: Final[Mapping[str, type[Any]]] = {each.__name__: each for each in get_args(events.Event)}
_LOGGED: Final[Mapping[str, type[Any]]] = {each.__name__: each for each in get_args(Logged)}
#: What is said to a contact centre and is no event of its journal.
_SAID: Final[Mapping[str, type[Any]]] = {
    **_EVENTS,
    **{each.__name__: each for each in (Supervise, ExtendWrapUp, InHand)},
}
#: Types of the fields, worked out once for each dataclass.
_HINTS: Final[dict[type[Any], dict[str, Any]]] = {}
#: Names and defaults of what is written of a dataclass, worked out once for each: most of an event is written
#: so, with every step (benchmarks/README.md, "assignments").
_KEPT: Final[dict[type[Any], tuple[tuple[str, Any], ...]]] = {}
_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
#: Longest record that is read: a tenant's whole state with thousands of callers.
MAX_RECORD: Final = 64 * 1024 * 1024


def written(event: Event | Supervise | ExtendWrapUp | InHand | Logged, at_ms: int) -> str:
    """The record of an event, of what is said or of what is logged, at its time."""
    return _text({"at": at_ms, "is": type(event).__name__, **_plain(event)})


def logged(effects: Iterable[Effect], at_ms: int) -> list[str]:
    """The records of those effects of a step that figures are made of."""
    return [written(each, at_ms) for each in effects if isinstance(each, Logged)]


def read(record: str) -> tuple[Event, int]:
    """The event of a record, and its time. Raises RecordRefused."""
    event: Event
    event, at_ms = _read(record, _EVENTS)
    return event, at_ms


def read_logged(record: str) -> tuple[Logged, int]:
    """What was logged, and its time. Raises RecordRefused."""
    effect, at_ms = _read(record, _LOGGED)
    return effect, at_ms


def restored_entry(kind: str, content: Mapping[str, Any]) -> Logged:
    """What was logged, from its name and fields. Raises RecordRefused."""
    if kind not in _LOGGED:
        raise RecordRefused(f"nothing that is logged is called {kind[:40]!r}")
    effect: Logged = _made(_LOGGED[kind], content, kind)
    return effect


def read_said(record: str) -> Event | Supervise | ExtendWrapUp | InHand:
    """What somebody says to the contact centre. Raises RecordRefused."""
    said: Event | Supervise | ExtendWrapUp | InHand = _read(record, _SAID)[0]
    return said


def _read(record: str, kinds: Mapping[str, type[Any]]) -> tuple[Any, int]:
    content = _object(record)
    kind = kinds.get(str(content.pop("is", None)))
    at_ms = content.pop("at", None)
    if kind is None or type(at_ms) is not int:
        raise RecordRefused("a journal record without a known kind or without its time")
    return _made(kind, content, kind.__name__), at_ms


def checkpoint(state: State) -> str:
    """The whole state."""
    return _text(_plain(state))


def restored(text: str) -> State:
    """The state of a checkpoint. Raises RecordRefused."""
    state: State = _made(State, _object(text), "State")
    return state


def replayed(state: State, records: Iterable[str]) -> State:
    """The state after these records: the same that the writer had. Raises RecordRefused at the first that
    cannot be read; a successor stops there and compares notes with the switch."""
    for record in records:
        event, at_ms = read(record)
        state, _ = step(state, event, at_ms)
    return state


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _object(text: str) -> dict[str, Any]:
    if len(text) > MAX_RECORD:
        raise RecordRefused(f"a journal record of {len(text)} characters; {MAX_RECORD} are the most")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecordRefused(f"a journal record that is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise RecordRefused("a journal record that is no object")
    return content


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in _SCALARS:
        return value
    kept = _KEPT.get(kind)
    if kept is None and is_dataclass(value):
        kept = _KEPT[kind] = tuple((each.name, each.default) for each in fields(value) if each.init)
    if kept is not None:
        found = ((name, getattr(value, name), default) for name, default in kept)
        return {name: _plain(item) for name, item, default in found if item != default}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return [[_plain(key), _plain(item)] for key, item in value.items()]
    if isinstance(value, frozenset):
        return [_plain(each) for each in sorted(value)]
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def _made(kind: type[Any], content: Any, where: str) -> Any:
    """The dataclass from its fields; those left out have their default."""
    if not isinstance(content, dict):
        raise RecordRefused(f"{where}: no object")
    if (hints := _HINTS.get(kind)) is None:
        hints = _HINTS[kind] = get_type_hints(kind)
    values = {}
    for name, value in content.items():
        if name not in hints:
            raise RecordRefused(f"{where}: unknown field {name[:40]!r}")
        values[name] = _value(hints[name], value, f"{where}.{name}")
    try:
        return kind(**values)
    except TypeError as error:
        raise RecordRefused(f"{where}: {error}") from error


def _value(hint: Any, value: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        kinds = [each for each in get_args(hint) if each is not NoneType]
        return None if value is None else _value(kinds[0], value, where)
    if origin is not None:
        return _READERS[origin](get_args(hint), _list(value, where), where)
    if is_dataclass(hint):
        return _made(hint, value, where)  # type: ignore[arg-type]
    if issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError as error:
            raise RecordRefused(f"{where}: {error}") from error
    if type(value) is not hint:
        raise RecordRefused(f"{where}: {str(value)[:40]!r} is no {hint.__name__}")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise RecordRefused(f"{where}: no list")
    return value


def _tuple(kinds: tuple[Any, ...], values: list[Any], where: str) -> tuple[Any, ...]:
    if kinds[-1] is Ellipsis:
        return tuple(_value(kinds[0], each, where) for each in values)
    if len(values) != len(kinds):
        raise RecordRefused(f"{where}: {len(values)} values instead of {len(kinds)}")
    return tuple(_value(kind, each, where) for kind, each in zip(kinds, values, strict=True))


def _mapping(kinds: tuple[Any, ...], values: list[Any], where: str) -> dict[Any, Any]:
    return dict(_tuple(kinds, _list(each, where), where) for each in values)


def _frozenset(kinds: tuple[Any, ...], values: list[Any], where: str) -> frozenset[Any]:
    return frozenset(_value(kinds[0], each, where) for each in values)


_READERS: Final[Mapping[Any, Callable[[tuple[Any, ...], list[Any], str], Any]]] = {
    tuple: _tuple,
    Mapping: _mapping,
    frozenset: _frozenset,
}
