"""`fernamt sepa adopt`: a file that the bank has and the database lost is booked as handed in (E9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Final

import click
from sqlalchemy import Engine

from cli.billing.bookings import booking
from cli.billing.sepa_parties import carrier_of, creditor_of, mandates_of, return_fee_of
from cli.bootstrap import engine
from cli.changes import actor_option
from cli.errors import ProgramError
from cli.layout import effective
from cli.settings import Settings
from cli.times import GERMANY
from documents.errors import DocumentUnreadable
from documents.sepa import Creditor
from documents.sepa_reading import MAX_BYTES, SentDebit, SentFile, read_debits
from rating.debits import Announced, LostDebit, misfit, still_with_bank
from rating.invoice import NOTHING, total
from store.bank_book import BankBook
from store.debits import Debit, Debits, Run, Waiting
from store.settling import cents_of, euro

#: Misfits told at once.
_MOST: Final = 30
_TAKEN_OUT: Final = "Have the bank take out of the file what must not be debited, then --without ID for each"


class DebitsUnfit(ProgramError):
    """A file of debits is not what the database could have made. Nothing of it was booked."""

    id = "program.debits-unfit"


@dataclass(frozen=True, slots=True)
class Adopter:
    """Understands a file by the invoices that wait. `without`: end-to-end ids that the bank took out."""

    database: Engine
    content: bytes
    file: SentFile
    without: frozenset[str]

    def __call__(self, waiting: Waiting) -> Run:
        """Raise DebitsUnfit."""
        file = self.file
        sent = [each for each in file.debits if each.end_to_end not in self.without]
        lost = [LostDebit(each.end_to_end, each.amount, each.mandate) for each in sent]
        claims = {
            each.invoice.number: Announced(
                each.invoice.number, each.invoice.customer_id, each.invoice.issued_on, each.due_on,
                each.mandate, euro(each.invoice.open_cents), NOTHING, each.attempts, each.came_back,
            )
            for each in waiting.claims
        }  # fmt: skip
        whose = {claims[each.invoice_number].customer_id for each in lost if each.invoice_number in claims}
        mandates = mandates_of(self.database, whose, waiting.uses)
        times = Counter(each.invoice_number for each in lost)
        unfit, behind = [], []
        for each in lost:
            if file_before := waiting.with_bank.get(each.invoice_number):
                behind.append(f"{each.end_to_end}: {still_with_bank(file_before)}")
                continue
            claim = claims.get(each.invoice_number)
            mandate = mandates.get(claim.customer_id) if claim else None
            why = misfit(each, claim, mandate.reference if mandate else None)
            if not why and times[each.invoice_number] > 1:
                why = "the file debits its invoice twice"
            if why:
                unfit.append(f"{each.end_to_end}: {why}")
        if unfit or behind or not sent:
            raise DebitsUnfit(_refusal(file, unfit, behind))
        debits = tuple(
            _debit(one, of, claims[of.invoice_number].customer_id)
            for one, of in zip(sent, lost, strict=True)
        )  # fmt: skip
        return Run(file.name, file.scheme.value, file.due_on, self.content, debits)


def _refusal(file: SentFile, unfit: Sequence[str], behind: Sequence[str]) -> str:
    """`behind`: debits that fit when what the bank said before is booked. The bank is to take none of these
    out: left out here all the same, the next export would debit their invoices again."""
    said = [*behind, *unfit]
    if not said:
        return f"{file.name}: no debit of it is left"
    lines = [f"{file.name}: {len(said)} of {len(file.debits)} debits do not fit, nothing is booked:"]
    lines += said[:_MOST]
    if len(said) > _MOST:
        lines.append(f"and {len(said) - _MOST} more")
    if behind:
        lines.append(
            f"First, day by day, what the bank said until {file.made_at:%Y-%m-%d}; then adopt this again"
        )
    else:
        lines.append(_TAKEN_OUT)
    return "\n  ".join(lines)


def _debit(one: SentDebit, of: LostDebit, customer_id: str) -> Debit:
    return Debit(
        one.end_to_end, one.batch, of.invoice_number, customer_id, cents_of(one.amount), one.mandate,
        one.sequence, one.iban,
    )  # fmt: skip


@click.command()
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--without", metavar="ID", multiple=True,
    help="End-to-end id of a debit that the bank took out of the file.",
)  # fmt: skip
@actor_option
@click.pass_obj
@booking("`fernamt sepa runs`")
def adopt(settings: Callable[[], Settings], source: Path, without: tuple[str, ...], actor: str) -> None:
    """Book a file pain.008 as handed to the bank that the database does not know.

    After a restore: the export of before made it, and the next one would debit its invoices again. Each debit
    is held against its invoice: what is open, the mandate, the id. All of them or none; a file that is known
    already changes nothing. Several files: the oldest first.

    \b
    Examples:
      fernamt sepa adopt bank/2026-12-07-core.xml
      fernamt sepa adopt bank/2026-12-07-core.xml --without R2026-000031
    """
    if source.stat().st_size > MAX_BYTES:
        raise DocumentUnreadable(f"{source}: larger than {MAX_BYTES >> 20} MiB")
    content = source.read_bytes()
    file = read_debits(content)
    database = engine(effective(settings()), "fernamt sepa")
    carrier = carrier_of(database)
    _refuse_other(file, creditor_of(carrier))
    if strange := set(without) - {each.end_to_end for each in file.debits}:
        raise click.BadParameter(f"{min(strange)[:40]} is not in the file", param_hint="--without")
    made_at = file.made_at if file.made_at.tzinfo else file.made_at.replace(tzinfo=GERMANY)
    adopter = Adopter(database, content, file, frozenset(without))
    new = Debits(database).adopt(file.name, content, adopter, made_at.astimezone(UTC), actor=actor)
    if not new:
        click.echo(f"{file.name} is known already: nothing is changed")
        return
    taken = [each for each in file.debits if each.end_to_end not in without]
    summed = total(each.amount for each in taken)
    said = f"{file.name}: {len(taken)} debits, {summed}, due on {file.due_on}"
    click.echo(f"{said}: booked as handed to the bank")
    again = BankBook(database, return_fee_of(carrier)).settle_again(actor=actor)
    if again.credited or again.came_back:
        what = f"{len(again.credited)} credited, {len(again.came_back)} came back"
        click.echo(f"  of what the bank said before: {what}")


def _refuse_other(file: SentFile, ours: Creditor) -> None:
    if (file.iban, file.creditor_id) != (ours.account.iban, ours.creditor_id):
        raise DebitsUnfit(
            f"{file.name} collects for {file.creditor_id} to {file.iban}, we are {ours.creditor_id} with "
            f"{ours.account.iban}: nothing is booked"
        )
