"""Amounts of money: exact decimals with their currency."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import PlainSerializer, PlainValidator

from provisioning.notation.entry import refusal
from provisioning.notation.form import Form

_AMOUNT: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ([A-Z]{3})", re.ASCII)
_ALLOWED: Final = 'text like "3.90 EUR", at most 9 digits before and 6 behind the point'
_CENTS: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Amount:
    """A net amount (E8), never negative. `str` gives it as the YAML has it: "3.90 EUR"."""

    value: Decimal
    currency: str = "EUR"

    def __str__(self) -> str:
        cents = self.value.quantize(_CENTS)
        return f"{cents if cents == self.value else self.value.normalize():f} {self.currency}"


def parse_amount(value: Any) -> Amount:
    """`3.90 EUR`. Raise a refusal for other texts, bare numbers and other currencies."""
    if isinstance(value, Amount):
        return value
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise refusal("config.amount", "not an amount of money", _ALLOWED)
    if match[2] != "EUR":
        raise refusal("config.currency", "not the currency of our prices", "EUR")
    return Amount(Decimal(match[1]), match[2])


#: A net amount in euro.
Euro = Annotated[
    Amount,
    PlainValidator(parse_amount),
    PlainSerializer(str, return_type=str),
    Form("amount", 'net, as `"3.90 EUR"`'),
]
