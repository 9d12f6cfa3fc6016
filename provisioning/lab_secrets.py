"""Secrets in clear text: the lab's. Outside the lab a configuration that holds one is not applied (F5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provisioning.canonical import item_of
from provisioning.errors import Finding, KeyPath
from provisioning.schema import CarrierEntry, Config, CustomerEntry


def lab_secrets(config: Config) -> Iterator[Finding]:
    """A finding for each, with its place; what is found is never shown."""
    parts: list[tuple[KeyPath, CarrierEntry | CustomerEntry]] = [(("carrier",), config.carrier)]
    parts += [(("customers", index), each) for index, each in enumerate(config.customers)]
    for path, entry in parts:
        if '"lab":' in item_of(entry).content:
            yield from _below(path, entry.model_dump(mode="json", exclude_none=True))


def _below(path: KeyPath, value: Any) -> Iterator[Finding]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _below((*path, index), each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == "lab" and path[-1] == "secret":
                yield Finding(
                    "config.lab-secret",
                    path,
                    "a secret in clear text is for the lab only and is not stored",
                    allowed="{env: NAME} or {file: path}",
                )
            else:
                yield from _below((*path, key), each)
