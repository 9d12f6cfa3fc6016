"""Numbers, their transitions and outcomes as flat rows and as words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.carriers.number_csv import CsvLine
from cli.times import written
from numbering.life import State, said
from store.number_records import NumberEvent, NumberRecord
from store.number_transitions import Outcome

Row = dict[str, str | bool | None]


def number_row(record: NumberRecord) -> Row:
    """For programs; times in UTC."""
    life = record.life
    return {
        "number": record.number,
        "state": said(life.state),
        "since": written(life.since),
        "until": written(life.until),
        "customer": life.customer_id,
        "site": life.site,
        "tenant": life.tenant_id,
        "ported": life.ported,
        "configured": life.configured,
        "active_from": written(life.active_from),
        "active_until": written(life.active_until),
        "contract_end": life.contract_end.isoformat() if life.contract_end else None,
        "reason": life.reason,
    }


def event_row(event: NumberEvent) -> dict[str, Any]:
    """For programs; times in UTC."""
    return {
        "at": written(event.at),
        "recorded_at": written(event.recorded_at),
        "event": event.event.replace("_", "-"),
        "from": said(State(event.from_state)),
        "to": said(State(event.to_state)),
        "customer": event.customer_id,
        "actor": event.actor,
        "reason": event.reason,
        "details": event.details,
    }


def what_changed(details: Mapping[str, Any]) -> str:
    """Details in one line."""
    return ", ".join(f"{name} {'-' if value is None else value}" for name, value in details.items()) or "-"


def outcome_text(outcome: Outcome) -> str:
    """`free -> reserved`, or why not."""
    if outcome.error is not None:
        return str(outcome.error)
    states = [outcome.before.state, *(step.after.state for step in outcome.steps)]
    return " -> ".join(map(said, states))


def line_row(line: CsvLine, outcome: Outcome | None) -> dict[str, Any]:
    """A line of an import: what happens (`then`) or why not (`refused`, with the stable `rule`)."""
    error = outcome.error if outcome else None
    refused = line.problem or (str(error) if error else None)
    return {
        "line": line.line,
        "number": line.number,
        "action": line.action,
        "then": outcome_text(outcome) if outcome and not refused else None,
        "refused": refused,
        "rule": error.rule if error else "csv.value" if refused else None,
    }
