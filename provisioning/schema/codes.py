"""Codes with check digits or from a fixed list: bank accounts, tax, countries, places, tenants."""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator

from numbering.countries import WORLD, countries_of
from provisioning.notation.entry import refusal
from provisioning.notation.form import Form

#: Länder of Germany (ISO 3166-2:DE) -> first two digits of their community keys (AGS).
LAND_KEYS: Final = {
    "SH": "01",
    "HH": "02",
    "NI": "03",
    "HB": "04",
    "NW": "05",
    "HE": "06",
    "RP": "07",
    "BW": "08",
    "BY": "09",
    "SL": "10",
    "BE": "11",
    "BB": "12",
    "MV": "13",
    "SN": "14",
    "ST": "15",
    "TH": "16",
}
Land = Literal["BW", "BY", "BE", "BB", "HB", "HH", "HE", "MV", "NI", "NW", "RP", "SL", "SN", "ST", "SH", "TH"]

#: Countries of SEPA -> length of their IBANs (ISO 13616 registry; EPC list of SEPA countries).
IBAN_LENGTHS: Final = dict(
    [
        *[("AD", 24), ("AL", 28), ("AT", 20), ("BE", 16), ("BG", 22), ("CH", 21), ("CY", 28), ("CZ", 24)],
        *[("DE", 22), ("DK", 18), ("EE", 20), ("ES", 24), ("FI", 18), ("FR", 27), ("GB", 22), ("GI", 23)],
        *[("GR", 27), ("HR", 21), ("HU", 28), ("IE", 22), ("IS", 26), ("IT", 27), ("LI", 21), ("LT", 20)],
        *[("LU", 20), ("LV", 21), ("MC", 27), ("MD", 24), ("ME", 22), ("MK", 19), ("MT", 31), ("NL", 18)],
        *[("NO", 15), ("PL", 28), ("PT", 25), ("RO", 24), ("RS", 22), ("SE", 24), ("SI", 19), ("SK", 24)],
        *[("SM", 27), ("VA", 22)],
    ]
)

_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,27}", re.ASCII)
_BIC: Final = re.compile(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)
_VAT_DE: Final = re.compile(r"DE([1-9][0-9]{7})([0-9])", re.ASCII)
_VAT: Final = re.compile(r"(?!DE)[A-Z]{2}[A-Z0-9+*]{2,12}", re.ASCII)
_CREDITOR: Final = re.compile(r"([A-Z]{2}[0-9]{2})[A-Z0-9]{3}([A-Z0-9]{1,28})", re.ASCII)
_MANDATE: Final = re.compile(r"[A-Za-z0-9+?/:().,'-]{1,35}", re.ASCII)
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
_MAX_WRITTEN: Final = 60


def _bare(value: Any, id_: str, allowed: str) -> str:
    """The text without spaces, in capitals."""
    if not isinstance(value, str) or len(value) > _MAX_WRITTEN:
        raise refusal(id_, "not text, or too long", allowed)
    return value.replace(" ", "").upper()


def _mod97(rearranged: str) -> int:
    """ISO 7064 MOD 97-10 over digits and letters (A = 10 … Z = 35)."""
    return int("".join(str(int(each, 36)) for each in rearranged)) % 97


def parse_iban(value: Any) -> str:
    """An IBAN of a SEPA country with right length and check digits, spaces taken out. Raise a refusal."""
    iban = _bare(value, "config.iban", "an IBAN in quotes")
    if not _IBAN.fullmatch(iban) or iban[:2] not in IBAN_LENGTHS:
        raise refusal("config.iban", "not an IBAN of a SEPA country", "country code, check digits, account")
    length = IBAN_LENGTHS[iban[:2]]
    if len(iban) != length:
        raise refusal(
            "config.iban", f"an IBAN with {len(iban)} characters", f"{length} characters for {iban[:2]}"
        )
    if _mod97(iban[4:] + iban[:4]) != 1:
        raise refusal("config.iban-check-digits", "the IBAN's check digits are wrong", "the IBAN as issued")
    return iban


def _parse_bic(value: Any) -> str:
    bic = _bare(value, "config.bic", "8 or 11 characters")
    if not _BIC.fullmatch(bic):
        raise refusal("config.bic", "not a BIC", "8 or 11 characters: bank, country, place, branch")
    return bic


def vat_check_digit(digits: str) -> str:
    """The ninth digit of a German VAT id for the first eight (ISO 7064 MOD 11,10)."""
    rest = 10
    for each in digits:
        rest = 2 * ((rest + int(each)) % 10 or 10) % 11
    return str((11 - rest) % 10)


def _parse_vat_id(value: Any) -> str:
    vat_id = _bare(value, "config.vat-id", '"DE" and 9 digits')
    if german := _VAT_DE.fullmatch(vat_id):
        if vat_check_digit(german[1]) != german[2]:
            raise refusal(
                "config.vat-id-check-digit", "the VAT id's check digit is wrong", "the VAT id as issued"
            )
    elif not _VAT.fullmatch(vat_id):
        raise refusal("config.vat-id", "not a VAT id", '"DE" and 9 digits, or that of another country')
    return vat_id


def _parse_creditor_id(value: Any) -> str:
    """The three characters behind the check digits are the creditor's own and not checked (EPC262-08)."""
    creditor_id = _bare(value, "config.creditor-id", "a SEPA creditor id in quotes")
    match = _CREDITOR.fullmatch(creditor_id)
    if match is None or _mod97(match[2] + match[1]) != 1:
        raise refusal(
            "config.creditor-id", "not a SEPA creditor id", "18 characters for Germany, with check digits"
        )
    return creditor_id


def _parse_mandate_reference(value: Any) -> str:
    if isinstance(value, str) and _MANDATE.fullmatch(value):
        return value
    raise refusal(
        "config.mandate-reference",
        "not a mandate reference",
        "1 to 35 letters, digits and + ? / : ( ) . , ' -, in quotes if digits only",
    )


@cache
def known_countries() -> frozenset[str]:
    """Countries that have telephone numbers (ISO 3166-1 alpha-2)."""
    return frozenset(c for code in range(1, 1_000) for c in countries_of(str(code))) - {WORLD} | {"DE"}


def _parse_country(value: Any) -> str:
    if isinstance(value, str) and value in known_countries():
        return value
    raise refusal("config.country", "not a country", "two capital letters of ISO 3166-1: DE, AT, CH")


def _parse_ags(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch("[0-9]{8}", value, re.ASCII) and value[:2] in _LAND_OF:
        return value
    raise refusal("config.ags", "not a community key (AGS)", 'eight digits in quotes: "05315000"')


def _parse_ags_part(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch("[a-z]", value, re.ASCII):
        return value
    raise refusal("config.ags-part", "not the letter of a community's part", "one lower-case letter: a")


_LAND_OF: Final = {key: land for land, key in LAND_KEYS.items()}


def land_of_ags(ags: str) -> str:
    """The Land that a community key belongs to."""
    return _LAND_OF[ags[:2]]


def _parse_postcode(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch("(?!00)[0-9]{5}", value, re.ASCII):
        return value
    raise refusal("config.postcode", "not a German postcode", 'five digits in quotes: "01067"')


def _parse_tenant_id(value: Any) -> str:
    if isinstance(value, str) and _UUID.fullmatch(value):
        return value.lower()
    raise refusal(
        "config.tenant-id",
        "not a tenant id",
        "00000000-0000-4000-8000-000000000000 as the Microsoft 365 administration shows it",
    )


Iban = Annotated[
    str, BeforeValidator(parse_iban), Form("IBAN", "of a SEPA country; length and check digits are checked")
]
Bic = Annotated[str, BeforeValidator(_parse_bic), Form("BIC", "8 or 11 characters")]
VatId = Annotated[
    str, BeforeValidator(_parse_vat_id), Form("VAT id", "`DE` and 9 digits, the last one is checked")
]
CreditorId = Annotated[
    str, BeforeValidator(_parse_creditor_id), Form("creditor id", "SEPA; check digits are checked")
]
MandateReference = Annotated[
    str, BeforeValidator(_parse_mandate_reference), Form("text", "1 to 35 characters of the SEPA set")
]
Country = Annotated[str, BeforeValidator(_parse_country), Form("country", "ISO 3166-1 alpha-2: `DE`")]
Ags = Annotated[str, BeforeValidator(_parse_ags), Form("AGS", "8 digits in quotes")]
#: A part of a community that lies apart from it (AGS_N).
AgsPart = Annotated[str, BeforeValidator(_parse_ags_part), Form("letter", "`a` to `z`")]
Postcode = Annotated[str, BeforeValidator(_parse_postcode), Form("postcode", "5 digits in quotes")]
#: A Microsoft 365 tenant, in lower-case letters.
TenantId = Annotated[str, BeforeValidator(_parse_tenant_id), Form("UUID", "with hyphens")]
