"""`fernamt sepa import|unmatched|assign|leave|fees|fee|waive`: what the bank says is booked (E9)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import click
from rich.table import Table

from cli.billing.bookings import booking
from cli.billing.sepa_parties import carrier_of, payers_of, return_fee_of
from cli.bootstrap import engine
from cli.changes import changing
from cli.errors import ProgramError
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import GERMANY
from documents.bank_file import read_bank_file
from documents.bank_texts import MAX_BYTES
from documents.status_report import is_status_report, status_report
from rating.bank import Fault
from rating.money import Money
from store.bank_book import BankBook, Imported
from store.bank_lines import StoredLine
from store.bank_rejections import BankRejections, RejectionsTaken
from store.return_fees import ReturnFee, ReturnFees

#: Lines are open, or could not be read: a person is needed.
_LOOK: Final = 3
_JSON: Final = click.option("--json", "as_json", is_flag=True, help="For programs.")
_PART: Final = re.compile(r"([RG][0-9]{4}-[0-9]{6})=([0-9]{1,9}(?:\.[0-9]{1,2})?)", re.ASCII)


class OtherAccount(ProgramError):
    """A file of another account than the carrier's."""

    id = "program.other-account"


@click.command(name="import")
@click.argument("sources", metavar="FILE...", nargs=-1, required=True,
                type=click.Path(path_type=Path, dir_okay=False, exists=True))  # fmt: skip
@_JSON
@changing(with_reason=False)
@click.pass_context
@booking("`fernamt customer open`; the same file again books nothing twice")
def import_(
    ctx: click.Context, settings: Callable[[], Settings], sources: tuple[Path, ...], as_json: bool,
    at: datetime, actor: str,
) -> None:  # fmt: skip
    """Book what the bank says (camt.053, camt.054, MT940): debits credited and returned, invoices paid; and
    what it did not take of a file (pain.002).

    Each amount is booked once, however often it is told. A returned debit opens its claim again; where the
    customer is at fault, the fee goes onto its next invoice. What fits no claim to the cent waits for a
    person: `fernamt sepa unmatched`. Exit status 3: something does, or could not be read.

    \b
    Example: fernamt sepa import statements/*.xml
    """
    database = engine(effective(settings()), "fernamt sepa")
    carrier, payers = carrier_of(database), payers_of(database)
    book = BankBook(database, return_fee_of(carrier))
    look, files = False, []
    for source in sources:
        if source.stat().st_size > MAX_BYTES:
            raise OtherAccount(f"{source}: larger than {MAX_BYTES >> 20} MiB")
        content = source.read_bytes()
        if is_status_report(content):
            taken = BankRejections(database).take(
                source.name, status_report(content), at.astimezone(GERMANY).date(), actor=actor
            )
            look = look or bool(taken.reopened or taken.problems)
            files.append(_rejected_row(source, taken))
            if not as_json:
                _tell_rejected(source, taken)
            continue
        found = read_bank_file(content)
        _refuse_other(source, found.account, carrier.bank.iban if carrier.bank else "")
        done = book.import_lines(source.name, found.lines, payers, actor=actor)
        look = look or bool(found.problems or done.unclear)
        row = _done_row(source, done, found.problems)
        files.append(row)
        if not as_json:
            _tell(row)
    if as_json:
        click.echo(json.dumps(files, ensure_ascii=False, indent=1))
    ctx.exit(_LOOK if look else 0)


def _rejected_row(source: Path, taken: RejectionsTaken) -> dict[str, Any]:
    rejected = [
        {
            "debit": each.end_to_end, "invoice": each.invoice_number, "customer": each.customer_id,
            "amount": str(each.amount), "reason": each.reason,
        }
        for each in taken.reopened
    ]  # fmt: skip
    return {
        "file": str(source), "known_before": taken.known, "rejected": rejected, "problems": taken.problems
    }  # fmt: skip


def _tell_rejected(source: Path, taken: RejectionsTaken) -> None:
    click.echo(f"{source}: {len(taken.reopened)} debits were not taken, {taken.known} were known")
    for each in taken.reopened:
        what = f"{each.invoice_number} of {each.customer_id} over {each.amount}"
        click.echo(f"  {what}: {each.reason}; mend its cause, tell the customer, then sepa export --again")
    for problem in taken.problems:
        click.echo(f"  {problem}")


def _refuse_other(source: Path, account: str, ours: str) -> None:
    """The account is an IBAN, or bank code and number as MT940 has them; some notices name none."""
    given = account.replace(" ", "")
    if not given or not ours or given == ours:
        return
    code, slash, number = given.partition("/")
    if slash and (code, number.lstrip("0")) == (ours[4:12], ours[12:].lstrip("0")):
        return
    raise OtherAccount(f"{source}: it is of the account {given[:40]}, ours is {ours}. Nothing was booked")


def _done_row(source: Path, done: Imported, problems: tuple[str, ...]) -> dict[str, Any]:
    fees = dict(done.fees)
    return {
        "file": str(source),
        "known_before": done.known,
        "credited": [str(line.amount) for line in done.credited],
        "paid": [str(line.amount) for line in done.paid],
        "came_back": [
            {
                "line": line.key, "invoice": back.debit.invoice_number, "customer": back.debit.customer_id,
                "amount": str(back.debit.amount), "charges": str(back.charges), "reason": back.reason,
                "fault": back.fault.value,
                "fee": str(fees[back.debit.end_to_end]) if back.debit.end_to_end in fees else None,
            }
            for line, back in done.came_back
        ],
        "unmatched": [
            {"line": line.key, "amount": str(line.amount), "party": line.party, "why": why}
            for line, why in done.unclear
        ],
        "problems": list(problems),
    }  # fmt: skip


def _tell(row: dict[str, Any]) -> None:
    click.echo(
        f"{row['file']}: {len(row['credited'])} files and debits credited, {len(row['paid'])} payments, "
        f"{len(row['came_back'])} debits came back, {len(row['unmatched'])} wait for a person, "
        f"{row['known_before']} were known"
    )
    for back in row["came_back"]:
        fee = f"fee of {back['fee']} on the next invoice" if back["fee"] else "no fee"
        if back["fault"] == Fault.EXAMINE:
            fee = f"examine it; if the customer is at fault: fernamt sepa fee {back['line']} --reason ..."
        what = f"{back['invoice']} of {back['customer']} came back over {back['amount']}"
        click.echo(f"  {what}: {back['reason']}, {fee}")
    for line in row["unmatched"]:
        click.echo(f"  {line['amount']} from {line['party'] or 'unknown'}: {line['why']}  [{line['line']}]")
    for problem in row["problems"]:
        click.echo(f"  {problem}")


@click.command()
@_JSON
@click.pass_obj
def unmatched(settings: Callable[[], Settings], as_json: bool) -> None:
    """What the bank said that fits no claim, oldest first: assign it to invoices, or leave it.

    \b
    Example: fernamt sepa unmatched
    """
    database = engine(effective(settings()), "fernamt sepa")
    found = BankBook(database, return_fee_of(carrier_of(database))).open_lines()
    if as_json:
        click.echo(json.dumps([_line_row(each) for each in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("Everything that the bank said is settled.")
        return
    table = Table("line", "booked", "amount", "from", "purpose", "why")
    for each in found:
        line = each.line
        table.add_row(line.key, str(line.booked_on), str(line.amount), line.party, line.purpose, each.why)
    console().print(table)
    click.echo("fernamt sepa assign LINE --invoice NUMBER=AMOUNT, or fernamt sepa leave LINE --reason TEXT")


def _line_row(stored: StoredLine) -> dict[str, Any]:
    line = stored.line
    return {
        "line": line.key, "booked_on": str(line.booked_on), "amount": str(line.amount), "party": line.party,
        "iban": line.iban, "purpose": line.purpose, "end_to_end": line.end_to_end,
        "reason": line.back.reason if line.back else None, "file": stored.file, "why": stored.why,
    }  # fmt: skip


class InvoicePart(click.ParamType[tuple[str, Money]]):
    """`R2026-000001=10.00`."""

    name = "invoice=amount"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Money]:
        match = _PART.fullmatch(str(value))
        if match is None:
            self.fail(f"{str(value)[:60]!r}. Write R2026-000001=10.00, with a decimal point", param, ctx)
        return match[1], Money(Decimal(match[2]))


@click.command()
@click.argument("line")
@click.option("--invoice", "parts", type=InvoicePart(), multiple=True, required=True,
              help="An invoice that it pays, and with how much of it.")  # fmt: skip
@changing()
@booking("`fernamt sepa unmatched`")
def assign(
    settings: Callable[[], Settings], line: str, parts: tuple[tuple[str, Money], ...], at: datetime,
    actor: str, reason: str,
) -> None:  # fmt: skip
    """Say which invoices an amount pays. More than is open of an invoice becomes a credit of the customer.

    \b
    Example: fernamt sepa assign 5f2c1a-1 --invoice R2026-000007=60.00 --invoice R2026-000011=39.00
    """
    database = engine(effective(settings()), "fernamt sepa")
    book = BankBook(database, return_fee_of(carrier_of(database)))
    book.assign(line, dict(parts), actor=actor, reason=reason)
    click.echo(f"{line} pays " + ", ".join(f"{number} with {amount}" for number, amount in parts))


@click.command()
@click.argument("line")
@changing(reason_required=True)
def leave(settings: Callable[[], Settings], line: str, at: datetime, actor: str, reason: str) -> None:
    """An amount has nothing to do with invoices, such as the bank's own fees: it is not shown any more.

    \b
    Example: fernamt sepa leave 5f2c1a-1 --reason "account fee of the bank"
    """
    database = engine(effective(settings()), "fernamt sepa")
    BankBook(database, return_fee_of(carrier_of(database))).leave(line, actor=actor, reason=reason)
    click.echo(f"{line} is left")


@click.command()
@_JSON
@click.pass_obj
def fees(settings: Callable[[], Settings], as_json: bool) -> None:
    """Fees for debits that came back by the customer's fault, and the invoice that has each.

    \b
    Example: fernamt sepa fees
    """
    found = ReturnFees(engine(effective(settings()), "fernamt sepa")).every()
    rows = [_fee_row(each) for each in found]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    table = Table("debit", "customer", "fee", "since", "reason", "state")
    for row in rows:
        table.add_row(*(row[name] for name in ("debit", "customer", "fee", "raised_on", "reason", "state")))
    console().print(table)


def _fee_row(fee: ReturnFee) -> dict[str, str]:
    state = f"on {fee.billed_by}" if fee.billed_by else "on the next invoice"
    return {
        "debit": fee.end_to_end, "invoice": fee.number, "customer": fee.customer_id, "fee": str(fee.amount),
        "raised_on": str(fee.raised_on), "reason": fee.reason,
        "state": f"waived: {fee.waived}" if fee.waived else state,
    }  # fmt: skip


@click.command()
@click.argument("line")
@changing(reason_required=True)
def fee(settings: Callable[[], Settings], line: str, at: datetime, actor: str, reason: str) -> None:
    """A returned debit was examined, and the customer is at fault: the fee goes onto its next invoice.

    \b
    Example: fernamt sepa fee BANK-1-1 --reason "claim was right, customer confirmed by phone"
    """
    database = engine(effective(settings()), "fernamt sepa")
    amount = BankBook(database, return_fee_of(carrier_of(database))).raise_fee(
        line, actor=actor, reason=reason
    )
    click.echo(f"{amount} goes onto the customer's next invoice")


@click.command()
@click.argument("debit")
@changing(reason_required=True)
def waive(settings: Callable[[], Settings], debit: str, at: datetime, actor: str, reason: str) -> None:
    """Take a return-debit fee back that is on no invoice yet. DEBIT is the first column of `sepa fees`.

    \b
    Example: fernamt sepa waive R2026-000042 --reason "goodwill"
    """
    ReturnFees(engine(effective(settings()), "fernamt sepa")).waive(debit, actor=actor, reason=reason)
    click.echo(f"the fee for {debit} is waived")
