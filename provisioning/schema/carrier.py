"""The carrier itself: its numbers and its trunks to other carriers."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from provisioning.schema.entry import Entry, Few, Many, refusal
from provisioning.schema.trunk import TrunkEntry
from provisioning.schema.values import AreaCode, Number, Text


class BlockEntry(Entry):
    """A block of numbers of ours in one area code (A2)."""

    area_code: AreaCode = Field(description='Area code (ONKZ) the block belongs to, in quotes: "0221".')
    first: Number = Field(description="First number of the block.")
    last: Number = Field(description="Last number of the block, as long as the first one.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        check_range(self.first, self.last)
        if not self.first.startswith(f"+49{self.area_code}") or not self.last.startswith(
            f"+49{self.area_code}"
        ):
            raise refusal(
                "config.block-area-code",
                f"the block {self.first} to {self.last} is not in its area code",
                f"numbers that begin with +49{self.area_code}",
            )
        return self


class CarrierTrunkEntry(TrunkEntry):
    """A trunk to another carrier, over which calls from and to the public network go."""

    priority: int = Field(100, ge=1, le=1_000, description="Lower is tried first.")
    emergency: bool = Field(False, description="Whether calls to 110 and 112 may leave over this trunk (B8).")


class CarrierEntry(Entry):
    """Who we are."""

    name: Text = Field(description="The carrier's name.")
    default_area_code: AreaCode = Field(
        description='Area code (ONKZ) of numbers dialled without one, in quotes: "0221".'
    )
    number_blocks: Many[BlockEntry] = Field((), description="Blocks of numbers that are ours.")
    trunks: Few[CarrierTrunkEntry] = Field(description="Trunks to other carriers.")


def check_range(first: str, last: str) -> None:
    """Raise a refusal unless both ends are of one length, in order, and at most a million numbers."""
    if len(first) != len(last):
        raise refusal(
            "config.range-length",
            f"{first} and {last} differ in length",
            "first and last with as many digits",
        )
    if last < first:
        raise refusal("config.range-order", f"{last} comes before {first}", "last not below first")
    if int(last[1:]) - int(first[1:]) >= 1_000_000:
        raise refusal(
            "config.range-too-large", f"{first} to {last} is too large", "at most 1,000,000 numbers"
        )
