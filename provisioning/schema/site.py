"""Sites: where lines are. Their addresses go with emergency calls, their area codes give the numbers."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from provisioning.notation.entry import Entry, Few, refusal
from provisioning.notation.values import AreaCode, Id, Text
from provisioning.schema.codes import LAND_KEYS, Ags, AgsPart, Land, Postcode, land_of_ags
from provisioning.schema.dates import Day


class SiteAddressEntry(Entry):
    """The contract address of lines, by which 110 and 112 are routed (B8)."""

    street: Text = Field(description="Street (B8).")
    house_number: Text | None = Field(
        None, description='House number, in quotes: "12 a". Rescuers look for it (B8).'
    )
    postcode: Postcode = Field(description="Postcode (B8).")
    town: Text = Field(description="Town (B8).")
    state: Land | None = Field(
        None, description="Land; police control centres are a matter of the Länder (B8)."
    )
    ags: Ags | None = Field(
        None,
        description="Community key (Amtlicher Gemeindeschlüssel); names the community without doubt (B8).",
    )

    ags_part: AgsPart | None = Field(
        None, description="Letter of a community's part that lies apart (AGS_N), for emergency areas (B8)."
    )

    @model_validator(mode="after")
    def _key_of_the_land(self) -> Self:
        if self.ags is not None and self.state is not None and land_of_ags(self.ags) != self.state:
            raise refusal(
                "config.ags-state",
                f"the community key {self.ags} is not in {self.state}",
                f"a key that begins with {LAND_KEYS[self.state]}, or state: {land_of_ags(self.ags)}",
            )
        return self

    def missing(self) -> tuple[str, ...]:
        """The keys that an emergency call's routing lacks; either of state and AGS tells the Land."""
        lacks = ("house_number",) if self.house_number is None else ()
        return lacks if self.state or self.ags else (*lacks, "state")


class EvidenceEntry(Entry):
    """What shows that the customer is at the site, so that it may have numbers of the area code (A3)."""

    kind: Literal["trade_licence", "register_extract", "lease", "utility_bill", "other"] = Field(
        description="What it is (A3)."
    )
    dated: Day = Field(description="Day from which it shows so (A3).")
    document: Text = Field(description="Where the document is kept, or its reference (A3).")
    withdrawn: Day | None = Field(
        None, description="Day from which it shows so no more: the lease ended, the trade was given up (A3)."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.withdrawn is not None and self.withdrawn < self.dated:
            raise refusal(
                "config.evidence-dates",
                f"withdrawn on {self.withdrawn}, before it was dated ({self.dated})",
                "withdrawn on or after dated",
            )
        return self


class SiteEntry(Entry):
    """A place of the customer with lines."""

    id: Id = Field(description="Name of the site, unique among the customer's sites.")
    name: Text | None = Field(None, description="What people call it.")
    address: SiteAddressEntry = Field(description="Its address.")
    area_code: AreaCode = Field(description='Area code (ONKZ) of the site, in quotes: "0221" (A2).')
    abroad: bool = Field(
        False,
        description="True if calls from its lines begin abroad: 110 and 112 are refused, NotrufV § 4(5) "
        "(B8).",
    )
    evidence: Few[EvidenceEntry] = Field((), description="Evidence for the area code (A3).")
