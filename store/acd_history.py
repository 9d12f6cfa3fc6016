"""The contact centres' log in PostgreSQL: each entry once, without callers' numbers, for a while (C9).

What leads to people goes step by step: a day's salt SALT_DAYS after the day, the link to the call's record
LINK_DAYS after it, and the entry itself when its time is over (CC 3.3, TDDDG § 9).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.dialects.postgresql import insert

from acd.effects import Logged
from acd.errors import RecordRefused as EntryRefused
from acd.journal import read_logged, restored_entry
from numbering.german_time import GERMAN_TIME
from store.acd_journals import LogId
from store.acd_tables import acd_contact, acd_log
from store.errors import RecordRefused
from store.foreign_errors import database_errors
from store.standby import wait_for_known

#: German days after a day until its salt is erased: records of late calls are in by then.
SALT_DAYS: Final = 2
#: German days after a call's day until its record is no longer to be found from the log.
LINK_DAYS: Final = 7
#: An agent who did nothing for longer before a period counts as logged out at its begin.
_LOOK_BACK: Final = timedelta(days=7)
#: A caller on hold has an entry when that is over; one that began in a period is looked for so long after it.
_LONGEST_HOLD: Final = timedelta(hours=12)
#: Rows deleted in one transaction.
_PIECE: Final = 20_000
_PIECES: Final = 50
_READ_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Tended:
    """What a round of tending did: callers told apart, salts and links erased, entries deleted."""

    callers: int
    salts: int
    links: int
    entries: int


class AcdHistory:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def insert(self, customer_id: str, entries: Sequence[tuple[LogId, str]]) -> tuple[tuple[LogId, str], ...]:
        """Keep entries as acd.journal wrote them; those that are kept already stay as they are. Returns the
        ones that can never be kept, each with why."""
        refused: list[tuple[LogId, str]] = []
        rows = []
        for log_id, record in entries:
            try:
                rows.append(_row(customer_id, log_id, record))
            except EntryRefused as error:
                refused.append((log_id, str(error)))
        try:
            self._keep(customer_id, rows)
        except RecordRefused:
            for row in rows:
                try:
                    self._keep(customer_id, [row])
                except RecordRefused as error:
                    refused.append(((row["run"], row["number"]), str(error)))
        return tuple(refused)

    def _keep(self, customer_id: str, rows: Sequence[dict[str, Any]]) -> None:
        if not rows:
            return
        with database_errors(f"log of {customer_id}"), self._engine.begin() as connection:
            contacts = _contacts(connection, customer_id, rows)
            values = [
                {name: value for name, value in row.items() if name not in ("call_id", "day")}
                | {"contact_id": contacts.get(row["call_id"])}
                for row in rows
            ]
            log = insert(acd_log).on_conflict_do_nothing().returning(acd_log.c.number)
            if not connection.execute(log, values).all():
                wait_for_known(connection)

    def tend(self, now: datetime, keep_days: int) -> Tended:
        """Tell callers of the last days apart, and erase what may not be kept longer."""
        today = now.astimezone(GERMAN_TIME).date()
        days = {
            "salted": today - timedelta(days=SALT_DAYS),
            "linked": today - timedelta(days=LINK_DAYS),
            "kept": today - timedelta(days=keep_days),
        }
        with database_errors("tending the contact centres' log"), self._engine.begin() as connection:
            connection.execute(text(_NEW_SALTS), days)
            connection.execute(text(_ENDS), days)
            callers = connection.execute(text(_TELL_APART), days).rowcount
            salts = connection.execute(text("DELETE FROM acd_salt WHERE day < :salted"), days).rowcount
            links = connection.execute(
                text("UPDATE acd_contact SET call_id = NULL WHERE day < :linked AND call_id IS NOT NULL"),
                days,
            ).rowcount
        return Tended(callers, salts, links, self._delete(now - timedelta(days=keep_days), days))

    def _delete(self, before: datetime, days: dict[str, Any]) -> int:
        deleted = 0
        for _ in range(_PIECES):
            with database_errors("deleting old entries of logs"), self._engine.begin() as connection:
                count = connection.execute(text(_OLD), {"before": before, "piece": _PIECE}).rowcount
                connection.execute(text(_OLD_CONTACTS), {"piece": _PIECE, **days})
            deleted += count
            if count < _PIECE:
                break
        return deleted


def logged_in_period(
    connection: Connection, customer_id: str, begin: datetime, end: datetime
) -> Iterator[tuple[int, Logged]]:
    """What figures of [begin, end) need, in order, with times in milliseconds: what agents were doing at the
    begin, everything in between, everything else of the calls that were there in between, and what agents
    did until an hour (the longest wrap-up) after those. Callers are named by their contact's number. Raises
    what SQLAlchemy raises."""
    known = {"customer": customer_id, "begin": begin, "end": end, "back": begin - _LOOK_BACK}
    known["held"] = end + _LONGEST_HOLD
    for row in connection.execute(text(_BEFORE), known):
        yield _ms(begin), _effect(row)
    entries = connection.execution_options(yield_per=_READ_AT_ONCE).execute(text(_ENTRIES), known)
    for row in entries:
        yield _ms(row.at), _effect(row)


def repeat_callers(
    connection: Connection, customer_id: str, begin: datetime, end: datetime
) -> list[tuple[str, datetime, bytes]]:
    """Who entered which queue when, for those who can be told apart: queue, time, the day's hash. A hash
    says nothing across days."""
    known = {"customer": customer_id, "begin": begin, "end": end}
    return [(row.queue, row.at, bytes(row.caller)) for row in connection.execute(text(_CALLERS), known)]


def transferred(
    connection: Connection, customer_id: str, begin: datetime, end: datetime
) -> list[tuple[str, int]]:
    """Conversations that began in the period and whose caller's leg went on afterwards: queue and begin in
    milliseconds. Known when the call's record is in."""
    known = {"customer": customer_id, "begin": begin, "end": end}
    found = [
        (row.queue, _ms(row.at) - int(row.talked_ms)) for row in connection.execute(text(_PASSED_ON), known)
    ]
    return [(queue, began_ms) for queue, began_ms in found if _ms(begin) <= began_ms < _ms(end)]


_NEW_SALTS: Final = """
INSERT INTO acd_salt (customer_id, day, salt)
SELECT customer_id, day, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
  FROM (SELECT DISTINCT customer_id, day FROM acd_contact
         WHERE day >= :salted AND caller IS NULL AND call_id IS NOT NULL) AS fresh
ON CONFLICT DO NOTHING
"""
#: A caller who withholds the number is told apart from nobody.
_TELL_APART: Final = """
UPDATE acd_contact AS c
   SET caller = substring(sha256(s.salt || convert_to(r.a_presented, 'UTF8')) FROM 1 FOR 16)
  FROM acd_salt AS s, cdr AS r
 WHERE c.day >= :salted AND c.caller IS NULL AND s.customer_id = c.customer_id AND s.day = c.day
   AND r.leg_id = c.call_id AND r.customer_id = c.customer_id AND r.a_presented IS NOT NULL
"""
_ENDS: Final = """
UPDATE acd_contact AS c SET ended_at = r.ended_at FROM cdr AS r
 WHERE c.day >= :linked AND c.ended_at IS NULL AND r.leg_id = c.call_id AND r.customer_id = c.customer_id
"""
_OLD: Final = """
DELETE FROM acd_log WHERE ctid = ANY (ARRAY(SELECT ctid FROM acd_log WHERE at < :before LIMIT :piece))
"""
_OLD_CONTACTS: Final = """
DELETE FROM acd_contact WHERE id IN (
    SELECT id FROM acd_contact AS c WHERE day < :kept
       AND NOT EXISTS (SELECT FROM acd_log AS l WHERE l.contact_id = c.id) LIMIT :piece)
"""
_BEFORE: Final = """
SELECT DISTINCT ON (agent_id) at, kind, contact_id, agent_id, details FROM acd_log
 WHERE customer_id = :customer AND contact_id IS NULL AND kind = 'AgentChanged'
   AND at >= :back AND at < :begin
 ORDER BY agent_id, at DESC, run DESC, number DESC
"""
_ENTRIES: Final = """
WITH calls AS MATERIALIZED (
    SELECT at, kind, contact_id, agent_id, details, run, number FROM acd_log
     WHERE customer_id = :customer AND contact_id IN (
           SELECT contact_id FROM acd_log WHERE customer_id = :customer AND at >= :begin AND at < :end
           UNION ALL
           SELECT contact_id FROM acd_log
            WHERE customer_id = :customer AND kind = 'HoldEnded' AND at >= :end AND at < :held
              AND at - (details ->> 'held_ms')::int * interval '1 millisecond' < :end))
SELECT * FROM calls
UNION ALL
SELECT at, kind, contact_id, agent_id, details, run, number FROM acd_log
 WHERE customer_id = :customer AND contact_id IS NULL AND at >= :begin
   AND at < greatest(:end, (SELECT max(at) FROM calls) + interval '1 hour')
 ORDER BY at, run, number
"""
#: An agent who hangs up ends the caller's leg in moments.
_PASSED_ON: Final = """
SELECT l.details ->> 'queue_id' AS queue, l.at, l.details ->> 'talked_ms' AS talked_ms
  FROM acd_log AS l JOIN acd_contact AS c ON c.id = l.contact_id
 WHERE l.customer_id = :customer AND l.kind = 'Ended' AND l.at >= :begin
   AND l.at < CAST(:end AS timestamptz) + interval '1 day' AND c.ended_at > l.at + interval '2 seconds'
"""
_CALLERS: Final = """
SELECT l.details ->> 'queue_id' AS queue, l.at, c.caller
  FROM acd_log AS l JOIN acd_contact AS c ON c.id = l.contact_id
 WHERE l.customer_id = :customer AND l.kind = 'Entered' AND l.at >= :begin AND l.at < :end
   AND l.details ->> 'came_from' IS NULL AND c.caller IS NOT NULL
"""


def _row(customer_id: str, log_id: LogId, record: str) -> dict[str, Any]:
    read_logged(record)
    content = json.loads(record)
    at = datetime.fromtimestamp(content.pop("at") / 1000, UTC)
    return {
        "customer_id": customer_id,
        "run": log_id[0],
        "number": log_id[1],
        "at": at,
        "day": at.astimezone(GERMAN_TIME).date(),
        "kind": content.pop("is"),
        "call_id": content.pop("member_id", None),
        "agent_id": content.pop("agent_id", None),
        "details": content,
    }


def _contacts(connection: Connection, customer_id: str, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """The number of each call's contact; new ones are made, in an order that all programs keep."""
    days: dict[str, Any] = {}
    for row in rows:
        if row["call_id"] is not None:
            days.setdefault(row["call_id"], row["day"])
    if not days:
        return {}
    fresh = [{"customer_id": customer_id, "call_id": each, "day": days[each]} for each in sorted(days)]
    connection.execute(insert(acd_contact).on_conflict_do_nothing(), fresh)
    wanted = select(acd_contact.c.call_id, acd_contact.c.id).where(
        acd_contact.c.customer_id == customer_id, acd_contact.c.call_id.in_(days)
    )
    return {row.call_id: row.id for row in connection.execute(wanted)}


def _effect(row: Any) -> Logged:
    content = dict(row.details)
    if row.contact_id is not None:
        content["member_id"] = str(row.contact_id)
    if row.agent_id is not None:
        content["agent_id"] = row.agent_id
    return restored_entry(row.kind, content)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
