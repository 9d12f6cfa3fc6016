"""What applying a configuration would change, in calls and money, and what is refused.

A plan is made for one base version. It holds the parts to write, so what is shown is what is applied.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from dialplan.live import LiveCall
from provisioning.affected import Effects, Entry, counted_words, effects_of, summary_of
from provisioning.canonical import entry_of, item_of, items_of, tree_of
from provisioning.checks.sources import no_longer_alone
from provisioning.checks.tenants import moved_tenants
from provisioning.diff import FieldChange, field_changes
from provisioning.errors import ConfigInvalid, Finding
from provisioning.nearest import nearest_name
from provisioning.number_assignments import number_changes
from provisioning.schema import Config, CustomerEntry
from provisioning.spans import spans_of
from provisioning.validate import Parts
from store.config_items import CARRIER_KEY, CUSTOMER, ConfigItem, ItemKey, Items
from store.number_following import NumberRange


class Action(StrEnum):
    """What happens to a part."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class PartChange:
    """One part that is not as before. `summary` says what it consists of, `effects` are sentences: numbers
    and calls that it touches. `renamed_from`: an added customer is likely this removed one under a new id."""

    action: Action
    key: ItemKey
    name: str
    summary: str
    fields: tuple[FieldChange, ...] = ()
    effects: tuple[str, ...] = ()
    renamed_from: str | None = None

    @property
    def money(self) -> bool:
        """Whether it changes what is charged."""
        return any(each.money for each in self.fields)


@dataclass(frozen=True, slots=True)
class Plan:
    """From version `base_version` to the new configuration: `changed` and `removed` are what to write.

    `numbers` is what the number inventory is told. `findings` are about the step itself, with paths of the
    new configuration: an error among them means that the step is not allowed.
    """

    base_version: int
    changes: tuple[PartChange, ...]
    changed: tuple[ConfigItem, ...]
    removed: tuple[ItemKey, ...]
    findings: tuple[Finding, ...] = ()
    numbers: tuple[NumberRange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not self.changes

    def count(self, action: Action) -> int:
        """How many parts are added, changed or removed."""
        return sum(each.action is action for each in self.changes)


def make_plan(
    base_version: int,
    old: Items,
    new: Config,
    *,
    calls: Sequence[LiveCall] = (),
    allow_removal: bool = False,
) -> Plan:
    """Compare the parts of the version in force with a checked configuration.

    `calls` are those in progress, for the effects only. `allow_removal` lets customers go that still have
    numbers.
    """
    wanted = items_of(new)
    entries: dict[ItemKey, Entry] = {ItemKey(CUSTOMER, each.id): each for each in new.customers}
    entries[CARRIER_KEY] = new.carrier
    parts = _Parts(old)
    for key, item in wanted.items():
        if key not in old or old[key].sha256 != item.sha256:
            parts.compare(key, item, entries[key])
    for key in old:
        if key not in wanted:
            parts.before[key] = _read(old[key])
    changes = tuple(parts.changes(effects_of(parts.known(), parts.after.values(), calls)))
    removed = tuple(each.key for each in changes if each.action is Action.REMOVED)
    findings = (
        *_tenants(parts, new),
        *_sources(parts, new, entries),
        *(() if allow_removal else _removals(parts, removed)),
    )
    changed = tuple(wanted[key] for key in parts.after)
    return Plan(base_version, changes, changed, removed, findings, parts.numbers())


@dataclass(slots=True)
class _Parts:
    """The parts that differ, before and after; None before where today's schema cannot read it any more."""

    stored: Items
    before: dict[ItemKey, Entry | None] = field(default_factory=dict)
    after: dict[ItemKey, Entry] = field(default_factory=dict)

    def compare(self, key: ItemKey, item: ConfigItem, entry: Entry) -> None:
        """Note a part unless it says the same as before; an older program may have written it otherwise."""
        stored = self.stored.get(key)
        read = _read(stored) if stored is not None else None
        if read is not None and item_of(read) == item:
            return
        self.after[key] = entry
        if stored is not None:
            self.before[key] = read

    def known(self) -> list[Entry]:
        """What changes or goes, as it was."""
        return [entry for entry in self.before.values() if entry is not None]

    def numbers(self) -> tuple[NumberRange, ...]:
        """What becomes of the numbers of customers that change, come or go."""
        before = [each for each in self.known() if isinstance(each, CustomerEntry)]
        after = [each for each in self.after.values() if isinstance(each, CustomerEntry)]
        unread = [
            self.stored[key].content
            for key, read in self.before.items()
            if read is None and key.kind == CUSTOMER
        ]
        return number_changes(before, after, unread)

    def changes(self, effects: Effects) -> Iterator[PartChange]:
        """All of them: changed, added, removed."""
        gone = {key.id: _name(self.before[key], key) for key in self.before if key not in self.after}
        for key in sorted(self.after, key=lambda each: each not in self.before):
            entry, old = self.after[key], key in self.before
            yield PartChange(
                Action.CHANGED if old else Action.ADDED,
                key,
                entry.name,
                summary_of(entry),
                self._fields(key) if old else (),
                effects.get(key, ()),
                None if old else _likely(key.id, entry.name, gone),
            )
        for key, read in self.before.items():
            if key not in self.after:
                summary = summary_of(read) if read is not None else ""
                yield PartChange(Action.REMOVED, key, _name(read, key), summary, effects=effects.get(key, ()))

    def _fields(self, key: ItemKey) -> tuple[FieldChange, ...]:
        read = self.before[key]
        after = tree_of(self.after[key], defaults=read is not None)
        before = tree_of(read, defaults=True) if read is not None else json.loads(self.stored[key].content)
        return field_changes(before, after)


def _read(item: ConfigItem) -> Entry | None:
    """A stored part, or None when the schema has become stricter since."""
    try:
        return entry_of(item)
    except ConfigInvalid:
        return None


def _name(entry: Entry | None, key: ItemKey) -> str:
    return entry.name if entry is not None else key.id


def _likely(id_: str, name: str, gone: Mapping[str, str]) -> str | None:
    """The removed customer that an added one likely is: of the same name, or of a similar id."""
    same = [other for other, other_name in gone.items() if other_name == name]
    return same[0] if len(same) == 1 else nearest_name(id_, tuple(gone))


def _removals(parts: _Parts, removed: Sequence[ItemKey]) -> Iterator[Finding]:
    for key in removed:
        entry = parts.before[key]
        count = sum(span.size for span in spans_of([entry])) if isinstance(entry, CustomerEntry) else 1
        if count:
            yield Finding(
                "config.removal",
                (),
                f"customer {key.id} would go with {counted_words(count, 'number')} in service",
                allowed="the numbers ended first, or --allow-removal",
            )


def _sources(parts: _Parts, new: Config, entries: Mapping[ItemKey, Entry]) -> Iterator[Finding]:
    """Trunks that lose calls since another one comes to their address."""
    same = [entry for key, entry in entries.items() if key not in parts.after]
    return no_longer_alone([*parts.known(), *same], Parts.of(new))


def _tenants(parts: _Parts, new: Config) -> Iterator[Finding]:
    """Numbers of what changes or goes that would get another Microsoft tenant (A4)."""
    old = tuple(each for each in parts.known() if isinstance(each, CustomerEntry))
    if any(entry.tenant_id is not None for customer in old for entry in customer.numbers):
        yield from moved_tenants(Config.model_construct(carrier=new.carrier, customers=old), new)
