"""The XML dialplan: which actions a call gets (mod_dialplan_xml's hunt)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Protocol

MAX_SUBJECT: Final = 4096
"""Characters of a field that an expression sees; FreeSWITCH's own buffers are of that order."""

_REFERENCE: Final = re.compile(r"\$(?:(\d{1,3})|\{(\d{1,3})\})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Action:
    """An application with its unexpanded data; `inline` ones run while the dialplan is being read."""

    application: str
    data: str
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """`field` None means always true. `break_on`: on-false (default), on-true, always or never."""

    field: str | None
    expression: str
    break_on: str
    actions: tuple[Action, ...]
    anti_actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Extension:
    """A named list of conditions; `goes_on` is FreeSWITCH's continue="true"."""

    name: str
    goes_on: bool
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """Extensions in order."""

    name: str
    extensions: tuple[Extension, ...]


@dataclass(slots=True)
class Plan:
    """What a call shall execute: the first matching extension's name, the number, the applications."""

    name: str
    number: str
    applications: list[Action] = field(default_factory=list)
    position: int = 0
    """Index of the next application."""
    children: list[Plan] = field(default_factory=list)
    """Plans run by execute_extension out of this one."""


class Caller(Protocol):
    """What the hunt asks of a channel."""

    def field(self, name: str) -> str:
        """A caller profile field or variable; empty when unknown."""

    def expand(self, text: str) -> str:
        """`text` with its `${variables}` replaced."""

    def matched(self, groups: list[str]) -> None:
        """A condition with captures matched; `groups[0]` is the whole match."""

    def run_inline(self, action: Action) -> None:
        """Execute an inline action now."""


def hunt(contexts: Mapping[str, Context], name: str, number: str, caller: Caller) -> Plan | None:
    """The actions of the first extension that matches (of several with continue); None without any."""
    context = contexts.get(name)
    plan: Plan | None = None
    for extension in context.extensions if context else ():
        found, proceed = _read(extension, number, caller)
        if found is not None:
            if plan is None:
                plan = found
            else:
                plan.applications += found.applications
        if proceed and not extension.goes_on:
            break
    return plan


def _read(extension: Extension, number: str, caller: Caller) -> tuple[Plan | None, bool]:
    """The extension's actions for this call, and whether its last condition was true."""
    plan: Plan | None = None
    proceed = False
    for condition in extension.conditions:
        match = _test(condition, caller)
        proceed = match is not None
        chosen = condition.actions if match is not None else condition.anti_actions
        if match is not None and condition.field is not None and "(" in condition.expression:
            caller.matched([match[0], *(group or "" for group in match.groups())])
        for action in chosen:
            data = action.data
            if match is not None and condition.field is not None and "(" in condition.expression:
                data = substitute(data, match)
            if plan is None:
                plan = Plan(extension.name, number)
            if action.inline:
                caller.run_inline(Action(action.application, data))
            else:
                plan.applications.append(Action(action.application, data))
        if match is None and condition.anti_actions:
            proceed = True
        stop_on = condition.break_on
        if stop_on == "always" or (match is None and stop_on == "on-false"):
            break
        if match is not None and stop_on == "on-true":
            break
    return plan, proceed


_ANYTHING: Final = re.compile("")


def _test(condition: Condition, caller: Caller) -> re.Match[str] | None:
    expression = caller.expand(condition.expression)
    if condition.field is None:
        return _ANYTHING.match("")
    subject = caller.expand(condition.field) if "$" in condition.field else caller.field(condition.field)
    pattern = compiled(expression)
    return pattern.search(subject[:MAX_SUBJECT]) if pattern else None


@lru_cache(maxsize=4096)
def compiled(expression: str) -> re.Pattern[str] | None:
    """A PCRE pattern, with FreeSWITCH's `/pattern/flags` form; None when it cannot be compiled."""
    flags = re.RegexFlag(0)
    if len(expression) > 1 and expression.startswith("/"):
        body, slash, letters = expression[1:].rpartition("/")
        if slash:
            expression = body
            for letter, flag in (
                ("i", re.IGNORECASE),
                ("s", re.DOTALL),
                ("m", re.MULTILINE),
                ("x", re.VERBOSE),
            ):
                flags |= flag if letter in letters else 0
    try:
        return re.compile(expression, flags)
    except re.error:
        return None


def substitute(data: str, match: re.Match[str]) -> str:
    """`data` with $0…$999 and ${0}… replaced by the captures; one that does not exist becomes empty."""

    def group(reference: re.Match[str]) -> str:
        number = int(reference[1] or reference[2])
        return (match[number] or "") if number <= match.re.groups else ""

    return _REFERENCE.sub(group, data)
