"""`fernamt sepa export|runs|again|withdraw|mandates`: debits of issued invoices, from the database (E9)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.table import Table
from sqlalchemy import Engine

from cli.auditing import entries, entry_first
from cli.billing.bookings import booking
from cli.billing.claims_state import held
from cli.billing.sepa_parties import carrier_of, creditor_of, customers_with_mandate, mandates_of
from cli.bootstrap import engine, now
from cli.carriers.number_orders import GermanDay
from cli.changes import actor_option, changing
from cli.errors import ExportThere
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import GERMANY, shown, written
from cli.whole_files import write_new
from documents.sepa import Collection, Creditor, Scheme, batches, direct_debits
from rating.debits import Announced, DebitOrder, LeftOut, announcement, debit_of
from rating.invoice import NOTHING, total
from rating.invoice_bank_days import is_bank_day
from store.claims import Claims
from store.debits import Debit, Debits, Run, RunState, Waiting, WaitingClaim
from store.settling import cents_of, euro

_OUT: Final = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False, exists=True), default=".",
    help="Directory for the files. Default: here.",
)  # fmt: skip
_JSON: Final = click.option("--json", "as_json", is_flag=True, help="For programs.")


@dataclass(slots=True)
class Chooser:
    """Makes the files of a day of what waits; keeps what it left out and what the customer must be told."""

    database: Engine
    creditor: Creditor
    due_on: date
    made_at: datetime
    again: frozenset[str]
    #: Where the files go to.
    out: Path
    left_out: tuple[LeftOut, ...] = ()
    orders: tuple[DebitOrder, ...] = ()

    def __call__(self, waiting: Waiting) -> Sequence[Run]:
        """Raise CollectionRefused, ExportThere: nothing is half collected."""
        invoices = [each.invoice for each in waiting.claims]
        mandates = mandates_of(self.database, {each.customer_id for each in invoices}, waiting.uses)
        parts = held(Claims(self.database), (each.number for each in invoices), self._today())
        found = [
            debit_of(
                _announced(each, parts.get(each.invoice.number, NOTHING)),
                mandates.get(each.invoice.customer_id),
                self.due_on,
                again=each.invoice.number in self.again,
            )
            for each in waiting.claims
        ]
        self.left_out = tuple(each for each in found if isinstance(each, LeftOut))
        self.orders = tuple(each for each in found if isinstance(each, DebitOrder))
        by_scheme = {
            scheme: [each for each in self.orders if each.mandate.scheme == scheme.value] for scheme in Scheme
        }
        return [self._run(scheme, orders, waiting) for scheme, orders in by_scheme.items() if orders]

    def _today(self) -> date:
        return self.made_at.astimezone(GERMANY).date()

    def _run(self, scheme: Scheme, orders: list[DebitOrder], waiting: Waiting) -> Run:
        name = _name(self.due_on, scheme, waiting.taken)
        if (path := self.out / f"{name}.xml").exists():
            # Of a database that was lost: the bank may have it, and it is the only one that says so.
            raise ExportThere(
                f"{path} is there, and the database does not know it: `fernamt sepa adopt {path}` when it "
                "went to the bank, else move it away"
            )
        collections = {each.end_to_end: _collection(each, self.due_on, scheme) for each in orders}
        made_at = self.made_at.astimezone(GERMANY)
        document = direct_debits(self.creditor, list(collections.values()), name, made_at, scheme)
        batch_of = batches(document)
        debits = tuple(
            Debit(
                each.end_to_end, batch_of[each.end_to_end], each.claim.invoice_number, each.claim.customer_id,
                cents_of(each.amount), each.mandate.reference, collections[each.end_to_end].sequence,
                each.mandate.debtor.iban,
            )
            for each in orders
        )  # fmt: skip
        return Run(name, scheme.value, self.due_on, document, debits)


def _announced(claim: WaitingClaim, disputed: Any) -> Announced:
    invoice = claim.invoice
    return Announced(
        invoice.number, invoice.customer_id, invoice.issued_on, claim.due_on, claim.mandate,
        euro(invoice.open_cents), disputed, claim.attempts, claim.came_back,
    )  # fmt: skip


def _collection(order: DebitOrder, due_on: date, scheme: Scheme) -> Collection:
    return Collection(
        order.claim.invoice_number, order.amount, order.claim.issued_on, due_on, order.mandate.reference,
        order.mandate.signed_on, order.mandate.last_used, scheme, order.mandate.debtor, order.end_to_end,
        order.mandate.account_changed,
    )  # fmt: skip


def _name(due_on: date, scheme: Scheme, taken: frozenset[str]) -> str:
    """The bank takes each name once: a second file for a day is called .2."""
    first = f"{due_on}-{scheme.value.lower()}"
    name, count = first, 1
    while name in taken:
        count += 1
        name = f"{first}.{count}"
    return name


def _write(files: Iterable[tuple[Path, bytes]]) -> None:
    try:
        write_new(files)
    except FileExistsError as error:
        raise ExportThere(
            f"{error.filename} is there and is another file: move it away, then `fernamt sepa again`"
        ) from None


@click.command()
@click.option("--due", "due_on", type=GermanDay(), required=True, help="Day of the debit, a bank day.")
@_OUT
@click.option(
    "--again", metavar="INVOICE", multiple=True,
    help="Also this one: its debit came back or its mandate changed, and the customer was told.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only show what would be debited.")
@_JSON
@changing(with_reason=False)
@booking("`fernamt sepa runs`; a file that is there and was not written: `fernamt sepa again`", debits=True)
def export(
    settings: Callable[[], Settings], due_on: date, out: Path, again: tuple[str, ...], dry_run: bool,
    as_json: bool, at: datetime, actor: str,
) -> None:  # fmt: skip
    """Debit the unpaid invoices that announced it for this day or before: a file pain.008 for each scheme.

    Left out, each with its reason, is what is announced for later, disputed, came back, or has no valid
    mandate. Every claim is with the bank once at a time; the same export again debits nothing more. Hand the
    files to the bank, then `fernamt sepa import` what it says.

    \b
    Examples:
      fernamt sepa export --due 2026-12-07 --out bank --dry-run
      fernamt sepa export --due 2026-12-07 --out bank
    """
    today = at.astimezone(GERMANY).date()
    if due_on <= today or not is_bank_day(due_on):
        raise click.BadParameter(
            f"{due_on} is no day after {today} on which banks settle (TARGET)", param_hint="--due"
        )
    database = engine(effective(settings()), "fernamt sepa")
    chooser = Chooser(database, creditor_of(carrier_of(database)), due_on, at, frozenset(again), out)
    debits = Debits(database)
    runs = chooser(debits.waiting()) if dry_run else debits.export(chooser, at, actor=actor)
    paths = {run.name: out / f"{run.name}.xml" for run in runs}
    if not dry_run:
        _write((paths[run.name], run.document) for run in runs)
    _tell(chooser, runs, paths, dry_run=dry_run, as_json=as_json)


def _tell(
    chooser: Chooser, runs: Sequence[Run], paths: dict[str, Path], *, dry_run: bool, as_json: bool
) -> None:
    if as_json:
        files = [
            {
                "name": run.name, "scheme": run.scheme, "due_on": str(run.due_on), "debits": len(run.debits),
                "sum": str(_sum(run)), "file": None if dry_run else str(paths[run.name]),
                "invoices": [each.number for each in run.debits],
            }
            for run in runs
        ]  # fmt: skip
        left = [
            {"invoice": each.invoice_number, "customer": each.customer_id, "why": each.sentence}
            for each in chooser.left_out
        ]
        click.echo(json.dumps({"files": files, "left_out": left}, ensure_ascii=False, indent=1))
        return
    for run in runs:
        where = "would be made" if dry_run else str(paths[run.name])
        click.echo(f"{run.name}: {len(run.debits)} debits, {_sum(run)}, due on {run.due_on}: {where}")
    if not runs:
        click.echo("Nothing is to be debited.")
    for each in chooser.left_out:
        click.echo(f"{each.invoice_number} of {each.customer_id} is left out: {each.sentence}")
    for order in chooser.orders:
        if order.claim.attempts or order.claim.invoice_number in chooser.again:
            text = announcement(order, chooser.due_on, chooser.creditor.creditor_id)
            click.echo(f"Tell {order.claim.customer_id}, as no invoice announces it: {text}")


def _sum(run: Run) -> Any:
    return total(euro(each.cents) for each in run.debits)


@click.command()
@_JSON
@click.pass_obj
def runs(settings: Callable[[], Settings], as_json: bool) -> None:
    """Files of debits: what the bank credited of each, and what came back; the newest first.

    \b
    Example: fernamt sepa runs
    """
    found = Debits(engine(effective(settings()), "fernamt sepa")).runs()
    if as_json:
        click.echo(json.dumps([_run_row(each) for each in found], ensure_ascii=False, indent=1))
        return
    table = Table("file", "due", "debits", "sum", "credited", "came back", "made", "")
    for each in found:
        late = each.credited == 0 and not each.withdrawn_at and each.due_on < now().astimezone(GERMANY).date()
        table.add_row(
            each.name, str(each.due_on), str(each.debits), str(euro(each.cents)), str(each.credited),
            str(each.back), f"{shown(each.made_at)} by {each.actor}",
            "withdrawn" if each.withdrawn_at else "the bank did not credit it" if late else "",
        )  # fmt: skip
    console().print(table)


def _run_row(run: RunState) -> dict[str, Any]:
    return {
        "name": run.name, "scheme": run.scheme, "due_on": str(run.due_on), "debits": run.debits,
        "sum": str(euro(run.cents)), "credited": run.credited, "came_back": run.back,
        "made_at": written(run.made_at), "actor": run.actor, "withdrawn_at": written(run.withdrawn_at),
    }  # fmt: skip


@click.command()
@click.argument("name")
@_OUT
@actor_option
@click.pass_obj
def again(settings: Callable[[], Settings], name: str, out: Path, actor: str) -> None:
    """Write a file of debits again, byte for byte as it was made: the bank refuses it if it has it.

    \b
    Example: fernamt sepa again 2026-12-07-core --out bank
    """
    database = engine(effective(settings()), "fernamt sepa")
    content = Debits(database).document(name)
    path = out / f"{name}.xml"
    with entry_first(entries(database, actor, "sepa", name), "sepa.again", {"file": path.name}):
        _write([(path, content)])
    click.echo(f"{path}: {len(content)} bytes")


@click.command()
@click.argument("name")
@changing(reason_required=True)
@booking("`fernamt sepa runs`")
def withdraw(settings: Callable[[], Settings], name: str, at: datetime, actor: str, reason: str) -> None:
    """Open the claims of a file again that never went to the bank. Do not send it afterwards.

    \b
    Example: fernamt sepa withdraw 2026-12-07-core --reason "file was lost before it was sent"
    """
    debits = Debits(engine(effective(settings()), "fernamt sepa"))
    count = debits.withdraw(name, at, at.astimezone(GERMANY).date(), actor=actor, reason=reason)
    click.echo(f"{name} is withdrawn: {count} claims are open again")


@click.command()
@_JSON
@click.pass_obj
def mandates(settings: Callable[[], Settings], as_json: bool) -> None:
    """Mandates in force: since when, last used, whether the next debit is the first, until when they hold.

    They stand in the customers' YAML (`mandate`, `bank`); one that is taken out there debits nothing more.

    \b
    Example: fernamt sepa mandates
    """
    database = engine(effective(settings()), "fernamt sepa")
    found = mandates_of(database, customers_with_mandate(database), Debits(database).uses())
    rows = [
        {
            "customer": customer_id, "reference": each.reference, "scheme": each.scheme,
            "signed_on": str(each.signed_on), "last_used": str(each.last_used) if each.last_used else None,
            "next": "RCUR" if each.last_used else "FRST", "lapses_on": str(each.lapses_on),
            "account_changed": each.account_changed,
        }
        for customer_id, each in sorted(found.items())
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    columns = ("customer", "mandate", "scheme", "signed", "last used", "next debit", "valid until", "account")
    table = Table(*columns)
    for row in rows:
        changed = "another than last time" if row.pop("account_changed") else ""
        table.add_row(*(str(value or "-") for value in row.values()), changed)
    console().print(table)
