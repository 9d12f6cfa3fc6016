"""`fernamt number`: the number inventory and the life of each number (A6)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import click
from rich.table import Table

from cli.bootstrap import engine, now
from cli.carriers.number_csv import read_orders
from cli.carriers.number_orders import Block, GermanDay, PhoneNumber, Said, order_of
from cli.carriers.number_rows import event_row, line_row, number_row, outcome_text, what_changed
from cli.changes import changing
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import Moment, shown
from cli.wiring.trusted_clock import believed_day
from numbering.e164 import E164
from numbering.life import State, said
from numbering.life_cycle import allowed
from numbering.life_cycle_document import document
from numbering.plan import is_area_code
from store.customer_blocks import CustomerBlocks
from store.number_inventory import NumberInventory, NumberOrder
from store.number_records import NumberFilter, NumberPage, NumberRecord

_STATES = [said(state) for state in State]


@click.group()
def number() -> None:
    """Numbers: who has them, in which state of life, since when and why.

    The configuration assigns numbers; here they are looked up, reserved, blocked, ported and let go.
    """


def inventory(settings: Callable[[], Settings]) -> NumberInventory:
    """The inventory of the running exchange."""
    return NumberInventory(engine(effective(settings()), "fernamt number"))


@number.command(name="list")
@click.option("--block", type=Block(), help="Only numbers of this block.")
@click.option("--customer", metavar="ID", help="Only numbers that this customer has, had or will have.")
@click.option("--state", type=click.Choice(_STATES), help="Only numbers in this state.")
@click.option("--area-code", metavar="ONKZ", help="Only numbers of this area code, such as 0221.")
@click.option("--after", type=PhoneNumber(), help="Go on behind this number.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="For programs; `after` there reads on.")
@click.pass_obj
def list_(
    settings: Callable[[], Settings],
    block: tuple[E164, E164] | None,
    customer: str | None,
    state: str | None,
    area_code: str | None,
    after: E164 | None,
    limit: int,
    as_json: bool,
) -> None:
    """Numbers in their order. Free numbers are shown with --state free only.

    \b
    Examples:
      fernamt number list --customer kunde-bau
      fernamt number list --state free --area-code 0221 --limit 5
      fernamt number list --block +492214710000..+492214710999 --state quarantined
    """
    first, last = block or (None, None)
    wanted = NumberFilter(
        first,
        last,
        customer_id=customer,
        state=State(state.replace("-", "_")) if state else None,
        area_code=_area_code(area_code),
    )
    source = inventory(settings)
    page = _free(source, wanted, after, limit) if wanted.state is State.FREE else None
    page = page or source.find(wanted, after=after, limit=limit)
    if as_json:
        rows = [number_row(each) for each in page.records]
        click.echo(json.dumps({"numbers": rows, "after": page.after}, ensure_ascii=False, indent=1))
        return
    if not page.records:
        click.echo("No number fits.")
        return
    table = Table("number", "state", "since", "until", "customer", "site", "origin", "reason")
    for each in page.records:
        life = each.life
        table.add_row(
            each.number,
            said(life.state),
            shown(life.since),
            shown(life.until or life.active_until),
            life.customer_id or "-",
            life.site or "-",
            "ported" if life.ported else "ours",
            life.reason or "-",
        )
    console().print(table)
    if page.after:
        click.echo(f"There are more: --after {page.after}")


def _area_code(text: str | None) -> str | None:
    plain = text.removeprefix("0") if text else None
    if plain is not None and not is_area_code(plain):
        raise click.BadParameter(f"{text!r} is no area code such as 0221", param_hint="--area-code")
    return plain


def _free(source: NumberInventory, wanted: NumberFilter, after: E164 | None, limit: int) -> NumberPage:
    """Free numbers of the block that was named, else of all of ours."""
    if wanted.first is not None and wanted.last is not None:
        return source.find(wanted, after=after, limit=limit)
    found: list[NumberRecord] = []
    for block in source.blocks():
        if len(found) > limit or (after is not None and after >= block.last):
            continue
        inside = NumberFilter(block.first, block.last, wanted.customer_id, State.FREE, wanted.area_code)
        found += source.find(inside, after=after, limit=limit + 1 - len(found)).records
    return NumberPage(tuple(found[:limit]), found[limit - 1].number if len(found) > limit else None)


@number.command()
@click.argument("number", type=PhoneNumber())
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show(settings: Callable[[], Settings], number: E164, as_json: bool) -> None:
    """One number: its state, whose it is, and what can become of it.

    \b
    Example: fernamt number show "0221 4710-123"
    """
    source = inventory(settings)
    life = source.show(number)
    ours = any(number in block for block in source.blocks())
    row = {
        **number_row(NumberRecord(number, life)),
        "in_our_blocks": ours,
        "possible": list(map(said, allowed(life.state))),
    }
    if as_json:
        click.echo(json.dumps(row, ensure_ascii=False, indent=1))
        return
    for name, value in row.items():
        text = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{name:<15} {'-' if text is None or text == '' else text}")
    if life.state is State.FREE and not ours:
        click.echo("The number is in no block of the applied configuration.")


@number.command()
@click.argument("number", type=PhoneNumber())
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def history(settings: Callable[[], Settings], number: E164, limit: int, as_json: bool) -> None:
    """All transitions of a number, newest first: when, by whom and why."""
    events = inventory(settings).history(number, limit)
    if as_json:
        click.echo(json.dumps([event_row(each) for each in events], ensure_ascii=False, indent=1))
        return
    if not events:
        click.echo(f"Nothing ever happened to {number}.")
        return
    table = Table("at", "event", "from", "to", "customer", "by", "reason", "changed")
    for each in events:
        row = event_row(each)
        states = (str(row["from"]), str(row["to"]))
        table.add_row(
            shown(each.at),
            str(row["event"]),
            *states,
            each.customer_id or "-",
            each.actor,
            each.reason or "-",
            what_changed(each.details),
        )
    console().print(table)


def _change(
    settings: Callable[[], Settings], verb: str, number: E164, said: Said, at: datetime, actor: str
) -> None:
    try:
        order = order_of(verb, said, at)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    outcome = inventory(settings).carry_out_one(NumberOrder(number, order), at, actor)
    click.echo(f"{number}: {outcome_text(outcome)}")


@number.command()
@click.argument("number", type=PhoneNumber())
@click.option("--customer", metavar="ID", required=True, help="For whom.")
@click.option("--until", type=Moment(), required=True, help="When the reservation ends by itself.")
@changing()
def reserve(
    settings: Callable[[], Settings], number: E164, customer: str, until: datetime, at: datetime, actor: str,
    reason: str,
) -> None:  # fmt: skip
    """Keep a free number for a customer, or prolong the reservation.

    \b
    Example: fernamt number reserve +492214710123 --customer kunde-bau --until 2026-12-24
    """
    _change(settings, "reserve", number, Said(reason, customer, until=until), at, actor)


@number.command()
@click.argument("number", type=PhoneNumber())
@click.option("--customer", metavar="ID", required=True, help="Whom it was reserved for or ported in for.")
@click.option("--site", metavar="ID", help="The customer's site.")
@click.option("--tenant", metavar="ID", help="The Microsoft tenant it is linked to, for ever (A4).")
@click.option("--from", "active_from", type=Moment(), help="First moment of use. Default: at once.")
@changing()
def assign(
    settings: Callable[[], Settings], number: E164, customer: str, site: str | None, tenant: str | None,
    active_from: datetime | None, at: datetime, actor: str, reason: str,
) -> None:  # fmt: skip
    """Give a reserved or ported number to its customer; others are assigned by `fernamt config apply`."""
    said = Said(reason, customer, site, tenant, active_from=active_from)
    _change(settings, "assign", number, said, at, actor)


@number.command()
@click.argument("number", type=PhoneNumber())
@changing()
def activate(settings: Callable[[], Settings], number: E164, at: datetime, actor: str, reason: str) -> None:
    """Note that an assigned number is in use from its activation date on; a sweep does it by itself."""
    _change(settings, "activate", number, Said(reason), at, actor)


@number.command()
@click.argument("number", type=PhoneNumber())
@changing(reason_required=True)
def block(settings: Callable[[], Settings], number: E164, at: datetime, actor: str, reason: str) -> None:
    """Refuse calls from and to a number, but those to 110 and 112: evidence missing, abuse, unpaid.

    \b
    Example: fernamt number block +492214710123 --reason "lease ended, no new evidence"
    """
    _change(settings, "block", number, Said(reason), at, actor)


@number.command()
@click.argument("number", type=PhoneNumber())
@changing(reason_required=True)
def unblock(settings: Callable[[], Settings], number: E164, at: datetime, actor: str, reason: str) -> None:
    """Let calls from and to a blocked number through again."""
    _change(settings, "unblock", number, Said(reason), at, actor)


@number.command()
@click.argument("number", type=PhoneNumber())
@click.option(
    "--teams-deactivated", is_flag=True, help="You have seen in Teams that the number is deactivated."
)
@click.option("--contract-end", type=GermanDay(), help="Last day of a contract that nobody has noted.")
@changing()
def release(
    settings: Callable[[], Settings], number: E164, teams_deactivated: bool, contract_end: date | None,
    at: datetime, actor: str, reason: str,
) -> None:  # fmt: skip
    """Let a reservation go, or send a number that the configuration does not assign into quarantine."""
    said = Said(reason, contract_end=contract_end, teams_deactivated=teams_deactivated)
    _change(settings, "release", number, said, at, actor)


@number.command(name="port-in")
@click.argument("number", type=PhoneNumber())
@click.option("--customer", metavar="ID", required=True, help="Whose number it is.")
@changing()
def port_in(
    settings: Callable[[], Settings], number: E164, customer: str, at: datetime, actor: str, reason: str
) -> None:
    """Note that a number has come from another carrier."""
    _change(settings, "port-in", number, Said(reason, customer), at, actor)


@number.command(name="port-out")
@click.argument("number", type=PhoneNumber())
@click.option("--contract-end", type=GermanDay(), help="Last day of a contract that nobody has noted.")
@changing()
def port_out(
    settings: Callable[[], Settings], number: E164, contract_end: date | None, at: datetime, actor: str,
    reason: str,
) -> None:  # fmt: skip
    """Note that a ported number has left for another carrier, after the contract and within a month (A6)."""
    _change(settings, "port-out", number, Said(reason, contract_end=contract_end), at, actor)


@number.command()
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@changing(with_reason=False)
def sweep(settings: Callable[[], Settings], dry_run: bool, as_json: bool, at: datetime, actor: str) -> None:
    """Do what is due: end quarantines, reservations and blocks, activate and release on their dates.

    Run it daily; a second time it does nothing. Refused while the clock is doubted (fernamt doctor).
    """
    database = engine(effective(settings()), "fernamt number")
    if not dry_run:
        believed_day(database, now(), None)
    outcomes = NumberInventory(database).sweep(at, actor, dry_run=dry_run)
    lifted = 0 if dry_run else CustomerBlocks(database).sweep(at)
    if as_json:
        rows = [
            {"number": each.number, "would" if dry_run else "did": outcome_text(each)} for each in outcomes
        ]
        click.echo(json.dumps({"numbers": rows, "blocks_lifted": lifted}, ensure_ascii=False, indent=1))
        return
    for each in outcomes:
        click.echo(f"{each.number}: {outcome_text(each)}")
    what = "1 number" if len(outcomes) == 1 else f"{len(outcomes)} numbers"
    click.echo(f"{what} {'would be moved' if dry_run else 'moved'}, {lifted} blocks of customers ended.")


@number.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--dry-run", is_flag=True, help="Only say what would happen to each line.")
@click.option("--keep-going", is_flag=True, help="Carry out the good lines though others are refused.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@changing(with_reason=False)
@click.pass_context
def import_(
    ctx: click.Context, settings: Callable[[], Settings], file: Path, dry_run: bool, keep_going: bool,
    as_json: bool, at: datetime, actor: str,
) -> None:  # fmt: skip
    """Carry out a CSV file of orders, all or none of them, with a report for each line.

    Columns: number, action (reserve, assign, activate, block, unblock, release, port-in, port-out), and as
    needed customer, site, tenant, until, from, contract_end, teams_deactivated, reason. Semicolon, comma, tab
    or | between them; UTF-8 or UTF-16.

    \b
    Example: fernamt number import reservations.csv --dry-run
    """
    lines = read_orders(file, at)
    orders = [each.order for each in lines if each.order is not None]
    only_looking = dry_run or (len(orders) < len(lines) and not keep_going)
    outcomes = iter(
        inventory(settings).carry_out(orders, at, actor, keep_going=keep_going, dry_run=only_looking)
        if orders
        else ()
    )
    report = [line_row(line, next(outcomes) if line.order is not None else None) for line in lines]
    refused = sum(1 for row in report if row["refused"])
    done = 0 if dry_run or (refused and not keep_going) else len(report) - refused
    if as_json:
        click.echo(
            json.dumps(
                {"lines": report, "carried_out": done, "refused": refused}, ensure_ascii=False, indent=1
            )
        )
    else:
        for row in report:
            click.echo(
                "{line:>6}  {number:<16} {action:<9} ".format(**row) + str(row["refused"] or row["then"])
            )
        click.echo(f"{len(report)} lines, {refused} refused, {done} carried out.")
    ctx.exit(1 if refused else 0)


@number.command()
def states() -> None:
    """Print the life cycle as a page: states, events, transitions and their conditions (docs/numbers.md)."""
    click.echo(document(), nl=False)
