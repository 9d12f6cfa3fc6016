"""Numbers of a customer, their dates, their Microsoft tenant and their users."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from provisioning.notation.entry import Choices, Entry, Few, Many, refusal
from provisioning.notation.values import Id, Number, Text
from provisioning.schema.carrier import check_range
from provisioning.schema.codes import TenantId
from provisioning.schema.dates import Day
from provisioning.schema.policy import check_days

#: Trunks or phones tried for one call.
Targets = Choices[Id]


class UserEntry(Entry):
    """A direct-dial extension behind a number (A5)."""

    extension: int = Field(ge=0, le=99, description="The digits behind the number: 0 to 99 (A5).")
    name: Text | None = Field(None, description="Who it is; not needed.")
    phone: Id | None = Field(
        None,
        description="Phone of the customer that rings for the extension. Default: its calls go where those "
        "of the number go (A5).",
    )
    active_from: Day = Field(description="First day (A5).")
    active_until: Day | None = Field(None, description="Last day. Default: until further notice (A5).")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        check_days(self.active_from, self.active_until, "active_from", "active_until")
        return self


class PortingEntry(Entry):
    """Where a number came from."""

    losing_carrier: Text = Field(description="Carrier that the number was ported from (A2).")
    ported: Day = Field(description="Day of the porting (A6).")


class ForwardingEntry(Entry):
    """Where calls to a number are forwarded: by the rules and at the cost of its customer's calls (B5)."""

    always: Number | None = Field(None, description="All calls; then nothing rings (B5).")
    busy: Number | None = Field(None, description="When the last one rung is busy (B5).")
    no_answer: Number | None = Field(None, description="When nobody answers, or somebody rejects (B5).")
    unreachable: Number | None = Field(None, description="When no phone or trunk can be reached (B5).")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        others = (self.busy, self.no_answer, self.unreachable)
        if (self.always is not None) == any(each is not None for each in others):
            raise refusal(
                "config.forwarding",
                "always, or some of the others",
                "always alone, or busy, no_answer, unreachable",
            )
        return self

    def numbers(self) -> tuple[tuple[str, Number], ...]:
        """The numbers that are given, each with its key."""
        keys = ("always", "busy", "no_answer", "unreachable")
        return tuple((key, number) for key in keys if (number := getattr(self, key)) is not None)


class NumberEntry(Entry):
    """Numbers of a customer and where their calls go: one of `number`, `list`, or `first` with `last`."""

    number: Number | None = Field(None, description="One number.")
    list: Many[Number] | None = Field(None, description="Several numbers, in any order.")
    first: Number | None = Field(None, description="First number of a range.")
    last: Number | None = Field(None, description="Last number of the range, included.")
    kind: Literal["msn", "block"] = Field(
        "msn", description="Single numbers, or a block that was assigned as a whole: first with last (A2)."
    )
    site: Id | None = Field(
        None, description="Site the numbers belong to. Default: the customer's only site (A2, B8)."
    )
    trunks: Targets | None = Field(
        None, description="Trunks or Teams trunks of the customer, tried in this order."
    )
    phones: Targets | None = Field(None, description="Phones of the customer, rung in this order.")
    plan: Id | None = Field(None, description="Routing plan of the customer that calls go to (C2).")
    forward: ForwardingEntry | None = Field(
        None, description="Call forwarding: `always` in place of a target, else beside phones or trunks (B5)."
    )
    ported_in: bool = Field(
        False, description="The numbers were ported to us and lie outside our blocks (A2)."
    )
    porting: PortingEntry | None = Field(None, description="Where they were ported from, and when (A2, A6).")
    activated: Day | None = Field(None, description="First day of service. Default: with the contract (A6).")
    deactivated: Day | None = Field(
        None, description="First day without service. Default: the day after the contract's end (A6)."
    )
    tenant_id: TenantId | None = Field(
        None, description="Microsoft tenant they are linked to; can never become another one (A4)."
    )
    consent: Day | None = Field(
        None, description="Day the tenant consented to the upload of the numbers (A4)."
    )
    rejects_anonymous: bool = Field(
        False, description="Callers who withhold their number are refused with 433, TDDDG § 15(1) (B3)."
    )
    users: Few[UserEntry] = Field(
        (), description="Direct-dial extensions behind `number`, past ones too; at most 99 at a time (A5)."
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
        targets = [each for each in (self.trunks, self.phones, self.plan) if each is not None]
        everything = self.forward is not None and self.forward.always is not None
        if len(targets) != (0 if everything else 1):
            raise refusal(
                "config.number-target",
                "an entry has one kind of target",
                "one of trunks, phones, plan, forward with always",
            )
        if self.forward is not None and self.plan is not None:
            raise refusal("config.forwarding", "a plan forwards by its own nodes", "plan without forward")
        if self.first is not None and self.last is not None:
            check_range(self.first, self.last)
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.kind == "block" and self.first is None:
            raise refusal("config.number-kind", "a block is written as first with last", "first with last")
        if self.users and self.number is None:
            raise refusal("config.number-users", "users stand behind one number", "number with users")
        if self.porting is not None and not self.ported_in:
            raise refusal("config.porting", "porting without ported_in", "ported_in: true with porting")
        if self.activated is not None and self.deactivated is not None and self.deactivated < self.activated:
            raise refusal(
                "config.number-dates",
                f"deactivated on {self.deactivated}, before it was activated ({self.activated})",
                "deactivated on or after activated",
            )
        return self

    def spans(self) -> tuple[tuple[int, int], ...]:
        """The numbers as pairs of first and last, each as integer of the digits without "+"."""
        if self.first is not None and self.last is not None:
            return ((int(self.first[1:]), int(self.last[1:])),)
        numbers = (self.number,) if self.number is not None else self.list or ()
        return tuple((value, value) for value in (int(number[1:]) for number in numbers))
