"""`fernamt tariff import` and `rates`: price lists and exchange rates into the database."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import click

from cli.billing.tariff_directory import MAX_FILES
from cli.bootstrap import engine, now
from cli.carriers.number_orders import GermanDay
from cli.changes import changing
from cli.errors import ProgramError
from cli.layout import effective
from cli.settings import Settings
from cli.times import GERMANY
from rating.diff import changes
from rating.errors import FieldRefused
from rating.fields import exchange_rate
from rating.money import CURRENCIES
from rating.notice import NOTICE_DAYS
from rating.strict_csv import BOMS, MAX_BYTES
from rating.tariff import Tariff
from store.rating_tariffs import Import, TariffStore, versions_of

#: Exit status when the dry run of an import shows something in conflict.
_IN_CONFLICT: Final = 1


class FilesUnreadable(ProgramError):
    """The files as a whole cannot be used."""

    id = "program.tariff-files"


@click.command(name="import")
@click.argument(
    "paths", metavar="DIRECTORY|FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@changing()
@click.pass_context
def import_(
    ctx: click.Context, settings: Callable[[], Settings], paths: tuple[Path, ...], dry_run: bool,
    as_json: bool, at: datetime, actor: str, reason: str,
) -> None:  # fmt: skip
    """Put tariff files beside or in the place of those in force, by their names: all of them or none.

    Checked together with those that stay. Prices that are valid do not change, and none begins backwards.
    New foreign prices hold for a customer when notices.csv has the proof of notification and its days have
    passed (E4): until then the customer pays the price it knows. Exit status 1 of a dry run: something is
    in conflict.

    \b
    Examples:
      fernamt tariff import examples/tariffs --dry-run
      fernamt tariff import lists.csv standard-2027-01.csv --reason "prices of 2027"
      fernamt tariff import notices.csv
    """
    files = _read(paths)
    today = at.astimezone(GERMANY).date()
    store = TariffStore(engine(effective(settings()), "fernamt tariff"))
    done = store.import_files(files, author=actor, today=today, note=reason, dry_run=dry_run)
    rows = list(_changes(done.before, done.after, today))
    conflicts = sum(row.in_conflict for row in rows)
    if as_json:
        document = {
            "revision": done.revision, "dry_run": dry_run, "files": list(done.changed), "rates": done.rates,
            "versions": [asdict(row) for row in rows],
        }  # fmt: skip
        click.echo(json.dumps(document, indent=1))
    else:
        _show(done, rows, dry_run=dry_run)
    ctx.exit(_IN_CONFLICT if dry_run and conflicts else 0)


@dataclass(frozen=True, slots=True)
class _VersionChange:
    """What a new or changed version changes against the one before it; `counts` by kind of change."""

    version: str
    counts: dict[str, int]
    in_conflict: int


def _show(done: Import, rows: list[_VersionChange], *, dry_run: bool) -> None:
    for row in rows:
        counts = [f"{count} {kind}" for kind, count in row.counts.items()]
        click.echo(f"{row.version}: {', '.join(counts) or 'no price changes'}; {row.in_conflict} in conflict")
    files = ", ".join(done.changed) or "no file"
    if dry_run:
        click.echo(f"Dry run: {files} would change, {done.rates} exchange rates would be added.")
    elif done.revision is None:
        click.echo(f"No file differs from what is in force; {done.rates} exchange rates added.")
    else:
        click.echo(f"Tariff revision {done.revision}: {files} changed, {done.rates} exchange rates added.")


def _changes(before: Tariff | None, after: Tariff, today: date) -> Iterator[_VersionChange]:
    known = versions_of(before) if before else {}
    for (list_id, name), version in versions_of(after).items():
        old = known.get((list_id, name))
        if old is not None and old.prices == version.prices:
            continue
        earlier = [each for each in after.versions[list_id] if each.valid_from < version.valid_from]
        base = old or (earlier[-1] if earlier else None)
        if base is None:
            yield _VersionChange(str(version), {"added": len(version.prices)}, 0)
            continue
        found = changes(base, version, today, NOTICE_DAYS)
        # An import of lists that are long valid is no change of anything that was here.
        conflicts = sum(1 for each in found if each.conflict) if known else 0
        yield _VersionChange(str(version), dict(Counter(each.kind.value for each in found)), conflicts)


def _read(paths: tuple[Path, ...]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    found = [each for path in paths for each in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]
    if not found or len(found) > MAX_FILES:
        raise FilesUnreadable(f"{len(found)} CSV files. Give 1 to {MAX_FILES}")
    for path in found:
        if path.name in files:
            raise FilesUnreadable(f"{path.name} is there twice. Names tell which file takes whose place")
        if path.stat().st_size > MAX_BYTES:
            raise FilesUnreadable(f"{path}: larger than {MAX_BYTES >> 20} MiB. Split the list")
        files[path.name] = path.read_bytes()
    return files


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--since", type=GermanDay(), help="Only days since. Default: the first of last year.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@changing()
def rates(
    settings: Callable[[], Settings], file: Path, since: date | None, as_json: bool, at: datetime, actor: str,
    reason: str,
) -> None:  # fmt: skip
    """Import the ECB's file of euro reference rates (eurofxref-hist.csv): units for one euro by day.

    Rates are added; one that is known and differs is refused, and then none is taken.

    \b
    Example: fernamt tariff rates eurofxref-hist.csv
    """
    first = since or date(now().year - 1, 1, 1)
    content = reference_rates(file.read_bytes(), str(file), first)
    store = TariffStore(engine(effective(settings()), "fernamt tariff"))
    today = at.astimezone(GERMANY).date()
    done = store.import_files({"fx.csv": content}, author=actor, today=today, note=reason)
    click.echo(json.dumps({"rates": done.rates}) if as_json else f"{done.rates} exchange rates added.")


def reference_rates(content: bytes, name: str, since: date) -> bytes:
    """The ECB's columns (a day, then each currency) as the lines of fx.csv.

    Raises FilesUnreadable with the line that is wrong.
    """
    if len(content) > MAX_BYTES:
        raise FilesUnreadable(f"{name}: larger than {MAX_BYTES >> 20} MiB")
    lines = ["day;currency;per_euro"]
    reader = csv.DictReader(io.StringIO(_decoded(content, name), newline=""), skipinitialspace=True)
    try:
        for row in reader:
            day = date.fromisoformat(str(row["Date"]))
            if day >= since:
                lines += [f"{day};{currency};{rate}" for currency, rate in _known(row)]
    except (KeyError, ValueError, csv.Error, FieldRefused) as error:
        what = "no column Date" if isinstance(error, KeyError) else str(error)
        raise FilesUnreadable(
            f"{name}:{max(reader.line_num, 1)}: {what}. Take the ECB's eurofxref-hist.csv as it is: "
            "Date,USD,JPY,... Nothing was taken"
        ) from None
    return ("\n".join(lines) + "\n").encode()


def _decoded(content: bytes, name: str) -> str:
    if content.startswith(BOMS):
        raise FilesUnreadable(f"{name}:1: begins with a byte order mark. Save as UTF-8 without BOM")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FilesUnreadable(f"{name}:{line}: not UTF-8. Take the ECB's file as it is") from None


def _known(row: Mapping[str | None, str | None]) -> Iterator[tuple[str, str]]:
    for currency, rate in row.items():
        if currency in CURRENCIES and rate and rate.strip() not in ("", "N/A"):
            exchange_rate(rate.strip())
            yield str(currency), rate.strip()
