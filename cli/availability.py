"""`fernamt availability`: how much of the time the service was there, by the contract's formula (F1, F2)."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

import click
from rich.table import Table

from availability.report import PROMISED, Kind, Report
from availability.report import report as counted
from availability.service_hours import ServiceHours, month_of, year_of
from availability.spans import MINUTE, Span, minutes_of
from cli.bootstrap import engine, now
from cli.changes import changing
from cli.explaining.exchange_checks import not_probed
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import GERMANY, Moment, shown, written
from provisioning.holiday_dates import YEARS, public_holidays
from provisioning.load import load
from store.availability_book import AvailabilityBook

_LAND = "NW"


@click.group()
def availability() -> None:
    """How much of the time calls were possible (F1), what does not count, and service hours (F2)."""


def _book(settings: Callable[[], Settings]) -> AvailabilityBook:
    return AvailabilityBook(engine(effective(settings()), "fernamt availability"))


class _Month(click.ParamType[tuple[int, int]]):
    name = "month"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        try:
            moment = datetime.strptime(str(value), "%Y-%m")  # noqa: DTZ007 - a month has no zone
        except ValueError:
            self.fail(f"{value!r} is no month such as 2026-11", param, ctx)
        return moment.year, moment.month


@availability.command(name="report")
@click.option("--year", type=click.IntRange(YEARS[0], YEARS[-1]), help="A calendar year.")
@click.option("--month", type=_Month(), help="A calendar month, such as 2026-11.")
@click.option("--land", default=_LAND, show_default=True, help="Whose holidays the hotline keeps.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--csv", "as_csv", is_flag=True, help="The outages, one a line.")
@click.pass_obj
def report_(
    settings: Callable[[], Settings],
    year: int | None,
    month: tuple[int, int] | None,
    land: str,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Availability of a year or month: (counted - priority-1 minutes) / counted minutes; 99.0 % are promised.

    Counted are all minutes since the first probe that nobody excluded. Minutes that nobody measured count as
    priority 1. A running year or month is counted until now. docs/availability.md works an example.

    \b
    Examples:
      fernamt availability report --year 2026
      fernamt availability report --month 2026-11 --csv > outages.csv
    """
    if (year is None) == (month is None):
        raise click.UsageError("give --year or --month, one of them")
    whole = year_of(year) if year is not None else month_of(*(month or (0, 0)))
    book = _book(settings)
    period = _counted_part(whole, book.first(), now())
    if period is None:
        raise click.ClickException(
            "nothing was measured in this time: `probes` in the settings say which trunks are to be probed "
            "(docs/availability.md)  [availability.not-measured]"
        )
    found = counted(period, book.measured(period), [each.counts_as() for each in book.entries(period)])
    hours = ServiceHours(public_holidays(_known_land(land)))
    if as_json:
        click.echo(json.dumps(_plain(found, hours), ensure_ascii=False, indent=1))
    elif as_csv:
        _csv(found, hours)
    else:
        _show(found, hours)


def _counted_part(whole: Span, first: datetime | None, moment: datetime) -> Span | None:
    """From the first probe until the last whole minute that has passed."""
    if first is None:
        return None
    return whole.within(Span(first, max(moment.replace(second=0, microsecond=0), first + MINUTE)))


def _known_land(land: str) -> str:
    try:
        public_holidays(land)
    except NotImplementedError as error:  # holidays' word for a place that it does not know
        raise click.BadParameter(f"{land!r} is no Land such as NW or BY", param_hint="--land") from error
    return land


def _show(found: Report, hours: ServiceHours) -> None:
    percent = f"{found.percent} %" if found.percent is not None else "nothing counts"
    promise = "kept" if found.kept else "not kept"
    click.echo(f"{shown(found.period.begin)} to {shown(found.period.end)}")
    click.echo(f"minutes            {found.minutes:>9}")
    for kind, minutes in found.excluded_by_kind:
        click.echo(f"  without {kind.value:<10} {minutes:>7}")
    click.echo(f"counted            {found.counted:>9}")
    click.echo(f"priority 1         {found.priority_1:>9}   of these not measured: {found.unmeasured}")
    click.echo(f"availability       {percent:>9}   promised {PROMISED} %: {promise}")
    if found.outages:
        table = Table("from", "to", "minutes", "in service hours", "why")
        for each in found.outages:
            table.add_row(
                shown(each.span.begin),
                shown(each.span.end),
                str(each.span.minutes),
                str(minutes_of(hours.within(each.span))),
                "not measured" if each.unmeasured else "no call got through, or entered as outage",
            )
        console().print(table)


def _plain(found: Report, hours: ServiceHours) -> dict[str, object]:
    return {
        "from": written(found.period.begin),
        "to": written(found.period.end),
        "minutes": found.minutes,
        "excluded": {kind.value: minutes for kind, minutes in found.excluded_by_kind},
        "counted": found.counted,
        "priority_1": found.priority_1,
        "unmeasured": found.unmeasured,
        "percent": None if found.percent is None else str(found.percent),
        "promised": str(PROMISED),
        "kept": found.kept,
        "outages": [
            {
                "from": written(each.span.begin),
                "to": written(each.span.end),
                "minutes": each.span.minutes,
                "in_service_hours": minutes_of(hours.within(each.span)),
                "unmeasured": each.unmeasured,
            }
            for each in found.outages
        ],
    }


def _csv(found: Report, hours: ServiceHours) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("from", "to", "minutes", "in_service_hours", "unmeasured"))
    for each in found.outages:
        inside = minutes_of(hours.within(each.span))
        row = (written(each.span.begin), written(each.span.end), each.span.minutes, inside, each.unmeasured)
        writer.writerow(row)


_BEGIN = click.option("--from", "begin", type=Moment(), required=True, help="First moment, German time.")
_END = click.option("--to", "end", type=Moment(), required=True, help="First moment that is not in it.")


@availability.command()
@_BEGIN
@_END
@click.option(
    "--kind",
    type=click.Choice([each.value for each in Kind if each is not Kind.OUTAGE]),
    required=True,
    help="maintenance must be entered before it begins.",
)
@changing(reason_required=True)
def exclude(
    settings: Callable[[], Settings],
    begin: datetime,
    end: datetime,
    kind: str,
    at: datetime,
    actor: str,
    reason: str,
) -> None:
    """Enter a time that does not count: maintenance, the customer's side, beyond control, measurement.

    It stands in the report with its kind, here with its reason and who entered it, and can be withdrawn, not
    changed.

    \b
    Example:
      fernamt availability exclude --from 2026-12-06T02:00 --to 2026-12-06T04:00 --kind maintenance \\
        --reason "new release, announced by e-mail on 29 November"
    """
    _enter(settings, begin, end, Kind(kind), actor, reason)


@availability.command()
@_BEGIN
@_END
@changing(reason_required=True)
def outage(
    settings: Callable[[], Settings], begin: datetime, end: datetime, at: datetime, actor: str, reason: str
) -> None:
    """Enter an outage that probes did not see: its minutes are of priority 1.

    \b
    Example:
      fernamt availability outage --from 2026-11-22T09:00 --to 2026-11-22T09:40 --reason "ticket 4711"
    """
    _enter(settings, begin, end, Kind.OUTAGE, actor, reason)


def _enter(
    settings: Callable[[], Settings], begin: datetime, end: datetime, kind: Kind, actor: str, reason: str
) -> None:
    moment = now()
    if end <= begin:
        raise click.BadParameter("must lie after --from", param_hint="--to")
    if kind is Kind.MAINTENANCE and begin <= moment:
        raise click.BadParameter(
            "maintenance is announced: enter it before it begins, or give another --kind", param_hint="--from"
        )
    if kind is not Kind.MAINTENANCE and begin > moment:
        raise click.BadParameter("lies in the future: only maintenance is known ahead", param_hint="--from")
    number = _book(settings).enter(begin, end, kind, reason, actor, moment)
    span = Span(begin, end)
    click.echo(
        f"Entered as {number}: {shown(begin)} to {shown(end)}, {span.minutes} minutes of {kind.value}."
    )


@availability.command()
@click.argument("number", type=int)
@changing(reason_required=True)
def withdraw(settings: Callable[[], Settings], number: int, at: datetime, actor: str, reason: str) -> None:
    """Take an entered time back; it stays in the list as withdrawn.

    \b
    Example: fernamt availability withdraw 3 --reason "maintenance did not take place"
    """
    _book(settings).withdraw(number, reason, actor, now())
    click.echo(f"{number} is withdrawn.")


@availability.command(name="list")
@click.option("--all", "withdrawn", is_flag=True, help="Withdrawn ones too.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], withdrawn: bool, as_json: bool) -> None:
    """Times that were entered, with who and why.

    \b
    Example: fernamt availability list --all
    """
    found = _book(settings).entries(withdrawn=withdrawn)
    if as_json:
        rows = [
            {
                name: written(value) if isinstance(value, datetime) else value
                for name, value in asdict(each).items()
            }
            for each in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("Nothing is entered.")
        return
    table = Table("number", "from", "to", "kind", "why", "by", "withdrawn")
    for each in found:
        table.add_row(
            str(each.id), shown(each.begin_at), shown(each.end_at), each.kind, each.reason, each.actor,
            f"{shown(each.withdrawn_at)} by {each.withdrawn_by}" if each.withdrawn_at else "",
        )  # fmt: skip
    console().print(table)


@availability.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def probes(settings: Callable[[], Settings], as_json: bool) -> None:
    """The last synthetic call of each node over each trunk, and carriers' trunks that are never probed.

    \b
    Example: fernamt availability probes
    """
    known = effective(settings())
    found = AvailabilityBook(engine(known, "fernamt availability")).newest()
    if as_json:
        rows = [{**asdict(each), "minute": written(each.minute)} for each in found]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("No trunk was probed yet: `probes` in the settings, docs/availability.md.")
    else:
        table = Table("node", "trunk", "minute", "got through", "ended", "ms")
        for each in found:
            answer = "yes" if each.reached else "no"
            table.add_row(each.node, each.trunk_id, shown(each.minute), answer, each.cause, str(each.took_ms))
        console().print(table)
    left = not_probed(known, (each.id for each in load(known.carrier).config.carrier.trunks))
    if left:
        click.echo(f"Not probed: {', '.join(left)}. `probes` in the settings names none of them.")


@availability.command()
@click.option("--at", type=Moment(), help="At this moment, German time. Default: now.")
@click.option("--land", default=_LAND, show_default=True, help="Whose holidays are kept too.")
@click.option("--premium", is_flag=True, help="Premium support: always (TC 15.5).")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def hours(at: datetime | None, land: str, premium: bool, as_json: bool) -> None:
    """Whether the hotline is there, Monday to Friday 08:30 to 17:00 without holidays, and when next.

    \b
    Example: fernamt availability hours --at 2026-12-24T16:00
    """
    moment = at or now()
    if moment.astimezone(GERMANY).year not in YEARS:
        raise click.BadParameter(f"holidays are known from {YEARS[0]} to {YEARS[-1]}", param_hint="--at")
    there = ServiceHours(public_holidays(_known_land(land)), premium)
    is_open, opens = there.open_at(moment), there.opens(moment)
    if as_json:
        click.echo(json.dumps({"at": written(moment), "open": is_open, "opens": written(opens)}, indent=1))
        return
    click.echo("Open." if is_open else f"Closed; opens {shown(opens)}.")
