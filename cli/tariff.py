"""`fernamt tariff`: price lists from CSV files: what they say, what a new version changes, quotes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.table import Table

from cli.billing.tariff_directory import NOTICE
from cli.billing.tariff_import import import_, rates
from cli.billing.tariff_notices import notices, notify
from cli.billing.tariff_source import SOURCE, chosen_tariff
from cli.bootstrap import now
from cli.carriers.number_orders import GermanDay
from cli.settings import Settings
from cli.terminal import console
from cli.times import GERMANY, Moment, shown
from numbering.dial import Line, normalise
from numbering.refusals import NotDialable
from rating.berlin import day_of, month_of, to_ms
from rating.book import Books, clock_of, price_at
from rating.charge import Charge, Unrated
from rating.diff import Change, changes
from rating.engine import rate, unused
from rating.explain import Language, explain
from rating.leg import BillableLeg, Direction
from rating.money import micro_text
from rating.price import Price, Version
from rating.table import compiled
from rating.tariff import Tariff, valid_on

_NO_LINE: Final = Line(area_code=None)
_IN_CONFLICT: Final = 1


class Called(click.ParamType[str]):
    """A number as people write it, with its area code, or a short code."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = normalise(str(value).strip(), _NO_LINE)
        if isinstance(found, NotDialable):
            self.fail(f"{str(value)[:40]!r} is no number: {found.sentence}", param, ctx)
        return str(found.number)


@click.group()
def tariff() -> None:
    """Price lists: what they say, what a new version changes, what a call costs."""


@tariff.command()
@click.argument("name", metavar="[LIST]", required=False)
@SOURCE
@click.option("--version", help="This version. Default: the newest.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show(
    settings: Callable[[], Settings], name: str | None, directory: Path | None, version: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """All lists and their versions, or the prices of one version.

    Files are checked as an import checks them: the first command for a new list.

    \b
    Examples:
      fernamt tariff show
      fernamt tariff show --config examples/tariffs
      fernamt tariff show standard --config examples/tariffs --version 2026-11
    """
    found = chosen_tariff(settings, directory)
    if name is None:
        _show_lists(found, as_json=as_json)
        return
    chosen = _version(found, name, version)
    rows = [_price_row(price) for price in chosen.prices]
    if as_json:
        document = {"list": name, "version": chosen.version, "prices": rows}
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    table = Table("prefix", "destination", "zone", "price", "fee", "minimum", "increment", "free", "window")
    for row in rows:
        table.add_row(*(str(row[column] or "-") for column in _PRICE_COLUMNS))
    console().print(table)


_PRICE_COLUMNS: Final = (
    "prefix", "destination", "zone", "price", "fee", "minimum", "increment", "free_s", "window",
)  # fmt: skip


def _price_row(price: Price) -> dict[str, object]:
    return {
        "prefix": f"{price.prefix} only" if price.exact else price.prefix,
        "destination": price.destination,
        "zone": price.zone.value,
        "price": _price(price),
        "fee": micro_text(price.fee) if price.fee else None,
        "minimum": micro_text(price.minimum) if price.minimum else None,
        "increment": str(price.increments),
        "free_s": price.free_s or None,
        "window": str(price.window) if price.window else None,
    }


def _price(price: Price | None) -> str:
    if price is None:
        return "-"
    if price.kind.value == "standard":
        return "as in the standard list"
    unit = "min" if price.kind.value == "minute" else "call"
    return f"{micro_text(price.price)} {price.currency}/{unit}"


def _show_lists(found: Tariff, *, as_json: bool) -> None:
    rows = [
        {
            "list": each.list_id,
            "version": each.version,
            "kind": each.kind.value,
            "currency": each.currency,
            "valid_from": str(each.valid_from),
            "valid_until": str(each.valid_until) if each.valid_until else None,
            "prices": len(each.prices),
        }
        for versions in found.versions.values()
        for each in versions
    ]
    if as_json:
        click.echo(json.dumps({"lists": rows}, indent=1))
        return
    table = Table("list", "version", "kind", "currency", "from", "until", "prices")
    for row in rows:
        table.add_row(*("-" if value is None else str(value) for value in row.values()))
    console().print(table)


def _version(found: Tariff, name: str, version: str | None) -> Version:
    versions = found.versions.get(name, ())
    if not versions:
        raise click.BadParameter(f"there is no list {name!r}. There are {', '.join(found.versions)}")
    chosen = versions[-1] if version is None else next((v for v in versions if v.version == version), None)
    if chosen is None:
        names = ", ".join(each.version for each in versions)
        raise click.BadParameter(f"{name} has no version {version!r}. There are {names}")
    return chosen


@tariff.command()
@click.argument("name", metavar="LIST")
@SOURCE
@click.option("--from", "old", metavar="VERSION", help="Default: the one before the newer one.")
@click.option("--to", "new", metavar="VERSION", help="Default: the newest.")
@click.option("--today", type=GermanDay(), help="Day of the import. Default: today.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@NOTICE
@click.pass_context
def diff(
    ctx: click.Context, name: str, directory: Path | None, old: str | None, new: str | None,
    today: date | None, as_json: bool, notice_days: int,
) -> None:  # fmt: skip
    """What a version changes: added, removed, raised, lowered, mixed; and what is in conflict.

    Of files, in conflict is what would change backwards, and a foreign price without its days of notice (E4).
    Exit status 1: something is. What was imported was taken already; --today looks at it as on that day.

    \b
    Example: fernamt tariff diff standard --config examples/tariffs --today 2026-11-01
    """
    found = chosen_tariff(ctx.obj, directory, notice_days)
    after = _version(found, name, new)
    before = _version(found, name, old) if old else _before(found, after)
    day = today or (now().astimezone(GERMANY).date() if directory else None)
    rows = [_change_row(each) for each in changes(before, after, day, found.notice_days)]
    conflicts = sum(1 for row in rows if row["conflict"])
    if as_json:
        document = {"from": before.version, "to": after.version, "changes": rows, "in_conflict": conflicts}
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        table = Table("change", "prefix", "destination", "before", "after", "in conflict")
        for row in rows:
            table.add_row(*(str(value or "-") for value in row.values()))
        console().print(table)
        click.echo(f"{before} to {after}: {len(rows)} changes, {conflicts} in conflict.")
    ctx.exit(_IN_CONFLICT if conflicts else 0)


def _before(found: Tariff, after: Version) -> Version:
    earlier = [each for each in found.versions[after.list_id] if each.valid_from < after.valid_from]
    if not earlier:
        raise click.BadParameter(f"{after} is the first version: there is nothing to compare it with")
    return earlier[-1]


def _change_row(change: Change) -> dict[str, object]:
    return {
        "change": change.kind.value,
        "prefix": change.prefix,
        "destination": change.destination,
        "before": _price(change.before),
        "after": _price(change.after),
        "conflict": change.conflict or None,
    }


@tariff.command()
@click.argument("number", type=Called())
@SOURCE
@click.option("--at", type=Moment(), help="When the call begins, German time. Default: now.")
@click.option("--list", "name", metavar="LIST", help="Only by this list. Default: the standard list.")
@click.option("--customer", metavar="ID", help="By this customer's terms, quotas unused.")
@click.option(
    "--seconds", type=click.IntRange(1, 86_400), default=60, show_default=True, help="Its duration."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@NOTICE
@click.pass_obj
def quote(
    settings: Callable[[], Settings], number: str, directory: Path | None, at: datetime | None,
    name: str | None, customer: str | None, seconds: int, as_json: bool, notice_days: int,
) -> None:  # fmt: skip
    """What a call to a number costs.

    \b
    Examples:
      fernamt tariff quote "0221 4710-123" --customer kunde-bau
      fernamt tariff quote "0221 4710-123" --config examples/tariffs
      fernamt tariff quote +43664123456 --config examples/tariffs --customer kunde-praxis --seconds 61
    """
    if name and customer:
        raise click.UsageError("--list and --customer exclude each other: a customer has several lists")
    found = chosen_tariff(settings, directory, notice_days)
    moment = at or now()
    if customer:
        result = _rated(found, customer, number, moment, seconds)
        sentence = explain(result, Language.ENGLISH)
        price = result.price if isinstance(result, Charge) else None
        waits = isinstance(result, Unrated)
    else:
        price, sentence = _listed(found, name or found.standard, number, moment)
        waits = price is None
    if as_json:
        row = _price_row(price) if price else None
        document = {"number": number, "at": shown(moment), "price": row, "sentence": sentence}
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        click.echo(sentence)
    if waits:
        raise SystemExit(1)


def _rated(found: Tariff, customer: str, number: str, moment: datetime, seconds: int) -> Charge | Unrated:
    start_ms = to_ms(moment)
    book = Books(found).book(customer, month_of(start_ms))
    if book is None:
        raise click.BadParameter(f"{customer!r} has no terms on {shown(moment)}", param_hint="--customer")
    leg = BillableLeg("quote", customer, Direction.OUTGOING, number, start_ms, seconds * 1000)
    return rate(leg, book, unused(book))


def _listed(found: Tariff, name: str, number: str, moment: datetime) -> tuple[Price | None, str]:
    versions = found.versions.get(name)
    if not versions:
        raise click.BadParameter(f"there is no list {name!r}. There are {', '.join(found.versions)}")
    start_ms = to_ms(moment)
    version = valid_on(versions, day_of(start_ms))
    if version is None:
        return None, f"{name} has no version that is valid on {shown(moment)}."
    price = price_at((compiled(version),), number, start_ms, clock_of(month_of(start_ms)))
    one = price if isinstance(price, Price) or price is None else price[1]
    if one is None:
        return None, f"{version} has no price for {number}."
    row = _price_row(one)
    parts = [f"{label} {row[label]}" for label in ("fee", "minimum", "free_s", "window") if row[label]]
    head = f"{number} ({one.destination}), {version}, {row['prefix']}: {row['price']}"
    return one, ", ".join([head, f"increment {row['increment']}", *parts])


for _command in (import_, rates, notices, notify):
    tariff.add_command(_command)
