"""A plan for people, as lines of styled pieces, and for programs, as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from provisioning.affected import counted_words
from provisioning.diff import FieldChange
from provisioning.errors import Severity
from provisioning.plan import Action, PartChange, Plan
from store.config_items import CARRIER

#: Parts and fields that are written out; the rest is counted. Programs get all of them.
MAX_PARTS: Final = 100
MAX_FIELDS: Final = 50
_SIGNS: Final = {Action.ADDED: "+", Action.CHANGED: "~", Action.REMOVED: "-"}
#: Styles are rich's names for colours.
_STYLES: Final = {Action.ADDED: "green", Action.CHANGED: "yellow", Action.REMOVED: "red"}
_EFFECT: Final = "cyan"
_MONEY: Final = "magenta"

#: One line: its pieces of text, each with a style ("" for plain).
Line = tuple[tuple[str, str], ...]


def plan_lines(plan: Plan) -> Iterator[Line]:
    """The plan, most important last: each part with its changes, then the sum."""
    if plan.is_empty:
        yield _line(f"No change: this is version {plan.base_version}.")
        return
    for change in plan.changes[:MAX_PARTS]:
        yield from _part(change)
        yield ()
    if len(plan.changes) > MAX_PARTS:
        yield _line(f"… and {counted_words(len(plan.changes) - MAX_PARTS, 'part')} more (--json has all)")
    yield _line(
        f"Plan against version {plan.base_version}: {plan.count(Action.ADDED):,} added, "
        f"{plan.count(Action.CHANGED):,} changed, {plan.count(Action.REMOVED):,} removed."
    )
    money = sum(each.money for each in plan.changes)
    if money:
        yield _line(f"Prices or quotas change for {counted_words(money, 'part')}, marked with €.", _MONEY)


def plan_tree(plan: Plan) -> dict[str, Any]:
    """The whole plan as JSON values."""
    return {
        "base_version": plan.base_version,
        "added": plan.count(Action.ADDED),
        "changed": plan.count(Action.CHANGED),
        "removed": plan.count(Action.REMOVED),
        "allowed": not any(each.severity is Severity.ERROR for each in plan.findings),
        "changes": [
            {
                "action": each.action.value,
                "kind": each.key.kind,
                "id": each.key.id,
                "name": each.name,
                "summary": each.summary,
                "money": each.money,
                "renamed_from": each.renamed_from,
                "fields": [
                    {
                        "path": field.path,
                        "before": field.before,
                        "after": field.after,
                        "money": field.money,
                        "secret": field.secret,
                    }
                    for field in each.fields
                ],
                "effects": list(each.effects),
            }
            for each in plan.changes
        ],
    }


def _line(text: str, style: str = "") -> Line:
    return ((text, style),)


def _part(change: PartChange) -> Iterator[Line]:
    title = "carrier" if change.key.kind == CARRIER else f"customer {change.key.id}"
    about = (
        f" ({change.name}): {change.summary}" if change.action is not Action.CHANGED else f" ({change.name})"
    )
    yield ((f"{_SIGNS[change.action]} {title}", _STYLES[change.action]), (about, ""))
    if change.renamed_from is not None:
        yield _line(f"    renamed? customer {change.renamed_from} is removed in the same step", _EFFECT)
    for field in change.fields[:MAX_FIELDS]:
        yield _field(field)
    if len(change.fields) > MAX_FIELDS:
        yield _line(f"    … and {counted_words(len(change.fields) - MAX_FIELDS, 'field')} more")
    for effect in change.effects:
        yield _line(f"    > {effect}", _EFFECT)


def _field(field: FieldChange) -> Line:
    money = ((" €", _MONEY),) if field.money else ()
    if field.before is None:
        return (("    + ", "green"), (f"{field.path}: {field.after}", ""), *money)
    if field.after is None:
        return (("    - ", "red"), (f"{field.path}: {field.before}", ""), *money)
    if field.secret:
        return (("    ~ ", "yellow"), (f"{field.path}: changed (secret, not shown)", ""), *money)
    return (("    ~ ", "yellow"), (f"{field.path}: {field.before} -> {field.after}", ""), *money)
