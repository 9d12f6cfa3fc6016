"""The tree against the schema, piece by piece, so that one wrong customer hides no problem of another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from provisioning.errors import Finding, found_text
from provisioning.schema import CarrierEntry, Config, CustomerEntry
from provisioning.schema_errors import findings, missing_key, unknown_key
from provisioning.tree import MarkedDict, MarkedList

#: Keys this near the top may stand in a file that could not be read.
_TOP: int = 2
_MAX_CUSTOMERS = 100_000


@dataclass(slots=True)
class Parts:
    """What of a configuration is valid by itself; customers by their index in the list."""

    carrier: CarrierEntry | None = None
    customers: dict[int, CustomerEntry] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config) -> Parts:
        """All of a whole configuration."""
        return cls(config.carrier, dict(enumerate(config.customers)))

    def config(self) -> Config:
        """The whole; call it only when nothing was found wrong."""
        return Config.model_construct(carrier=self.carrier, customers=tuple(self.customers.values()))


def validate(tree: MarkedDict, parts: Parts, *, complete: bool = True) -> Iterator[Finding]:
    """Fill `parts` with what is valid and yield a finding for all that is not.

    `complete` is false when a file could not be read: what may stand in it is then not called missing.
    """
    for finding in _sections(tree, parts):
        if complete or finding.id != "config.missing-key" or len(finding.path) > _TOP:
            yield finding


def _sections(tree: MarkedDict, parts: Parts) -> Iterator[Finding]:
    known = tuple(Config.model_fields)
    for key in tree:
        if key not in known:
            yield unknown_key((key,), known)
    if "carrier" in tree:
        try:
            parts.carrier = CarrierEntry.model_validate(tree["carrier"])
        except ValidationError as error:
            yield from findings(error, CarrierEntry, ("carrier",))
    else:
        yield missing_key(("carrier",))
    yield from _customers(tree, parts)


def _customers(tree: MarkedDict, parts: Parts) -> Iterator[Finding]:
    customers = tree.get("customers", MarkedList(0))
    if not isinstance(customers, MarkedList):
        found = found_text(customers, ("customers",))
        yield Finding("config.wrong-type", ("customers",), "not a list", found, "a list")
        return
    if len(customers) > _MAX_CUSTOMERS:
        allowed = f"at most {_MAX_CUSTOMERS}"
        yield Finding(
            "config.too-many", ("customers",), "a list is too long", f"a list of {len(customers)}", allowed
        )
        return
    for index, value in enumerate(customers):
        try:
            parts.customers[index] = CustomerEntry.model_validate(value)
        except ValidationError as error:
            yield from findings(error, CustomerEntry, ("customers", index))
