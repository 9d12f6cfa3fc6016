"""Companies, postal addresses and the people to write to."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from provisioning.notation.entry import Entry, refusal
from provisioning.notation.form import Form
from provisioning.notation.values import ContactNumber, Text
from provisioning.schema.codes import Country, VatId

_EMAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}",
    re.ASCII,
)
_MAX_EMAIL: Final = 254
_REGISTER: Final = re.compile(r"(?:HRA|HRB|GnR|GsR|PR|VR) [0-9]{1,6}(?: ?[A-Z]{1,3})?", re.ASCII)


def _parse_email(value: Any) -> str:
    if isinstance(value, str) and len(value) <= _MAX_EMAIL and _EMAIL.fullmatch(value):
        return value
    raise refusal("config.email", "not an e-mail address", "name@example.com, at most 254 characters")


def _parse_register_number(value: Any) -> str:
    if isinstance(value, str) and _REGISTER.fullmatch(value):
        return value
    raise refusal(
        "config.register-number", "not a register number", '"HRB 12345": HRA, HRB, GnR, GsR, PR, VR'
    )


EMail = Annotated[str, BeforeValidator(_parse_email), Form("e-mail address", "at most 254 characters")]
RegisterNumber = Annotated[
    str, BeforeValidator(_parse_register_number), Form("register number", "`HRB 12345`")
]


class RegisterEntry(Entry):
    """Entry in the commercial register or one of its brothers."""

    court: Text = Field(description="Register court (Amtsgericht).")
    number: RegisterNumber = Field(description="Kind and number: HRA, HRB, GnR, GsR, PR or VR.")


class CompanyEntry(Entry):
    """A company as contracts and invoices name it; consumers cannot be customers (A1)."""

    legal_name: Text = Field(description="Full legal name.")
    legal_form: Text = Field(description="Legal form: GmbH, AG, OHG, e. K., freelancer, public body …")
    registered: RegisterEntry | None = Field(None, description="Entry in a register, if there is one (A1).")
    vat_id: VatId | None = Field(None, description="VAT identification number (E8).")


class PostalAddressEntry(Entry):
    """Where letters go."""

    street: Text = Field(description="Street, or post-office box.")
    house_number: Text | None = Field(None, description='House number, in quotes: "12 a".')
    postcode: Text = Field(description="Postcode, in quotes.")
    town: Text = Field(description="Town.")
    country: Country = Field("DE", description="Country.")

    @model_validator(mode="after")
    def _german_postcode(self) -> Self:
        if self.country == "DE" and not re.fullmatch("(?!00)[0-9]{5}", self.postcode, re.ASCII):
            raise refusal(
                "config.postcode", f"not a German postcode: {self.postcode[:20]}", 'five digits: "01067"'
            )
        return self


class AddressesEntry(Entry):
    """The company's addresses."""

    main: PostalAddressEntry = Field(description="Seat of the company (A1).")
    billing: PostalAddressEntry | None = Field(
        None, description="Where invoices are addressed to. Default: the seat."
    )


class ContactEntry(Entry):
    """Somebody, or an office, to write to or call."""

    role: Literal["general", "technical", "billing", "abuse"] = Field(
        "general", description="What this contact is for."
    )
    name: Text | None = Field(None, description="Name of the person or office.")
    email: EMail = Field(description="E-mail address for notices and invoices (A1, E7).")
    phone: ContactNumber | None = Field(None, description="Telephone number, also a foreign one.")
