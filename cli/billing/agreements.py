"""What was agreed with customers, month by month: contracts of the applied versions, and dated users (E5).

A month has the contract of the last version that was applied before its end, so a change never cuts a month
(TC 11.8), and a month that is over keeps its contract. The first version holds from the contract's start.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Engine, text

from provisioning.schema.contract import ContractEntry
from provisioning.schema.number import UserEntry
from rating.berlin import Month, day_start_ms, to_ms
from rating.invoice_users import Event, Span, extension_events, spans_as_events
from store.foreign_errors import database_errors

_USERS: Final = TypeAdapter(list[UserEntry])
_VERSIONS: Final = text("""
    SELECT item.id, came.applied_at AS came, went.applied_at AS went,
        item.content::jsonb -> 'contract' AS contract,
        jsonb_path_query_array(item.content::jsonb, '$.numbers[*] ? (exists(@.users[*]))') AS numbers,
        jsonb_path_query_array(item.content::jsonb, '$.agents[*].id') AS agents,
        jsonb_path_query_array(item.content::jsonb, '$.phones[*].id') AS phones
    FROM config_item AS item
    JOIN config_version AS came ON came.version = item.from_version
    LEFT JOIN config_version AS went ON went.version = item.until_version
    WHERE item.kind = 'customer' AND (:everybody OR item.id = ANY(:customers))
    ORDER BY item.id, item.from_version
""")
#: A number is a user while it is in service, also when it is blocked (TC 7.2, 11.8).
_IN_SERVICE: Final = text("""
    SELECT customer_id, number, (extract(epoch FROM at) * 1000)::bigint AS ms,
        (to_state IN ('active', 'blocked'))::int - (from_state IN ('active', 'blocked'))::int AS change
    FROM number_event WHERE customer_id = ANY(:customers)
        AND (to_state IN ('active', 'blocked')) <> (from_state IN ('active', 'blocked'))
    ORDER BY customer_id, at, id
""")
#: Who is counted where the contract names nobody (E5).
_COUNTED: Final = {"teams": "direct_dials", "contact_centre": "agents"}


@dataclass(frozen=True, slots=True)
class Extension:
    """A direct-dial extension of a number, for days of which the last is included."""

    number: str
    user: UserEntry


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the configuration said of a customer from one version to another; times are aware."""

    customer_id: str
    contract: ContractEntry | None
    came: datetime
    went: datetime | None
    extensions: tuple[Extension, ...] = ()
    agents: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()


#: Versions of each customer, oldest first.
Agreements = Mapping[str, Sequence[Agreed]]


def agreements(engine: Engine, customers: Collection[str] | None = None) -> Agreements:
    """Of these customers, or of all. Raise DatabaseError's children."""
    found: dict[str, list[Agreed]] = {}
    values = {"everybody": customers is None, "customers": list(customers or ())}
    with database_errors("reading the contracts"), engine.connect() as connection:
        for row in connection.execute(_VERSIONS, values):
            found.setdefault(row.id, []).append(_agreed(row))
    return found


def _agreed(row: Any) -> Agreed:
    contract = ContractEntry.model_validate_json(json.dumps(row.contract)) if row.contract else None
    extensions = (
        Extension(str(entry["number"]), user)
        for entry in row.numbers
        for user in _USERS.validate_json(json.dumps(entry["users"]))
    )
    return Agreed(
        row.id, contract, row.came, row.went, tuple(extensions), tuple(row.agents), tuple(row.phones)
    )


def contract_in(versions: Sequence[Agreed], month: Month) -> ContractEntry | None:
    """The contract of a month; None when there was none, or none of the month's days is in it."""
    before = [each for each in versions if to_ms(each.came) < month.end_ms]
    last = before[-1] if before else versions[0] if versions else None
    if last is None or last.contract is None or (last.went and to_ms(last.went) < month.start_ms):
        return None
    contract = last.contract
    over = contract.end is not None and contract.end < month.first_day
    return None if over or contract.start > month.last_day else contract


def users_of(engine: Engine, known: Agreements) -> dict[str, tuple[Event, ...]]:
    """Dated users of each customer, as its last contract counts them (E5)."""
    counted = {
        customer_id: who for customer_id, versions in known.items() if (who := _counted(versions)) is not None
    }
    dialled = [customer_id for customer_id, who in counted.items() if who == "direct_dials"]
    found = {
        customer_id: tuple(spans_as_events(_spans(known[customer_id], who)))
        for customer_id, who in counted.items()
        if who != "direct_dials"
    }
    return found | _direct_dials(engine, known, dialled)


def _counted(versions: Sequence[Agreed]) -> str | None:
    contract = next((each.contract for each in reversed(versions) if each.contract), None)
    return None if contract is None else contract.counted_users or _COUNTED[contract.product]


def _direct_dials(
    engine: Engine, known: Agreements, customers: Collection[str]
) -> dict[str, tuple[Event, ...]]:
    """A number in service is one user; with extensions as many as are active, one at least."""
    events: dict[str, list[Event]] = {customer_id: [] for customer_id in customers}
    extensions = {customer_id: _extensions(known[customer_id]) for customer_id in customers}
    in_service: dict[tuple[str, str], list[Event]] = {}
    with database_errors("reading the number inventory"), engine.connect() as connection:
        for customer_id, number, ms, change in connection.execute(
            _IN_SERVICE, {"customers": list(customers)}
        ):
            events[customer_id].append((int(ms), int(change)))
            if number in extensions[customer_id]:
                in_service.setdefault((customer_id, number), []).append((int(ms), int(change)))
    for (customer_id, number), service in in_service.items():
        events[customer_id] += extension_events(service, extensions[customer_id][number])
    return {customer_id: tuple(some) for customer_id, some in events.items()}


def _extensions(versions: Sequence[Agreed]) -> dict[str, list[Span]]:
    """When each extension of each number was active: by the last version that names it, and no longer."""
    last: dict[tuple[str, int, date], tuple[UserEntry, datetime | None]] = {}
    for version in versions:
        for each in version.extensions:
            last[each.number, each.user.extension, each.user.active_from] = (each.user, version.went)
    found: dict[str, list[Span]] = {}
    for (number, _, _), (user, went) in last.items():
        ends = [day_start_ms(user.active_until + timedelta(days=1))] if user.active_until else []
        ends += [to_ms(went)] if went else []
        found.setdefault(number, []).append((day_start_ms(user.active_from), min(ends, default=None)))
    return found


def _spans(versions: Sequence[Agreed], who: str) -> Iterator[Span]:
    """When each agent or phone was in the configuration; those of the first version since the contract."""
    for index, version in enumerate(versions):
        since = to_ms(version.came)
        if index == 0 and version.contract is not None:
            since = min(since, day_start_ms(version.contract.start))
        until = to_ms(version.went) if version.went else None
        for _ in version.agents if who == "agents" else version.phones:
            yield since, until


def in_use(versions: Iterable[Agreed]) -> bool:
    """Whether minutes of a quota are counted for each user in one of them."""
    contracts = (each.contract for each in versions if each.contract is not None)
    return any(each.fair_use is not None and each.fair_use.counted_per == "user" for each in contracts)
