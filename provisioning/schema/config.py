"""The whole configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from provisioning.notation.entry import Entry
from provisioning.notation.form import Items
from provisioning.schema.carrier import CarrierEntry
from provisioning.schema.customer import CustomerEntry


class Config(Entry):
    """All files together."""

    carrier: CarrierEntry = Field(
        description="The carrier itself: its numbers and its trunks to other carriers."
    )
    customers: Annotated[
        tuple[CustomerEntry, ...], Field(strict=False, max_length=100_000), Items(100_000)
    ] = Field((), description="The carrier's customers.")
