"""Bank accounts and SEPA mandates."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from provisioning.notation.entry import Entry
from provisioning.notation.values import Text
from provisioning.schema.codes import Bic, Iban, MandateReference
from provisioning.schema.dates import Day


class BankEntry(Entry):
    """A bank account."""

    holder: Text | None = Field(None, description="Holder of the account. Default: the company.")
    iban: Iban = Field(description="IBAN, spaces do not count (A1).")
    bic: Bic | None = Field(None, description="BIC; needed outside the European Economic Area only (E9).")


class MandateEntry(Entry):
    """The customer's consent to direct debits."""

    reference: MandateReference = Field(description="Mandate reference, unique among our mandates (E9).")
    signed: Day = Field(description="Day the mandate was signed (E9).")
    scheme: Literal["core", "b2b"] = Field(
        "core", description="SEPA Core or SEPA business to business: `b2b` cannot be returned (E9)."
    )
