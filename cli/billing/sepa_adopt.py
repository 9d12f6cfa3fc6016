"""`fernamt sepa adopt`: a file that the bank has and the database lost is booked as handed in (E9)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from rating.debits import Announced, LastDebit, LostDebit, misfit, reissued, too_early
from rating.invoice import NOTHING, total
from store.bank_book import BankBook
from store.debits import Debit, Debits, Run, Waiting
from store.settling import cents_of, euro

#: Misfits told at once.
_MOST: Final = 30
_FIRST: Final = (
    "First import what the bank said until the file was made ({}), and `fernamt sepa withdraw` files that "
    "never went there; then adopt this again"
)
_ELSE: Final = (
    "Is an invoice lost too, issue it anew, then --reissued all. What must not be debited the bank has to "
    "take out of the file, then --without ID for each"
)
_PAIR: Final = re.compile(r"(R[0-9]{4}-[0-9]{6,9})=(R[0-9]{4}-[0-9]{6,9})", re.ASCII)
_ALL: Final = "all"


class DebitsUnfit(ProgramError):
    """A file of debits is not what the database could have made. Nothing of it was booked."""

    id = "program.debits-unfit"


@dataclass(frozen=True, slots=True)
class Adopter:
    """Understands a file by the invoices that wait. `without`: end-to-end ids that the bank took out;
    `reissued`: by number of a lost invoice that of the one issued anew, `all_reissued`: of the same mandate
    and amount."""

    database: Engine
    content: bytes
    file: SentFile
    without: frozenset[str]
    reissued: Mapping[str, str]
    all_reissued: bool

    def __call__(self, waiting: Waiting) -> Run:
        """Raise DebitsUnfit."""
        file = self.file
        sent = [each for each in file.debits if each.end_to_end not in self.without]
        claims = {
            each.invoice.number: Announced(
                each.invoice.number, each.invoice.customer_id, each.invoice.issued_on, each.due_on,
                each.mandate, euro(each.invoice.open_cents), NOTHING, each.attempts, each.came_back,
            )
            for each in waiting.claims
        }  # fmt: skip
        lost, last = self._lost(sent, claims)
        whose = {claims[each.invoice_number].customer_id for each in lost if each.invoice_number in claims}
        mandates = mandates_of(self.database, whose, waiting.uses)
        times = Counter(each.invoice_number for each in lost)
        early, unfit = [], []
        for each in lost:
            claim = claims.get(each.invoice_number)
            if why := too_early(each, claim, last.get(each.invoice_number)):
                early.append(f"{each.end_to_end}: {why}")
                continue
            mandate = mandates.get(claim.customer_id) if claim else None
            why = misfit(each, claim, mandate.reference if mandate else None)
            if not why and times[each.invoice_number] > 1:
                why = "the file debits its invoice twice"
            if why:
                unfit.append(f"{each.end_to_end}: {why}")
        if early or unfit or not sent:
            raise DebitsUnfit(_refusal(file, early, unfit))
        debits = tuple(
            _debit(one, of, claims[of.invoice_number].customer_id)
            for one, of in zip(sent, lost, strict=True)
        )  # fmt: skip
        return Run(file.name, file.scheme.value, file.due_on, self.content, debits)

    def _lost(
        self, sent: Sequence[SentDebit], claims: Mapping[str, Announced]
    ) -> tuple[Sequence[LostDebit], Mapping[str, LastDebit]]:
        """The debits with the invoices that they are of, and the last debits that are known of these."""
        lost = [LostDebit(each.end_to_end, each.amount, each.mandate) for each in sent]
        numbers = {*(each.named for each in lost), *self.reissued, *self.reissued.values()}
        last = Debits(self.database).last_debits(numbers)
        if there := sorted(last.keys() & self.reissued.keys()):
            raise DebitsUnfit(f"{there[0]} is there: it was not lost, and nothing was issued anew for it")
        by_name = {each.end_to_end: self.reissued.get(each.named, "") for each in lost}
        left = [each for each in lost if not by_name[each.end_to_end]]
        free = [each for number, each in claims.items() if number not in self.reissued.values()]
        by_amount = reissued(left, last, free) if self.all_reissued else {}
        now = {**by_name, **by_amount}
        return [replace(each, reissued=now[each.end_to_end]) for each in lost], last


def _refusal(file: SentFile, early: Sequence[str], unfit: Sequence[str]) -> str:
    """`early`: debits that fit when what the bank said before is booked. No way around it is offered: left
    out here, the next export would debit their invoices again."""
    said = [*early, *unfit]
    if not said:
        return f"{file.name}: no debit of it is left"
    lines = [f"{file.name}: {len(said)} of {len(file.debits)} debits do not fit, nothing is booked:"]
    lines += said[:_MOST]
    if len(said) > _MOST:
        lines.append(f"and {len(said) - _MOST} more")
    lines.append(_FIRST.format(f"{file.made_at:%Y-%m-%d}") if early else _ELSE)
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
@click.option(
    "--reissued", "pairs", metavar="OLD=NEW", multiple=True,
    help="A lost invoice, and the one issued anew for it. `all`: those of the same mandate and amount.",
)  # fmt: skip
@actor_option
@click.pass_obj
@booking("`fernamt sepa runs`")
def adopt(
    settings: Callable[[], Settings], source: Path, without: tuple[str, ...], pairs: tuple[str, ...],
    actor: str,
) -> None:  # fmt: skip
    """Book a file pain.008 as handed to the bank that the database does not know.

    After a restore: the export of before made it, and the next one would debit its invoices again. Each debit
    is held against its invoice: what is open, the mandate, the id. All of them or none; a file that is known
    already changes nothing. Several files: the oldest first, each after what the bank said before it was
    made. A debit of an invoice that is lost too becomes one of the invoice that was issued anew for it; it
    keeps its id, by which the bank credits it and gives it back.

    \b
    Examples:
      fernamt sepa adopt bank/2026-12-07-core.xml
      fernamt sepa adopt bank/2026-12-07-core.xml --without R2026-000031
      fernamt sepa adopt bank/2026-12-07-core.xml --reissued all
      fernamt sepa adopt bank/2026-12-07-core.xml --reissued R2026-000040=R2026-000055
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
    adopter = Adopter(database, content, file, frozenset(without), _pairs(pairs), _ALL in pairs)
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


def _pairs(written: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for each in written:
        pair = _PAIR.fullmatch(each)
        if pair is not None and pair[1] not in found and pair[2] not in found.values():
            found[pair[1]] = pair[2]
        elif each != _ALL:
            wanted = f"`all`, or R2026-000040=R2026-000055, each number once; not {each[:60]!r}"
            raise click.BadParameter(wanted, param_hint="--reissued")
    return found


def _refuse_other(file: SentFile, ours: Creditor) -> None:
    if (file.iban, file.creditor_id) != (ours.account.iban, ours.creditor_id):
        raise DebitsUnfit(
            f"{file.name} collects for {file.creditor_id} to {file.iban}, we are {ours.creditor_id} with "
            f"{ours.account.iban}: nothing is booked"
        )
