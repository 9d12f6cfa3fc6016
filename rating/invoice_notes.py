"""German texts that an invoice must have, with their sources, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from rating.invoice import Correction, Debit, Party, Payment, SetOff, Transfer
from rating.money import Money, written

#: TKG § 62(4) and § 67(1), TC 12.1: the right, the time and the consequence.
OBJECTIONS: Final = (
    "Einwendungen gegen diese Rechnung können Sie innerhalb von acht Wochen nach ihrem Zugang erheben; mit "
    "Ablauf dieser Frist gilt die Rechnung als genehmigt. Gesetzliche Ansprüche bei begründeten Einwendungen "
    "bleiben unberührt. Sind Verkehrsdaten nach gesetzlicher Vorgabe gelöscht, entfällt insoweit unsere "
    "Nachweispflicht (§ 62 Abs. 4, § 67 TKG)."
)
#: UStG § 14a(5): the very words.
REVERSE_CHARGE: Final = (
    "Steuerschuldnerschaft des Leistungsempfängers (§ 13b Abs. 2 Nr. 12, Abs. 5 UStG): Telekommunikations"
    "dienst an einen Wiederverkäufer."
)


def german_day(day: date) -> str:
    """01.12.2026"""
    return f"{day:%d.%m.%Y}"


def german_amount(amount: Money) -> str:
    """1.234,56 EUR"""
    before, _, behind = written(amount.amount).partition(".")
    digits = before.lstrip("-")
    grouped = f"{int(digits):,}".replace(",", ".")
    sign = "-" if before.startswith("-") else ""
    return f"{sign}{grouped},{behind} {amount.currency}"


def payment_note(payment: Payment, amount: Money, number: str) -> str:
    """How it is paid; for a debit the pre-notification of the SEPA rule book (amount, day, mandate, id)."""
    match payment:
        case Debit():
            return (
                f"Den Betrag von {german_amount(amount)} ziehen wir am {german_day(payment.due_on)} per "
                f"SEPA-Lastschrift von Ihrem Konto {masked(payment.debtor.iban)} ein (Vorabankündigung). "
                f"Mandatsreferenz: {payment.mandate}, Gläubiger-Identifikationsnummer: {payment.creditor_id}."
            )
        case Transfer():
            return (
                f"Bitte überweisen Sie {german_amount(amount)} bis zum {german_day(payment.due_on)} auf "
                f"unser Konto {payment.account.iban}, Verwendungszweck: {number}."
            )
        case SetOff():
            return "Den Betrag verrechnen wir mit offenen oder folgenden Rechnungen."


def masked(iban: str) -> str:
    """Country, check digits and the last four: enough for the customer to know the account."""
    return f"{iban[:4]} **** {iban[-4:]}"


def provider_note(seller: Party) -> str:
    """TKG § 62(1): name, address, hotline, e-mail and web page of the provider."""
    parts = [f"{seller.name}, {seller.street}, {seller.postcode} {seller.city}"]
    labelled = (("Hotline", seller.phone), ("E-Mail", seller.email), ("Internet", seller.web))
    parts += [f"{label}: {value}" for label, value in labelled if value]
    return "Anbieter: " + ", ".join(parts)


def correction_note(corrects: Correction) -> str:
    """UStDV § 31(5): the corrected invoice, named without doubt."""
    return f"Korrektur der Rechnung {corrects.number} vom {german_day(corrects.issued_on)}: {corrects.reason}"


def set_off_note(set_off: Money, payable: Money) -> str:
    """E10, TC 11.10: credit pays first."""
    return (
        f"Ihr Guthaben aus früheren Belegen ist mit {german_amount(set_off)} verrechnet; zu zahlen bleiben "
        f"{german_amount(payable)}."
    )


def owed_note(owed: Money, day: date) -> str:
    """E10: what is open besides."""
    return (
        f"Am {german_day(day)} sind aus früheren Rechnungen nach unseren Büchern {german_amount(owed)} "
        "offen. Zahlungen, die sich damit überschneiden, und fällige Lastschriften sind nicht berücksichtigt."
    )


def notes(
    payment: Payment, payable: Money, number: str, seller: Party, *, reverse_charge: bool,
    corrects: Correction | None = None, account: tuple[str, ...] = (),
) -> tuple[str, ...]:  # fmt: skip
    """All texts of a document, in the order in which they are printed; `account`: those on its balance."""

    def every() -> Iterator[str]:
        if corrects is not None:
            yield correction_note(corrects)
        yield payment_note(payment, payable, number)
        yield from account
        if reverse_charge:
            yield REVERSE_CHARGE
        yield OBJECTIONS
        yield provider_note(seller)

    return tuple(every())
