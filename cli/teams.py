"""`fernamt teams`: numbers at Microsoft Operator Connect (A4): consents, upload, release, how it stands."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Final

import click
from rich.table import Table

from cli.bootstrap import engine, now, until_stopped
from cli.carriers.teams_work import Sums, follow, once
from cli.changes import actor_option
from cli.errors import OperatorConnectAway
from cli.layout import effective
from cli.logs import configure_logs
from cli.metrics import serve_metrics
from cli.settings import Settings
from cli.terminal import console
from cli.times import shown, written
from cli.wiring.operator_connect import operator_connect, teams_sync
from cli.working import working
from numbering.tenancy import PROBLEMS, Consent, Held, plan
from store.teams_book import TeamsBook
from store.teams_standing import OpenOrder, TeamsStanding, TenantStanding

_NAME: Final = "fernamt teams"
#: Numbers with a problem that people are shown; programs get all.
_SHOWN: Final = 50
_TO_DO: Final = {
    Consent.SIGNED: "",
    Consent.PENDING: "wait for the customer's administrator",
    Consent.DECLINED: "ask the customer: the administrator declined",
    Consent.TERMINATED: "ask the customer: no new number can be uploaded",
    Consent.ABSENT: "the customer's administrator chooses us in the Teams admin centre: Voice, Operators",
}


@click.group()
def teams() -> None:
    """Numbers at Microsoft Teams (Operator Connect): consents, uploads, releases.

    The configuration links numbers to tenants; `fernamt teams sync` brings them there and back.
    """


@teams.command()
@click.option("--customer", metavar="ID", help="Only this customer's tenants.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def consents(settings: Callable[[], Settings], customer: str | None, as_json: bool) -> None:
    """Which tenants consented to us, as Microsoft said at the last `fernamt teams sync` (A4).

    \b
    Example: fernamt teams consents --customer kunde-praxis
    """
    found = TeamsStanding(engine(effective(settings()), _NAME)).tenants(customer)
    if as_json:
        rows = [
            {
                "tenant": each.tenant_id, "customer": each.customer_id, "consent": each.consent,
                "changed_at": written(each.changed_at), "seen_at": written(each.seen_at),
            }
            for each in found
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("No tenant is known: customers get one by `teams_trunks` or a number's `tenant_id`.")
        return
    table = Table("tenant", "customer", "consent", "since", "asked", "what to do")
    for each in found:
        whose = each.customer_id or "-"
        to_do = (
            _TO_DO[each.consent] if each.customer_id else "nobody's tenant: write it into a customer's file"
        )
        table.add_row(each.tenant_id, whose, each.consent, shown(each.changed_at), shown(each.seen_at), to_do)
    console().print(table)


@teams.command()
@click.option("--tenant", metavar="ID", help="Only numbers of this tenant; calls are not reported then.")
@click.option(
    "--wait", "wait_s", type=click.IntRange(0, 3_600), default=120, show_default=True, metavar="SECONDS",
    help="Wait so long for orders to end; the next sync asks after the rest.",
)  # fmt: skip
@click.option(
    "--follow", "following", is_flag=True, help="Go on until SIGTERM: every 30 s, all of it every hour."
)
@click.option(
    "--retry", is_flag=True, help="Try numbers that were refused, and tenants without a list, now, not later."
)
@click.option("--dry-run", is_flag=True, help="Say what our book would order; ask nobody, change nothing.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@actor_option
@click.pass_obj
def sync(
    settings: Callable[[], Settings], tenant: str | None, wait_s: int, following: bool, retry: bool,
    dry_run: bool, as_json: bool, actor: str,
) -> None:  # fmt: skip
    """Bring Microsoft and the number inventory together: upload, release, report calls.

    Numbers that the inventory links to a tenant are uploaded when the tenant's consent is signed; those that
    are no longer a customer's are released and go into quarantine. It may be killed at any moment and run
    again: nothing is done twice.

    \b
    Examples:
      fernamt teams sync
      fernamt teams sync --dry-run
      fernamt teams sync --tenant 00000000-0000-4000-8000-000000000001 --wait 600
    """
    known = effective(settings())
    database = engine(known, _NAME)
    if dry_run:
        _show_plan(TeamsBook(database), tenant, as_json)
        return
    operator_connect(known)
    tenant = tenant.lower() if tenant else None
    if retry:
        TeamsBook(database).retry(tenant, actor)
    if following:
        if tenant is not None:
            raise click.UsageError("--follow and --tenant exclude each other")
        configure_logs(service=True)
        stopped = until_stopped()
        next_due = TeamsStanding(database).next_due
        metrics = serve_metrics(known.metrics.teams if known.metrics is not None else None)
        follow(teams_sync(known, database, actor), next_due, now, lambda seconds: bool(stopped.wait(seconds)))
        if metrics is not None:
            metrics.stop(1.0)
        return
    with working("synchronising with Microsoft"):
        sums = once(
            teams_sync(known, database, actor),
            TeamsStanding(database).next_due,
            now,
            wait_s,
            time.sleep,
            tenant,
        )
    standing = TeamsStanding(database)
    unread = [each for each in standing.tenants() if each.trouble_since and tenant in (None, each.tenant_id)]
    _show_sums(sums, len(standing.open_orders()), unread, as_json)


def _show_plan(book: TeamsBook, tenant: str | None, as_json: bool) -> None:
    rows: list[dict[str, Any]] = []
    for each in [tenant] if tenant else book.tenants(now(), every=True):
        found = plan(book.facts(each), now())
        rows.append(
            {
                "tenant": each, "upload": sorted(found.uploads), "release": sorted(found.releases),
                "held": [_held_row(one) for one in found.held],
            }
        )  # fmt: skip
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        click.echo(
            f"{row['tenant']}: {len(row['upload'])} to upload, {len(row['release'])} to release, "
            f"{len(row['held'])} wait"
        )
    if not rows:
        click.echo("No number is linked to a tenant.")


def _show_sums(sums: Sums, open_orders: int, unread: Sequence[TenantStanding], as_json: bool) -> None:
    done = sums.done
    if as_json:
        held = [{"tenant": id_, **_held_row(each)} for id_, each in done.held]
        row = {**asdict(done), "held": held, "unread": {each.tenant_id: each.trouble for each in unread}}
        del row["cut"]  # of a single round
        click.echo(json.dumps({**row, "open_orders": open_orders}, ensure_ascii=False, indent=1))
        return
    if done.busy:
        click.echo("Another program synchronises at this moment; see `fernamt teams status`.")
        return
    click.echo(
        f"{done.uploaded} uploaded, {done.released} released, {done.refused} refused, "
        f"{done.deactivated} into quarantine, {done.reported} reports of calls, "
        f"{done.consents_changed} consents changed."
    )
    if open_orders:
        click.echo(f"{open_orders} orders are open: `fernamt teams status`; the next sync asks after them.")
    if done.held:
        click.echo(f"{len(done.held)} numbers wait: `fernamt teams status` says for what.")
    _show_unread(unread)
    if done.away is not None:
        raise OperatorConnectAway(
            f"Operator Connect: {done.away.why}. "
            + (done.away.next_step or "What is open is tried again by the next `fernamt teams sync`")
        )
    if unread:
        raise OperatorConnectAway(
            f"Operator Connect does not list the numbers of {len(unread)} tenants. The others had theirs; "
            "these are asked again by themselves, at once with --retry"
        )


@teams.command()
@click.option("--customer", metavar="ID", help="Only this customer's tenants.")
@click.option("--numbers", is_flag=True, help="Every number of our book, not only those with a problem.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def status(settings: Callable[[], Settings], customer: str | None, numbers: bool, as_json: bool) -> None:
    """How numbers stand at Microsoft, which orders are open, what waits and what to do about it.

    \b
    Examples:
      fernamt teams status
      fernamt teams status --customer kunde-praxis --numbers
    """
    database = engine(effective(settings()), _NAME)
    standing = TeamsStanding(database)
    tenants, orders = standing.tenants(customer), standing.open_orders(customer)
    held = [
        (each, one) for each in tenants for one in plan(TeamsBook(database).facts(each.tenant_id), now()).held
    ]
    booked = [one for each in tenants for one in standing.numbers(each.tenant_id)] if numbers else []
    if as_json:
        document = {
            "tenants": [{**asdict(each), **_times(each)} for each in tenants],
            "orders": [_order_row(each) for each in orders],
            "held": [{"tenant": tenant.tenant_id, **_held_row(one)} for tenant, one in held],
        }
        if numbers:
            document["numbers"] = [
                {**asdict(one), "since": written(one.since), "retry_at": written(one.retry_at)}
                for one in booked
            ]
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    if not tenants:
        click.echo("No tenant is known: customers get one by `teams_trunks` or a number's `tenant_id`.")
        return
    table = Table("tenant", "customer", "consent", "to be there", "there", "under way", "in use", "waiting")
    for each in tenants:
        waiting = sum(tenant is each for tenant, _ in held)
        counts = (each.wanted, each.uploaded, each.under_way, each.in_use, waiting)
        table.add_row(each.tenant_id, each.customer_id or "-", each.consent, *map(str, counts))
    console().print(table)
    _show_unread([each for each in tenants if each.trouble_since])
    _show_orders(orders)
    if numbers:
        listed = Table("number", "tenant", "place", "since", "life", "used for", "problem")
        for one in booked:
            listed.add_row(
                one.number, one.tenant_id, one.place, shown(one.since), one.life or "free",
                one.assigned_to or "-", one.problem or "-",
            )  # fmt: skip
        console().print(listed)
    _show_held([one for _, one in held])


def _show_unread(unread: Sequence[TenantStanding]) -> None:
    for each in unread:
        whose = f" of {each.customer_id}" if each.customer_id else ""
        click.echo(
            f"tenant {each.tenant_id}{whose}: Microsoft does not list its numbers since "
            f"{shown(each.trouble_since)}: {each.trouble}. Asked again {shown(each.trouble_next_at)}, at "
            "once with `fernamt teams sync --retry`; the other tenants go on"
        )


def _show_orders(orders: Sequence[OpenOrder]) -> None:
    for each in orders:
        order = each.order
        line = f"order {order.id}: {order.kind} of {each.count} for {order.customer_id}, {order.state}"
        line += f" since {shown(order.made_at)}, next try {shown(order.next_at)}"
        click.echo(line + (f"; {order.attempts} tries failed: {order.why}" if order.why else ""))
        if order.stuck(now()):
            click.echo(f"  STUCK: ask Microsoft about {order.operation or order.key}; it is tried on")


def _show_held(held: Sequence[Held]) -> None:
    for each in held[:_SHOWN]:
        what, next_step = PROBLEMS[each.problem]
        words = f" ({each.what})" if each.what else ""
        click.echo(f"{each.number}: {what}{words}. {next_step}  [{each.problem}]")
    if len(held) > _SHOWN:
        click.echo(f"... and {len(held) - _SHOWN} more: --json")


def _held_row(held: Held) -> dict[str, str]:
    what, next_step = PROBLEMS[held.problem]
    return {
        "number": held.number, "problem": held.problem, "what": what, "microsoft": held.what,
        "next_step": next_step,
    }  # fmt: skip


def _times(each: TenantStanding) -> dict[str, str | None]:
    names = ("changed_at", "seen_at", "trouble_since", "trouble_next_at")
    return {name: written(getattr(each, name)) for name in names}


def _order_row(each: OpenOrder) -> dict[str, Any]:
    order = each.order
    return {
        **asdict(order), "count": each.count, "stuck": order.stuck(now()), "made_at": written(order.made_at),
        "next_at": written(order.next_at), "ended_at": written(order.ended_at),
    }  # fmt: skip
