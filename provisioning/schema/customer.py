"""Customers with their trunks, phones and numbers."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from provisioning.schema.carrier import check_range
from provisioning.schema.entry import Choices, Entry, Many, refusal
from provisioning.schema.secret import SecretRef
from provisioning.schema.trunk import TrunkEntry
from provisioning.schema.values import Id, Number, Text, Username

#: Trunks or phones tried for one call.
Targets = Choices[Id]


class CustomerTrunkEntry(TrunkEntry):
    """A trunk to the customer's own telephone system."""


class PhoneEntry(Entry):
    """A device that registers with us."""

    id: Id = Field(description="Name of the phone, unique among all phones.")
    number: Number = Field(
        description="The phone's own number: shown by its calls. Rings it unless `numbers` says otherwise."
    )
    username: Username | None = Field(None, description="User name it registers with. Default: the id.")
    secret: SecretRef = Field(description="Where the password is that it registers with.")
    no_answer_s: int = Field(
        60, ge=5, le=600, description="Seconds of ringing before the next phone is tried."
    )


class NumberEntry(Entry):
    """Numbers of a customer and where their calls go: one of `number`, `list`, or `first` with `last`."""

    number: Number | None = Field(None, description="One number.")
    list: Many[Number] | None = Field(None, description="Several numbers, in any order.")
    first: Number | None = Field(None, description="First number of a range.")
    last: Number | None = Field(None, description="Last number of the range, included.")
    trunks: Targets | None = Field(None, description="Trunks of the customer, tried in this order.")
    phones: Targets | None = Field(None, description="Phones of the customer, rung in this order.")
    ported_in: bool = Field(
        False, description="The numbers were ported to us and lie outside our blocks (A2)."
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        given = tuple(name for name in ("number", "list", "first", "last") if getattr(self, name) is not None)
        if given not in {("number",), ("list",), ("first", "last")}:
            raise refusal(
                "config.number-form",
                f"an entry with {' and '.join(given) or 'no number'}",
                "one of number, list, or first with last",
            )
        if (self.trunks is None) == (self.phones is None):
            raise refusal(
                "config.number-target", "an entry has one kind of target", "trunks or phones, not both"
            )
        if self.first is not None and self.last is not None:
            check_range(self.first, self.last)
        return self

    def spans(self) -> tuple[tuple[int, int], ...]:
        """The numbers as pairs of first and last, each as integer of the digits without "+"."""
        if self.first is not None and self.last is not None:
            return ((int(self.first[1:]), int(self.last[1:])),)
        numbers = (self.number,) if self.number is not None else self.list or ()
        return tuple((value, value) for value in (int(number[1:]) for number in numbers))


class CustomerEntry(Entry):
    """A company and its telephony."""

    id: Id = Field(description="Name of the customer in the configuration, unique; never shown to callers.")
    name: Text = Field(description="The company's name.")
    main_number: Number = Field(
        description="One of the customer's numbers: shown when a call brings no number of its own."
    )
    blocked: bool = Field(False, description="True bars all calls but those to 110 and 112 (A7).")
    trunks: Many[CustomerTrunkEntry] = Field((), description="Trunks to the customer's telephone systems.")
    phones: Many[PhoneEntry] = Field((), description="Phones that register with us.")
    numbers: Many[NumberEntry] = Field((), description="The customer's numbers and where their calls go.")
