"""`fernamt sepa`: direct debits for the bank and what it says; `file` and `returns` need no database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import click
from rich.table import Table

from cli.billing.sepa_adopt import adopt
from cli.billing.sepa_export import again, export, mandates, runs, withdraw
from cli.billing.sepa_import import assign, fee, fees, import_, leave, unmatched, waive
from cli.bootstrap import now
from cli.terminal import console
from cli.times import GERMANY, Moment
from documents.bank_file import read_bank_file
from documents.sepa import Collection, Creditor, Scheme, direct_debits
from rating.bank import Back, BankLine
from rating.errors import FieldRefused, Problem, TariffRefused
from rating.fields import choice, day, label, micro, optional_day
from rating.invoice import Account
from rating.money import TICKS_PER_MICRO, Money
from rating.strict_csv import Columns, read

_FILE: Final = click.Path(path_type=Path, dir_okay=False, exists=True)
_TO: Final = click.Path(path_type=Path, dir_okay=False)
#: Amounts of a bank's file could not be read: a person is needed.
_LOOK: Final = 3
COLUMNS: Final = Columns(
    ("invoice", "amount", "issued_on", "due_on", "mandate", "signed_on", "scheme", "holder", "iban"),
    ("last_used", "bic"),
)


@click.group()
def sepa() -> None:
    """Direct debits for the bank, and what it says: credited, came back, paid."""


@sepa.command("file")
@click.argument("source", metavar="DEBITS.csv", type=_FILE)
@click.option("--out", type=_TO, required=True, help="The file for the bank, pain.008.001.08.")
@click.option("--run", required=True, help="Name of the run; the bank takes each name once.")
@click.option("--scheme", type=click.Choice(["core", "b2b"]), default="core", show_default=True)
@click.option("--holder", required=True, help="Our account's holder.")
@click.option("--iban", required=True, help="Our IBAN.")
@click.option("--bic", default="", help="Our BIC, if the bank wants it.")
@click.option("--creditor-id", required=True, help="Our SEPA creditor id.")
@click.option("--at", type=Moment(), help="Time in the file. Default: now.")
def make(
    source: Path, out: Path, run: str, scheme: str, holder: str, iban: str, bic: str, creditor_id: str,
    at: datetime | None,
) -> None:  # fmt: skip
    """Make a file of direct debits; one that the rules do not allow stops all of it (E9).

    Columns, separated by `;`: invoice, amount, issued_on, due_on, mandate, signed_on, scheme (CORE, B2B),
    holder, iban; may be missing or empty: last_used (then it is the mandate's first debit), bic.

    \b
    Example:
      fernamt sepa file debits.csv --out 2026-11.xml --run 2026-11 --holder "Beispiel Telefon GmbH" \\
        --iban DE93999999990000000001 --creditor-id DE98ZZZ09999999999
    """
    collections = _collections(source)
    creditor = Creditor(Account(holder, iban, bic), creditor_id)
    made_at = (at or now()).astimezone(GERMANY)
    content = direct_debits(creditor, collections, run, made_at, Scheme(scheme.upper()))
    out.write_bytes(content)
    click.echo(f"{out}: {len(collections)} debits")


def _collections(source: Path) -> list[Collection]:
    found = read(source.read_bytes(), source.name, COLUMNS)
    problems = list(found.problems)
    collections = []
    for line in found.lines:
        try:
            collections.append(_collection(line.values))
        except FieldRefused as error:
            problems.append(Problem(source.name, line.number, "", error.rule, str(error)))
    if problems:
        raise TariffRefused(tuple(problems))
    return collections


def _collection(values: Mapping[str, str]) -> Collection:
    return Collection(
        invoice_number=label(values["invoice"]),
        amount=Money.of_ticks(micro(values["amount"]) * TICKS_PER_MICRO, "EUR"),
        issued_on=day(values["issued_on"]),
        due_on=day(values["due_on"]),
        mandate=label(values["mandate"]),
        signed_on=day(values["signed_on"]),
        last_used=optional_day(values["last_used"]),
        scheme=choice(values["scheme"], Scheme),
        debtor=Account(label(values["holder"]), label(values["iban"]), values["bic"]),
    )


@sepa.command()
@click.argument("source", metavar="FILE", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def returns(ctx: click.Context, source: Path, as_json: bool) -> None:
    """Debits that came back, from the bank's camt.053, camt.054 or MT940: reason, and whose fault it is (E9).

    Nothing is booked; `fernamt sepa import` does that. The return-debit fee is due where the fault is the
    customer's; `examine`: a person decides. Exit status 3: some amounts could not be read.

    \b
    Example: fernamt sepa returns camt054.xml
    """
    found = read_bank_file(source.read_bytes())
    rows = [_returned(line, line.back) for line in found.lines if line.back is not None]
    if as_json:
        document = {"returns": rows, "problems": list(found.problems)}
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        table = Table("invoice", "mandate", "amount", "charges", "reason", "fault", "booked", "line")
        for row in rows:
            table.add_row(*row.values())
        console().print(table)
        for problem in found.problems:
            click.echo(f"{source}: {problem}")
    ctx.exit(_LOOK if found.problems else 0)


def _returned(line: BankLine, back: Back) -> dict[str, str]:
    return {
        "invoice": line.end_to_end,
        "mandate": line.mandate,
        "amount": str(back.collected or -line.amount),
        "charges": str(back.charges),
        "reason": back.reason,
        "fault": back.fault.value,
        "booked_on": str(line.booked_on),
        "line": line.key,
    }


for _command in (
    export, adopt, runs, again, withdraw, mandates, import_, unmatched, assign, leave, fees, fee, waive,
):  # fmt: skip
    sepa.add_command(_command)
