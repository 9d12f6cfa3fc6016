"""Dates and data of contracts: numbers within them, mandates before invoices, companies with their data."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta

from provisioning.errors import Finding, KeyPath, Severity
from provisioning.schema import ContractEntry, CustomerEntry
from provisioning.service import of_contract, of_number
from provisioning.validate import Parts

#: Keys without which no contract is kept nor invoice written (A1).
_COMPANY_DATA = ("company", "addresses", "contacts", "contract")


def check_contracts(parts: Parts) -> Iterator[Finding]:
    """Contract dates that contradict those of numbers and mandates, and data that is missing."""
    mandates: dict[str, KeyPath] = {}
    for i, customer in parts.customers.items():
        path: KeyPath = ("customers", i)
        yield from _company_data(path, customer)
        if customer.contract is not None:
            yield from _term(path, customer.contract)
            yield from _numbers(path, customer, customer.contract)
        yield from _main_number(path, customer)
        yield from _porting(path, customer)
        yield from _mandate(path, customer, parts, mandates)


def _company_data(path: KeyPath, customer: CustomerEntry) -> Iterator[Finding]:
    if missing := [key for key in _COMPANY_DATA if not getattr(customer, key)]:
        yield Finding(
            "config.customer-incomplete",
            path,
            f"data of the company is missing: {', '.join(missing)} (A1)",
            allowed=", ".join(_COMPANY_DATA),
            severity=Severity.WARNING,
        )


def _term(path: KeyPath, contract: ContractEntry) -> Iterator[Finding]:
    least = _months_later(contract.start, contract.minimum_term_months) - timedelta(days=1)
    if contract.end is not None and contract.minimum_term_months and contract.end < least:
        yield Finding(
            "config.contract-ends-early",
            (*path, "contract", "end"),
            f"the contract ends within its minimum term, which lasts until {least} (E11)",
            str(contract.end),
            "an end by notice on or after that day",
            severity=Severity.WARNING,
            other=(*path, "contract", "minimum_term_months"),
        )


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _numbers(path: KeyPath, customer: CustomerEntry, contract: ContractEntry) -> Iterator[Finding]:
    """A6: numbers are in service while the contract runs, neither before nor after."""
    after = contract.end + timedelta(days=1) if contract.end is not None else None
    for j, entry in enumerate(customer.numbers):
        for key, day in (("activated", entry.activated), ("deactivated", entry.deactivated)):
            if day is None:
                continue
            early = day < contract.start
            if early or (after is not None and (day > after or (day == after and key == "activated"))):
                end = f" to {contract.end}" if contract.end is not None else " on"
                yield Finding(
                    "config.number-outside-contract",
                    (*path, "numbers", j, key),
                    f"a number would be in service outside the contract ({contract.start}{end}) (A6)",
                    str(day),
                    "days of the contract",
                    other=(*path, "contract", "start" if early else "end"),
                )


def _main_number(path: KeyPath, customer: CustomerEntry) -> Iterator[Finding]:
    """B2: a call without a number of its own shows the main number, on every day of the contract."""
    main = int(customer.main_number[1:])
    contract = of_contract(customer.contract)
    for j, entry in enumerate(customer.numbers):
        if of_number(entry, contract) != contract and any(a <= main <= b for a, b in entry.spans()):
            yield Finding(
                "config.main-number-idle",
                (*path, "main_number"),
                "the main number is not in service on every day of the contract (B2)",
                repr(str(customer.main_number)),
                "a number without activated and deactivated",
                severity=Severity.WARNING,
                other=(*path, "numbers", j, "activated" if entry.activated is not None else "deactivated"),
            )


def _porting(path: KeyPath, customer: CustomerEntry) -> Iterator[Finding]:
    for j, entry in enumerate(customer.numbers):
        if (
            entry.porting is not None
            and entry.activated is not None
            and entry.activated < entry.porting.ported
        ):
            yield Finding(
                "config.active-before-porting",
                (*path, "numbers", j, "activated"),
                "a number would be in service before it was ported in (A6)",
                str(entry.activated),
                f"{entry.porting.ported} or later",
                other=(*path, "numbers", j, "porting", "ported"),
            )


def _mandate(
    path: KeyPath, customer: CustomerEntry, parts: Parts, mandates: dict[str, KeyPath]
) -> Iterator[Finding]:
    mandate = customer.mandate
    if mandate is None:
        return
    at: KeyPath = (*path, "mandate")
    first = mandates.setdefault(mandate.reference, at)
    if first is not at:
        yield Finding(
            "config.mandate-twice",
            (*at, "reference"),
            "two mandates have the same reference (E9)",
            repr(mandate.reference),
            "a reference of its own",
            other=(*first, "reference"),
        )
    if customer.bank is None:
        yield Finding(
            "config.mandate-without-bank", at, "a mandate without an account (E9)", allowed="bank with iban"
        )
    if parts.carrier is not None and parts.carrier.creditor_id is None:
        yield Finding(
            "config.no-creditor-id",
            at,
            "a mandate, and the carrier has no creditor id to collect with (E9)",
            allowed="carrier.creditor_id",
            other=("carrier",),
        )
    if customer.contract is not None:
        start = customer.contract.start
        invoiced = start.replace(day=calendar.monthrange(start.year, start.month)[1])
        if mandate.signed > invoiced:
            yield Finding(
                "config.mandate-late",
                (*at, "signed"),
                f"the mandate was signed after the first invoice of {invoiced}, which it does not cover (E9)",
                str(mandate.signed),
                severity=Severity.WARNING,
                other=(*path, "contract", "start"),
            )
