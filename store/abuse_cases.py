"""Cases of abuse (B10): opened by rules, counted while they go on, released by operators with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, insert, select, text, update

from dialplan.abuse.cases import AbuseRule, Action, Sighting, SpendRule, SpendSighting, ThrottlePolicy
from dialplan.limits.agreed import Throttle
from privacy import kinds
from store import audit
from store.abuse_tables import MAX_SENTENCE, abuse_case
from store.customer_blocks import CustomerBlocks
from store.erasure_book import write_down
from store.errors import AlreadyBlocked, CaseReleased, CaseUnknown, CustomerUnknown, NotBlocked, RecordRefused
from store.foreign_errors import database_errors
from store.number_transitions import milliseconds
from store.privacy_holds import not_under_order

#: Most cases read at once.
MAX_CASES: Final = 10_000
#: How long released cases are kept where the configuration does not say (provisioning/schema/abuse.py).
RETENTION_DAYS: Final = 180
_RETENTION: Final = text(
    "SELECT (content::jsonb -> 'abuse' ->> 'retention_days')::int FROM config_item"
    " WHERE kind = 'carrier' AND until_version IS NULL"
)
#: pg_advisory_xact_lock key of whoever opens cases: "abuse" in ASCII, as a number.
_LOCK: Final = int.from_bytes(b"abuse")


@dataclass(frozen=True, slots=True)
class AbuseCase:
    """A case, open until `released_at`. `sightings`: how often the rule struck; `call_ids`: the newest calls
    that show it. `throttle` holds until `throttle_until` while the case is open."""

    id: int
    customer_id: str
    rule: str
    action: str
    opened_at: datetime
    last_seen_at: datetime
    sightings: int
    sentence: str
    call_ids: tuple[str, ...]
    throttle: Throttle | None
    throttle_until: datetime | None
    released_at: datetime | None
    released_by: str | None
    release_reason: str | None


def over_since(connection: Connection, at: datetime) -> datetime:
    """Cases that were released before this are not kept any longer."""
    days = connection.scalar(_RETENTION)
    return milliseconds(at) - timedelta(days=RETENTION_DAYS if days is None else days)


def actor_of(rule: str) -> str:
    """Who stands in blocks and in the audit for what a rule did."""
    return f"abuse rule {rule}"


class AbuseCases:
    """All methods raise DatabaseError's children. Moments have a zone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._blocks = CustomerBlocks(engine)

    def seen(
        self,
        customer_id: str,
        found: Sighting | SpendSighting,
        action: Action,
        policy: ThrottlePolicy,
        at: datetime,
    ) -> bool:
        """A rule struck: open a case, or count it in the open one, and do what the action says. Whether the
        case is new. May be called again for the same calls: a customer is blocked once for a case."""
        at = milliseconds(at)
        with database_errors(f"noting abuse of {customer_id}"), self._engine.connect() as connection:
            known = connection.execute(_open(customer_id, found.rule)).first()
        # The block first: whoever dies in between does both again, and blocking twice is refused.
        if action is Action.BLOCK and (known is None or known.action != action):
            self._block(customer_id, found, at)
        with database_errors(f"noting abuse of {customer_id}"), self._engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            return _note(connection, customer_id, found, action, policy, at)

    def _block(self, customer_id: str, found: Sighting | SpendSighting, at: datetime) -> None:
        try:
            self._blocks.block(customer_id, at, actor_of(found.rule), found.sentence)
        except (AlreadyBlocked, CustomerUnknown):
            return  # an operator was faster, or the customer is gone since

    def release(self, case_id: int, at: datetime, actor: str, reason: str) -> AbuseCase:
        """Close the case: its throttle ends, and the block that its rule set is lifted. Calls from before
        count no more for the rule. Raises CaseUnknown, CaseReleased, RecordRefused without a reason."""
        if not reason.strip():
            raise RecordRefused("release", "no reason is given", "Say why: --reason TEXT")
        case = self.case(case_id)
        if case.released_at is not None:
            raise _released(case_id)
        at = max(milliseconds(at), case.opened_at)
        self._lift(case, at, actor, reason)
        with database_errors(f"releasing abuse case {case_id}"), self._engine.begin() as connection:
            release = update(abuse_case).where(abuse_case.c.id == case_id, abuse_case.c.released_at.is_(None))
            values = {"released_at": at, "released_by": actor, "release_reason": reason}
            if connection.execute(release.values(values)).rowcount == 0:
                raise _released(case_id)
            _record(connection, actor, "abuse.release", case.customer_id, case.rule, {"reason": reason})
        return self.case(case_id)

    def _lift(self, case: AbuseCase, at: datetime, actor: str, reason: str) -> None:
        """Only what the rule did itself: an operator's own block stays."""
        in_force = [each for each in self._blocks.history(case.customer_id) if each.lifted_at is None]
        if any(each.actor == actor_of(case.rule) and not each.user_id for each in in_force):
            try:
                self._blocks.unblock(case.customer_id, max(at, in_force[0].since), actor, reason)
            except NotBlocked:
                return  # lifted by somebody else meanwhile

    def sweep(self, at: datetime) -> int:
        """Delete released cases whose time is over (TDDDG § 12: indications are kept as long as they are
        needed); open ones stay. How many."""
        with database_errors("deleting old abuse cases"), self._engine.begin() as connection:
            free = not_under_order(abuse_case.c.customer_id)
            old = delete(abuse_case).where(abuse_case.c.released_at < over_since(connection, at), free)
            whose = connection.execute(old.returning(abuse_case.c.customer_id)).scalars().all()
            write_down(connection, kinds.ABUSE, at, whose)
        return len(whose)

    def case(self, case_id: int) -> AbuseCase:
        """One case. Raises CaseUnknown."""
        with database_errors(f"reading abuse case {case_id}"), self._engine.connect() as connection:
            row = connection.execute(select(abuse_case).where(abuse_case.c.id == case_id)).first()
        if row is None:
            raise CaseUnknown(f"abuse case {case_id}", "there is no such case", "See `fernamt abuse list`")
        return _case(row)

    def cases(
        self, *, customer_id: str | None = None, released: bool = False, limit: int = 100
    ) -> tuple[AbuseCase, ...]:
        """The newest first, at most `limit`: open ones, with `released` all."""
        wanted = select(abuse_case).order_by(abuse_case.c.id.desc()).limit(max(1, min(limit, MAX_CASES)))
        if customer_id is not None:
            wanted = wanted.where(abuse_case.c.customer_id == customer_id)
        if not released:
            wanted = wanted.where(abuse_case.c.released_at.is_(None))
        with database_errors("listing abuse cases"), self._engine.connect() as connection:
            return tuple(_case(row) for row in connection.execute(wanted))

    def releases(self, customer_id: str) -> dict[AbuseRule, datetime]:
        """When the last case of each rule was released; rules that this program knows only."""
        wanted = (
            select(abuse_case.c.rule, func.max(abuse_case.c.released_at).label("released_at"))
            .where(abuse_case.c.customer_id == customer_id, abuse_case.c.released_at.is_not(None))
            .group_by(abuse_case.c.rule)
        )
        with database_errors(f"reading abuse cases of {customer_id}"), self._engine.connect() as connection:
            rows = connection.execute(wanted).all()
        known = {each.value: each for each in AbuseRule}
        return {known[row.rule]: row.released_at for row in rows if row.rule in known}


def _note(
    connection: Connection,
    customer_id: str,
    found: Sighting | SpendSighting,
    action: Action,
    policy: ThrottlePolicy,
    at: datetime,
) -> bool:
    values: dict[str, Any] = {
        "action": action.value,
        "last_seen_at": at,
        "sentence": found.sentence[:MAX_SENTENCE],
        "call_ids": list(found.call_ids),
    }
    if action is Action.THROTTLE:
        values["throttle_calls"] = policy.calls
        values["throttle_window_ms"] = policy.seconds * 1000
        values["throttle_until"] = at + timedelta(minutes=policy.minutes)
    known = connection.execute(_open(customer_id, found.rule)).first()
    if known is not None:
        values["last_seen_at"] = max(at, known.last_seen_at)
        values["sightings"] = known.sightings + 1
        connection.execute(update(abuse_case).where(abuse_case.c.id == known.id).values(values))
        return False
    values |= {"customer_id": customer_id, "rule": found.rule.value, "opened_at": at, "sightings": 1}
    connection.execute(insert(abuse_case).values(values))
    details = {"action": action.value, "sentence": found.sentence}
    _record(connection, actor_of(found.rule), "abuse.open", customer_id, found.rule, details)
    return True


def _open(customer_id: str, rule: AbuseRule | SpendRule) -> Any:
    return select(abuse_case).where(
        abuse_case.c.customer_id == customer_id,
        abuse_case.c.rule == rule.value,
        abuse_case.c.released_at.is_(None),
    )


def _record(
    connection: Connection, actor: str, action: str, customer_id: str, rule: str, details: dict[str, Any]
) -> None:
    audit.record(
        connection,
        actor=actor,
        action=action,
        object_kind="customer",
        object_id=customer_id,
        details={"rule": rule, **details},
    )


def _released(case_id: int) -> CaseReleased:
    return CaseReleased(
        f"abuse case {case_id}", "is released already", f"`fernamt abuse show {case_id}` says by whom"
    )


def _case(row: Any) -> AbuseCase:
    throttle = Throttle(row.throttle_calls, row.throttle_window_ms) if row.throttle_calls else None
    return AbuseCase(
        row.id,
        row.customer_id,
        row.rule,
        row.action,
        row.opened_at,
        row.last_seen_at,
        row.sightings,
        row.sentence,
        tuple(map(str, row.call_ids)),
        throttle,
        row.throttle_until,
        row.released_at,
        row.released_by,
        row.release_reason,
    )
