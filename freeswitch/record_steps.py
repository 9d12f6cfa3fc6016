"""What a leg's own record (mod_json_cdr) says step by step: its states, and what the dialplan did with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dialplan.cdr import RecordUnreadable
from freeswitch.decided_facts import FACTS, unpacked
from freeswitch.json_cdr import MAX_BYTES

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Names of `callflow[].times`, and what they mean for people.
_STATES: Final = (
    ("created_time", "begins"),
    ("progress_time", "rings"),
    ("progress_media_time", "early media"),
    ("answered_time", "answered"),
    ("bridged_time", "connected"),
    ("transfer_time", "passed on"),
    ("hangup_time", "ended"),
)
#: Longest argument of an application that is shown.
_MOST_TEXT: Final = 200
#: Applications of one leg that are read: menus and queues make many.
_MOST_APPLICATIONS: Final = 1_000
#: Our own variables that tell what was decided.
_TELLING: Final = re.compile(r"fernamt_(?:reason|do|cause|sip_code|onward)=[^~;]+")
_FACTS: Final = re.compile(rf"{FACTS}=([^~;]+)")


@dataclass(frozen=True, slots=True)
class RecordStep:
    """At `at` (UTC, to the microsecond where the switch says it), in the switch's or in our words."""

    at: datetime
    what: str
    words: str = ""


def steps_of(content: bytes) -> tuple[RecordStep, ...]:
    """A leg's steps in their order. Raises RecordUnreadable."""
    try:
        document = json.loads(content[: MAX_BYTES + 1].decode("utf-8", errors="replace"))
    except (ValueError, RecursionError) as error:
        raise RecordUnreadable("cdr.not-json", f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise RecordUnreadable("cdr.not-json", "JSON without an object")
    found = [*_states(document), *_applications(document)]
    return tuple(sorted(found, key=lambda step: step.at))


def _states(document: Mapping[str, Any]) -> Iterator[RecordStep]:
    variables = _object(document, "variables")
    flow = document.get("callflow")
    stretches = [each for each in flow if isinstance(each, dict)] if isinstance(flow, list) else []
    seen: set[tuple[str, datetime]] = set()
    for stretch in reversed(stretches):  # FreeSWITCH lists the newest first
        times = _object(stretch, "times")
        for name, what in _STATES:
            at = _moment(times.get(name))
            if at is not None and (what, at) not in seen:
                seen.add((what, at))
                yield RecordStep(at, what, _words(what, stretch, variables))


def _words(what: str, stretch: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
    profile = _object(stretch, "caller_profile")
    match what:
        case "begins":
            caller, called = profile.get("caller_id_number", ""), profile.get("destination_number", "")
            where = profile.get("network_addr") or variables.get("sip_gateway_name") or ""
            return _clean(f"{caller} to {called} ({profile.get('chan_name', '')}, {where})")
        case "passed on":
            return _clean(f"to {profile.get('destination_number', '')} in {profile.get('context', '')}")
        case "ended":
            sip = variables.get("sip_term_status") or variables.get("sip_invite_failure_status") or ""
            code = f", SIP {sip}" if sip else ""
            ended = variables.get("sip_hangup_disposition", "")
            return _clean(f"{variables.get('hangup_cause', '')}{code}, {ended}")
        case _:
            return ""


def _applications(document: Mapping[str, Any]) -> Iterator[RecordStep]:
    entries = _object(document, "app_log").get("applications")
    if not isinstance(entries, list):
        return
    for entry in entries[:_MOST_APPLICATIONS]:
        at = _moment(entry.get("app_stamp")) if isinstance(entry, dict) else None
        if at is not None:
            name = str(entry.get("app_name", ""))
            yield RecordStep(at, "does", _clean(f"{name} {_argument(name, str(entry.get('app_data', '')))}"))


def _argument(name: str, data: str) -> str:
    """Of a set of variables what was decided; of a dial string where it goes."""
    plain = re.sub(r"\[[^\]]*\]", "", data)
    if name == "multiset":
        facts = unpacked("|".join(_FACTS.findall(plain)))
        decided = [f"{name}={facts[name]}" for name in ("reason", "version") if name in facts]
        return " ".join([*decided, *_TELLING.findall(plain)]) or f"{plain.count('=')} variables"
    return plain


def _object(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def _moment(text: object) -> datetime | None:
    microseconds = int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else 0
    return _EPOCH + timedelta(microseconds=microseconds) if 0 < microseconds < 10**17 else None


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:_MOST_TEXT]).strip()
