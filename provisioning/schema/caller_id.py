"""Caller ids: how a trunk's headers carry them, what holds on customers' lines, rights to further numbers."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from provisioning.notation.entry import Entry, refusal
from provisioning.notation.values import ContactNumber, Text
from provisioning.schema.address import HostName
from provisioning.schema.dates import Day
from provisioning.schema.policy import check_days

#: The values are those of dialplan.caller.header_map, written out so that the reference and errors list them.
PresetName = Literal["standard", "from-network", "from-network-preferred", "shown-asserted", "customer"]
FormatName = Literal["e164", "plus", "digits", "international", "national"]
Which = Literal["network", "shown"]
WhichOrNone = Literal["network", "shown", "none"]


class HeadersEntry(Entry):
    """Which number stands in which header of calls that we send over the trunk, and how numbers are written.

    `network` is the number we vouch for, `shown` the one to be displayed: the same unless the call has a
    user-provided number of its own.
    """

    preset: PresetName | None = Field(
        None,
        description="The kind of trunk; the keys below change it (docs/caller-id.md). Default: `standard` "
        "for carriers, `customer` for customers' trunks (B2).",
    )
    from_number: Which | None = Field(None, description="Number in From. Default: the preset's (B2).")
    asserted_number: WhichOrNone | None = Field(
        None, description="Number in P-Asserted-Identity. Default: the preset's (B2)."
    )
    preferred_number: WhichOrNone | None = Field(
        None, description="Number in P-Preferred-Identity. Default: the preset's (B2)."
    )
    diversion: bool | None = Field(
        None, description="Whether Diversion names who forwarded a call. Default: the preset's (B2)."
    )
    history_info: bool | None = Field(
        None, description="Whether History-Info names who forwarded a call. Default: the preset's (B2)."
    )
    trusted: bool | None = Field(
        None,
        description="Whether the peer may know withheld numbers: then they go along with Privacy: id, RFC "
        "3325. Default: the preset's (B4).",
    )
    number_format: FormatName | None = Field(
        None,
        description="How numbers are written: `e164` +49221… with user=phone, `plus` +49221…, `digits` "
        "49221…, `international` 0049221…, `national` 0221…. Default: the preset's.",
    )
    host: HostName | None = Field(
        None,
        description="Host name or IP address in the headers' URIs. Default: the `domain` registered in, else "
        "the trunk's address.",
    )


class PhoneCallerIdEntry(Entry):
    """What holds for the caller id of a phone's calls."""

    withhold: bool = Field(
        False, description="Withhold the number on every call; #31# shows it for one (B4)."
    )
    advertising: bool = Field(
        False, description="Calls are advertising: the number is always shown, TDDDG § 15(2) (B4)."
    )

    @model_validator(mode="after")
    def _advertising_is_seen(self) -> Self:
        if self.withhold and self.advertising:
            raise refusal(
                "config.caller-id-contradicts",
                "advertising calls cannot withhold their number (TDDDG § 15(2))",
                "withhold or advertising, not both",
            )
        return self


class TrunkCallerIdEntry(PhoneCallerIdEntry):
    """What holds for the caller id of calls from a customer's trunk."""

    wrong_number: Literal["replace", "refuse"] = Field(
        "replace",
        description="A number that the customer may not show: show the main number, or answer 403 (B2).",
    )
    forwards: bool = Field(
        False,
        description="The telephone system forwards calls to numbers of the customer, says so in Diversion or "
        "History-Info, and may show their callers, TKG § 120(2) (B2).",
    )


class CallerNumberEntry(Entry):
    """A number that the customer may show though it is not assigned to it: its right of use (B2)."""

    number: ContactNumber = Field(description="The number. 0900, 118xy, 0137 and short codes never (B2).")
    kind: Literal["assignment", "holders_consent", "contract", "other"] = Field(
        description="What shows the right: another carrier's assignment, the holder's consent … (B2)."
    )
    dated: Day = Field(description="First day of the right (B2).")
    document: Text = Field(description="Where the document is kept, or its reference (B2).")
    until: Day | None = Field(None, description="Last day of the right. Default: until further notice (B2).")
    exception: Literal["vfg-44-2022"] | None = Field(
        None,
        description="For foreign numbers: the contract allows them for calls into their own state, BNetzA "
        "Vfg 44/2022 (B2).",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        check_days(self.dated, self.until, "dated", "until")
        return self
