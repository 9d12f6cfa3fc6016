"""A stand-in for Microsoft's Operator Connect with the faults of a real one, without I/O.

What it is asked is carried out later, after some polls. Each fault hits one request: the caller puts them
into `faults`, in the order of the requests to come.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from teams.errors import NoAnswer
from teams.transport import Request, Response

CLIENT_ID = "fernamt-beispiel"
SECRET = "beispiel-geheimnis"
SCOPE = "https://operators.example/.default"
CHANGED = "2026-11-01T08:00:00Z"


class Fault(StrEnum):
    """What may happen to a request."""

    NONE = "none"
    REQUEST_LOST = "request lost"
    ANSWER_LOST = "answer lost"
    TWICE = "request arrives twice"
    INTERNAL_ERROR = "500"
    UNAVAILABLE = "503 with Retry-After"
    RATE_LIMIT = "429 with Retry-After"
    TOKEN_ENDED = "token ended early"
    GARBAGE = "the answer is no JSON"
    CUT = "the answer is cut off"
    KEYS_FORGOTTEN = "keys forgotten"
    OPERATIONS_FORGOTTEN = "operations forgotten"


@dataclass
class Tenant:
    """`numbers`: what each is assigned to."""

    consent: str = "signed"
    changed_at: str = CHANGED
    numbers: dict[str, str] = field(default_factory=dict)


@dataclass
class Operation:
    """`polls`: how often it is still told to be running. It is carried out when it ends."""

    kind: str
    tenant_id: str
    items: list[dict[str, Any]]
    polls: int
    refused: list[dict[str, str]] | None = None


class Simulator:
    """`page`: entries of a page; `polls`: how long an operation takes; `elsewhere`: others' numbers.

    `changes` counts what really changed: each number's uploads and releases, each call told.
    """

    def __init__(self, *, page: int = 3, polls: int = 1) -> None:
        self.tenants: dict[str, Tenant] = {}
        self.elsewhere: set[str] = set()
        self.faults: deque[Fault] = deque()
        self.page = page
        self.polls = polls
        self.retry_after = 7
        self.operations: dict[str, Operation] = {}
        self.keys: dict[str, str] = {}
        self.changes: list[tuple[str, str, str]] = []
        self.told: Counter[str] = Counter()
        self.requests: list[Request] = []
        self.tokens: set[str] = set()
        self._made = 0

    def send(self, request: Request) -> Response:
        """The transport's side. Raises NoAnswer where the wire is cut."""
        answer = self.answer(request)
        if answer is None:
            raise NoAnswer("operators.example: connection lost")
        return answer

    def answer(self, request: Request) -> Response | None:
        """None: nothing comes back."""
        self.requests.append(request)
        fault = self.faults.popleft() if self.faults else Fault.NONE
        before = _BEFORE.get(fault)
        if before is not None:
            return before(self)
        if fault is Fault.REQUEST_LOST:
            return None
        if fault is Fault.KEYS_FORGOTTEN:
            self.keys.clear()
        if fault is Fault.OPERATIONS_FORGOTTEN:
            self.keys.clear()
            self.operations.clear()
        if fault is Fault.TOKEN_ENDED:
            self.tokens.clear()
        response = self._handled(request)
        if fault is Fault.TWICE:
            self._handled(request)
        if fault is Fault.ANSWER_LOST:
            return None
        if fault is Fault.GARBAGE:
            return Response(response.status, {}, b"<html>Bad gateway</html>")
        if fault is Fault.CUT:
            return Response(response.status, response.headers, response.body[:-1])
        return response

    def finish(self) -> None:
        """Carry out all that was taken, whether anybody asks or not."""
        for operation in self.operations.values():
            operation.polls = 0
            self._carry_out(operation)

    def _handled(self, request: Request) -> Response:
        url = urlsplit(request.path)
        parts = [unquote(part) for part in url.path.strip("/").split("/")]
        if parts == ["token"]:
            return self._token(parse_qs((request.body or b"").decode()))
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return _error(401, "InvalidToken")
        cursor = parse_qs(url.query).get("cursor", ["0"])[0]
        match request.method, parts:
            case "GET", ["consents"]:
                listed = [
                    {"tenantId": id_, "status": tenant.consent, "changedAt": tenant.changed_at}
                    for id_, tenant in sorted(self.tenants.items())
                    if tenant.consent != "absent"
                ]
                return self._page("consents", listed, cursor)
            case "GET", ["tenants", tenant_id, "numbers"]:
                if tenant_id not in self.tenants:
                    return _error(404, "TenantUnknown")
                numbers = [
                    {"number": number, "assignment": use or "none"}
                    for number, use in sorted(self.tenants[tenant_id].numbers.items())
                ]
                return self._page("numbers", numbers, cursor)
            case "POST", ["tenants", tenant_id, kind]:
                return self._order(kind, tenant_id, request)
            case "GET", ["operations", id_]:
                return self._progress(id_)
        return _error(400, "BadRequest")

    def _token(self, form: dict[str, list[str]]) -> Response:
        if form.get("client_secret") != [SECRET] or form.get("client_id") != [CLIENT_ID]:
            return Response(401, {}, json.dumps({"error": "invalid_client"}).encode())
        if form.get("grant_type") != ["client_credentials"] or form.get("scope") != [SCOPE]:
            return Response(400, {}, json.dumps({"error": "invalid_scope"}).encode())
        token = f"token-{len(self.requests)}"
        self.tokens.add(token)
        return _json(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def _page(self, name: str, entries: list[dict[str, str]], cursor: str) -> Response:
        start = int(cursor)
        after = start + self.page
        return _json(200, {name: entries[start:after], "next": str(after) if after < len(entries) else None})

    def _order(self, kind: str, tenant_id: str, request: Request) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if key in self.keys:
            return _json(202, {"operationId": self.keys[key]})
        if tenant_id not in self.tenants:
            return _error(404, "TenantUnknown")
        document = json.loads(request.body or b"")
        items = document["calls"] if kind == "call-durations" else document["numbers"]
        if kind == "uploads" and self.tenants[tenant_id].consent != "signed":
            return _error(403, "ConsentMissing")
        if kind == "uploads" and not document.get("callingProfileId"):
            return _error(400, "CallingProfileUnknown")
        if kind == "releases":
            items = [{"number": number} for number in items]
        self._made += 1
        id_ = f"operation-{self._made}"
        self.operations[id_] = Operation(kind, tenant_id, items, self.polls)
        self.keys[key] = id_
        return _json(202, {"operationId": id_}, {"retry-after": "1"})

    def _progress(self, id_: str) -> Response:
        operation = self.operations.get(id_)
        if operation is None:
            return _error(404, "OperationUnknown")
        if operation.polls > 0:
            operation.polls -= 1
            return _json(200, {"status": "running"}, {"retry-after": "2"})
        self._carry_out(operation)
        return _json(200, {"status": "ended", "refused": operation.refused})

    def _carry_out(self, operation: Operation) -> None:
        if operation.refused is not None:
            return
        act: Callable[[str, dict[str, Any]], str | None] = {
            "uploads": self._upload,
            "releases": self._release,
            "call-durations": self._tell,
        }[operation.kind]
        operation.refused = [
            {"number": item.get("number", item.get("id", "")), "code": code, "message": "Beispiel"}
            for item in operation.items
            if (code := act(operation.tenant_id, item)) is not None
        ]

    def _upload(self, tenant_id: str, item: dict[str, Any]) -> str | None:
        number = item["number"]
        if number in self.tenants[tenant_id].numbers:
            return "AlreadyUploaded"
        if number in self.elsewhere or any(number in each.numbers for each in self.tenants.values()):
            return "NumberHeldElsewhere"
        self.tenants[tenant_id].numbers[number] = ""
        self.changes.append(("upload", tenant_id, number))
        return None

    def _release(self, tenant_id: str, item: dict[str, Any]) -> str | None:
        numbers = self.tenants[tenant_id].numbers
        if item["number"] not in numbers:
            return "NotUploaded"
        if numbers[item["number"]]:
            return "NumberAssigned"
        del numbers[item["number"]]
        self.changes.append(("release", tenant_id, item["number"]))
        return None

    def _tell(self, _tenant_id: str, item: dict[str, Any]) -> str | None:
        if self.told[item["id"]]:
            return "AlreadyReported"
        self.told[item["id"]] += 1
        return None


_BEFORE: dict[Fault, Callable[[Simulator], Response]] = {
    Fault.INTERNAL_ERROR: lambda _: _error(500, "Internal"),
    Fault.UNAVAILABLE: lambda each: _error(503, "Unavailable", {"retry-after": str(each.retry_after)}),
    Fault.RATE_LIMIT: lambda each: _error(429, "TooMany", {"retry-after": str(each.retry_after)}),
}


def _json(status: int, document: object, headers: dict[str, str] | None = None) -> Response:
    return Response(status, headers or {}, json.dumps(document).encode())


def _error(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    return _json(status, {"error": {"code": code, "message": "Beispiel"}}, headers)
