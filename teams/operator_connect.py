"""Microsoft Operator Connect as a port: one method for each thing that we ask. Nothing is repeated here: what
did not work is an answer (`Away`), and the order is sent again later under its key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from numbering.e164 import E164
from numbering.tenancy_orders import Accepted, Away, Ended, Forgotten, Order, Rejected, Running
from numbering.tenancy_seen import CallSeen, ConsentSeen, NumberSeen
from teams import shape
from teams.errors import AnswerUnreadable, NoAnswer, TeamsError, TokenRefused
from teams.retry_after import retry_after_s
from teams.tokens import Tokens
from teams.transport import Request, Response, Transport

#: Asked after again where the server does not say when.
POLL_S: Final = 5.0
#: Pages of one list: a tenant has 100,000 numbers at most.
MAX_PAGES: Final = 1_000
_LOGIN: Final = (
    "Check client_id, client_secret and scope of `operator_connect` in the settings, and whether our "
    "application is still registered"
)
_BUSY: Final = (408, 425)
_T = TypeVar("_T")


class OperatorConnect:
    """`calling_profile`: of our interconnection, for uploads."""

    def __init__(self, transport: Transport, tokens: Tokens, calling_profile: str) -> None:
        self._transport = transport
        self._tokens = tokens
        self._calling_profile = calling_profile

    def consents(self) -> tuple[ConsentSeen, ...] | Away | Rejected:
        """Every consent that tenants gave us or took back."""
        return self._list(shape.CONSENTS, "consents", shape.consent)

    def numbers(self, tenant_id: str) -> tuple[NumberSeen, ...] | Away | Rejected:
        """Our numbers at a tenant, all of them."""
        if not shape.is_tenant(tenant_id):
            return Rejected(shape.refusal({"code": "TenantUnknown", "message": "not a tenant id"}))
        return self._list(shape.numbers_path(tenant_id), "numbers", shape.number)

    def send(self, order: Order, numbers: Sequence[E164]) -> Accepted | Away | Rejected:
        """Upload or release the numbers; under a key that was sent before it is the same order."""
        return self._order(order, shape.numbers_body(order.kind, numbers, self._calling_profile))

    def report(self, order: Order, calls: Sequence[CallSeen]) -> Accepted | Away | Rejected:
        """Tell how long calls lasted; the same key is the same report."""
        return self._order(order, shape.calls_body(calls))

    def poll(self, order: Order) -> Running | Ended | Forgotten | Away:
        """How far an order is that was taken."""
        answer = self._ask("GET", shape.operation_path(order.operation or ""))
        if isinstance(answer, Away):
            return answer
        if answer.status in (404, 410):
            return Forgotten()
        if answer.status != 200:
            return Away(f"asked after an order: {shape.refused(answer).what}")
        return _readable(lambda: shape.progress(answer, order.kind, _poll_after(answer)))

    def _order(self, order: Order, body: bytes) -> Accepted | Away | Rejected:
        if not shape.is_tenant(order.tenant_id):
            return Rejected(shape.refusal({"code": "TenantUnknown", "message": "not a tenant id"}))
        path = shape.order_path(order.kind, order.tenant_id)
        answer = self._ask("POST", path, body, {shape.KEY_HEADER: order.key})
        if isinstance(answer, Away):
            return answer
        if answer.status not in (200, 201, 202):
            return Rejected(shape.refused(answer))
        return _readable(lambda: shape.accepted(answer, _poll_after(answer)))

    def _list(
        self, path: str, name: str, read: Callable[[Mapping[str, Any]], _T]
    ) -> tuple[_T, ...] | Away | Rejected:
        found: list[_T] = []
        seen: set[str] = set()
        where = path
        for _ in range(MAX_PAGES):
            answer = self._ask("GET", where)
            if isinstance(answer, Away):
                return answer
            if answer.status != 200:
                return Rejected(shape.refused(answer))
            try:
                entries, cursor = shape.page(answer, name, read)
            except AnswerUnreadable as error:
                return Away(str(error))
            found += entries
            if cursor is None:
                return tuple(found)
            if cursor in seen:
                break
            seen.add(cursor)
            where = shape.next_page(path, cursor)
        return Away(f"the list {name!r} has no end")

    def _ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response | Away:
        """An answer that says something about what was asked; else when to ask again, and why."""
        try:
            answer = self._with_token(method, path, body, headers or {})
            if answer.status == 401:  # the token ended early, or was taken back: once with a fresh one
                self._tokens.forget()
                answer = self._with_token(method, path, body, headers or {})
        except TokenRefused as error:
            return Away(str(error), everything=True, next_step=_LOGIN)
        except NoAnswer as error:
            return Away(str(error), error.retry_after_s, everything=True, doubtful=True)
        except TeamsError as error:
            return Away(str(error))
        if answer.status == 429:
            return Away("Microsoft's rate limit is reached", retry_after_s(answer.headers), everything=True)
        if answer.status in _BUSY or answer.status >= 500:
            return Away(f"Microsoft answered {answer.status}", retry_after_s(answer.headers))
        if answer.status == 401 or (answer.status == 403 and shape.is_about_us(answer)):
            # 403 under a code that we do not know may be about the tenant that was asked for.
            why, doubtful = f"Microsoft answered {answer.status}: not allowed", answer.status == 403
            return Away(why, everything=True, next_step=_LOGIN, doubtful=doubtful)
        if 300 <= answer.status < 400:
            return Away(f"Microsoft answered {answer.status}: the address in the settings has moved")
        return answer

    def _with_token(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Response:
        every = {"Authorization": self._tokens.bearer(), "Accept": "application/json", **headers}
        if body is not None:
            every["Content-Type"] = "application/json"
        return self._transport.send(Request(method, path, every, body))


def _poll_after(answer: Response) -> float:
    asked = retry_after_s(answer.headers)
    return POLL_S if asked is None else asked


def _readable(read: Callable[[], _T]) -> _T | Away:
    """An answer that cannot be read says nothing: the same is asked again later."""
    try:
        return read()
    except AnswerUnreadable as error:
        return Away(str(error))
