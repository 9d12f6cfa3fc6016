"""What goes over the wire to Operator Connect: paths, bodies, codes. Microsoft gives its description to
partners only: where the real one differs, this file and tests/lab/operator_connect.py change (docs/teams.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote

from numbering.e164 import E164
from numbering.tenancy import Consent, Problem
from numbering.tenancy_orders import Accepted, Ended, Kind, Refusal, Running
from numbering.tenancy_seen import CallSeen, ConsentSeen, NumberSeen
from teams.errors import AnswerUnreadable
from teams.transport import Response

CONSENTS: Final = "/consents"
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
#: E.164 as Microsoft takes it.
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{1,17}", re.ASCII)
_MAX_ID: Final = 128
_MAX_WORDS: Final = 200
#: Entries of one page that are read; a page that says more is not what was agreed.
MAX_ENTRIES: Final = 20_000
#: The header under which the same order is known again.
KEY_HEADER: Final = "Idempotency-Key"

_ACTIONS: Final = {Kind.UPLOAD: "uploads", Kind.RELEASE: "releases", Kind.REPORT: "call-durations"}
_CONSENTS: Final = {
    "signed": Consent.SIGNED,
    "active": Consent.SIGNED,
    "pending": Consent.PENDING,
    "declined": Consent.DECLINED,
    "terminated": Consent.TERMINATED,
}
#: Microsoft's code -> what it is for us; any other one is NOT_ACCEPTED.
_CODES: Final = {
    "ConsentMissing": Problem.CONSENT,
    "TenantUnknown": Problem.CONSENT,
    "NumberAssigned": Problem.STILL_ASSIGNED,
    "NumberHeldElsewhere": Problem.HELD_ELSEWHERE,
}
#: Codes that say: it is so already. The order did what it should.
_SO_ALREADY: Final = {
    Kind.UPLOAD: "AlreadyUploaded",
    Kind.RELEASE: "NotUploaded",
    Kind.REPORT: "AlreadyReported",
}


def is_tenant(tenant_id: str) -> bool:
    """Whether it can be put into a path."""
    return _UUID.fullmatch(tenant_id) is not None


def order_path(kind: Kind, tenant_id: str) -> str:
    """Where an order is posted to."""
    return f"/tenants/{tenant_id}/{_ACTIONS[kind]}"


def numbers_path(tenant_id: str) -> str:
    """Where our numbers at a tenant are listed."""
    return f"/tenants/{tenant_id}/numbers"


def operation_path(operation: str) -> str:
    """Where an order that was taken is asked after."""
    return f"/operations/{quote(operation, safe='')}"


def next_page(path: str, cursor: str) -> str:
    """The page that a cursor leads to."""
    return f"{path}?cursor={quote(cursor, safe='')}"


def numbers_body(kind: Kind, numbers: Sequence[E164], calling_profile: str) -> bytes:
    """An upload or a release. Uploaded numbers are for users; Teams gives them other uses itself."""
    if kind is Kind.RELEASE:
        return _json({"numbers": list(numbers)})
    entries = [{"number": number, "usage": "user"} for number in numbers]
    return _json({"callingProfileId": calling_profile, "numbers": entries})


def calls_body(calls: Sequence[CallSeen]) -> bytes:
    """A report of calls."""
    entries = [
        {
            "id": call.id,
            "direction": "incoming" if call.incoming else "outgoing",
            "startedAt": f"{call.started_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "durationSeconds": call.duration_s,
        }
        for call in calls
    ]
    return _json({"calls": entries})


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


_T = TypeVar("_T")


def page(
    response: Response, name: str, read: Callable[[Mapping[str, Any]], _T]
) -> tuple[list[_T], str | None]:
    """The entries of one page, and the cursor of the next. Raises AnswerUnreadable."""
    document = _document(response)
    entries, cursor = document.get(name), document.get("next")
    if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
        raise AnswerUnreadable(f"no list {name!r} in the answer, or one of more than {MAX_ENTRIES}")
    if cursor is not None and not (isinstance(cursor, str) and 0 < len(cursor) <= _MAX_ID):
        raise AnswerUnreadable(f"the list {name!r} has no readable next page")
    return [read(entry) for entry in _objects(entries, name)], cursor


def consent(entry: Mapping[str, Any]) -> ConsentSeen:
    """An entry of the list of consents. Raises AnswerUnreadable: an unknown word is no consent."""
    tenant_id = str(entry.get("tenantId", "")).lower()
    said = _CONSENTS.get(str(entry.get("status", "")).lower())
    try:
        changed_at = datetime.fromisoformat(str(entry.get("changedAt", "")))
    except ValueError:
        changed_at = None
    if not is_tenant(tenant_id) or said is None or changed_at is None or changed_at.tzinfo is None:
        raise AnswerUnreadable("a consent without tenant, known status and time")
    return ConsentSeen(tenant_id, said, changed_at.astimezone(UTC))


def number(entry: Mapping[str, Any]) -> NumberSeen:
    """An entry of the list of numbers. Raises AnswerUnreadable."""
    text, assigned = entry.get("number"), entry.get("assignment", "none")
    if not isinstance(text, str) or not _NUMBER.fullmatch(text) or not isinstance(assigned, str):
        raise AnswerUnreadable("a number that is not E.164")
    return NumberSeen(E164(text), "" if assigned == "none" else assigned[:_MAX_ID])


def accepted(response: Response, poll_after_s: float) -> Accepted:
    """An order was taken. Raises AnswerUnreadable."""
    operation = _document(response).get("operationId")
    if not isinstance(operation, str) or not 0 < len(operation) <= _MAX_ID or not operation.isprintable():
        raise AnswerUnreadable("an order was taken without an operationId")
    return Accepted(operation, poll_after_s)


def progress(response: Response, kind: Kind, poll_after_s: float) -> Running | Ended:
    """How far an order is. Raises AnswerUnreadable."""
    document = _document(response)
    status = document.get("status")
    if status == "running":
        return Running(poll_after_s)
    refused = document.get("refused", [])
    if status != "ended" or not isinstance(refused, list) or len(refused) > MAX_ENTRIES:
        raise AnswerUnreadable("an operation that neither runs nor ended")
    found: dict[str, Refusal] = {}
    for entry in _objects(refused, "refused"):
        if entry.get("code") != _SO_ALREADY[kind]:
            found[str(entry.get("number", ""))[:_MAX_ID]] = refusal(entry)
    return Ended(found)


def refusal(error: Mapping[str, Any]) -> Refusal:
    """Code and words of a refusal."""
    code = _line(error.get("code")) or "unnamed"
    words = _line(error.get("message"))
    return Refusal(_CODES.get(code, Problem.NOT_ACCEPTED), f"{code}: {words}" if words else code)


def refused(response: Response) -> Refusal:
    """The refusal in the body of an answer, as well as it can be read."""
    try:
        error = _document(response).get("error")
    except AnswerUnreadable:
        error = None
    found = error if isinstance(error, dict) else {}
    return refusal({"code": f"HTTP {response.status}", **found})


def is_about_us(response: Response) -> bool:
    """Whether a 403 is about our application, not about one tenant or number."""
    return refused(response).what.partition(":")[0] not in _CODES


def _line(text: object) -> str:
    """Foreign words as one short printable line."""
    plain = text if isinstance(text, str) else ""
    return "".join(each if each.isprintable() else " " for each in plain)[:_MAX_WORDS].strip()


def _document(response: Response) -> dict[str, Any]:
    try:
        found = json.loads(response.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise AnswerUnreadable(f"the answer ({response.status}) is no JSON object")
    return found


def _objects(entries: Sequence[object], name: str) -> Iterator[Mapping[str, Any]]:
    for entry in entries:
        if not isinstance(entry, dict):
            raise AnswerUnreadable(f"something else than an object in the list {name!r}")
        yield entry
