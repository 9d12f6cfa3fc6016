"""Whether numbers at Microsoft want an operator's attention: for `fernamt doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cli.times import shown
from numbering.tenancy import Consent
from store.teams_standing import OpenOrder, TenantStanding

#: A full round is due every hour.
_ASKED_WITHIN: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class TeamsHealth:
    """What was seen, and what to do about it: "" for nothing."""

    seen: str
    next_step: str = ""


def teams_health(
    configured: bool, tenants: Sequence[TenantStanding], orders: Sequence[OpenOrder], at: datetime
) -> TeamsHealth:
    """The worst first. `configured`: the settings name an access to Operator Connect."""
    wanted, there = sum(each.wanted for each in tenants), sum(each.uploaded for each in tenants)
    seen = f"{wanted} numbers are linked to tenants, {there} are at Microsoft"
    if not configured:
        step = "Write operator_connect into the settings, docs/teams.md" if wanted else ""
        return TeamsHealth(
            f"{seen}; no access is configured" if wanted else "none are linked to tenants", step
        )
    asked = max((each.seen_at for each in tenants if each.seen_at is not None), default=None)
    if wanted and (asked is None or at - asked > _ASKED_WITHIN):
        step = "See that `fernamt teams sync --follow` runs, and what it logs"
        return TeamsHealth(f"{seen}; Microsoft was asked last: {shown(asked)}", step)
    stuck = [each.order for each in orders if each.order.stuck(at)]
    if stuck:
        return TeamsHealth(f"{seen}; {len(stuck)} orders are stuck: {stuck[0].why}", "fernamt teams status")
    unread = [each for each in tenants if each.trouble_since is not None]
    if unread:
        one = unread[0]
        what = f"{one.customer_id or one.tenant_id} since {shown(one.trouble_since)}: {one.trouble}"
        return TeamsHealth(
            f"{seen}; Microsoft does not list the numbers of {len(unread)} tenants: {what}",
            "fernamt teams status",
        )
    unsigned = [each for each in tenants if each.wanted and each.consent is not Consent.SIGNED]
    if unsigned:
        first = f"{unsigned[0].customer_id} ({unsigned[0].consent})"
        return TeamsHealth(
            f"{seen}; {len(unsigned)} tenants have not signed: {first}", "fernamt teams consents"
        )
    problems = sum(each.problems for each in tenants)
    if problems:
        return TeamsHealth(f"{seen}; {problems} have a problem", "fernamt teams status")
    return TeamsHealth(seen)
