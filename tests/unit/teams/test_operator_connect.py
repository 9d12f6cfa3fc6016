"""What we ask of Operator Connect, and what we make of its answers, good and bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from numbering.e164 import E164
from numbering.tenancy import Consent, Problem
from numbering.tenancy_orders import Accepted, Away, Ended, Forgotten, Kind, Order, Rejected, Running
from numbering.tenancy_seen import CallSeen, ConsentSeen, NumberSeen
from teams.operator_connect import OperatorConnect
from teams.tokens import Tokens
from teams.transport import Request, Response
from tests.lab.operator_connect import CLIENT_ID, SCOPE, SECRET, Fault, Simulator, Tenant

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
TENANT = "00000000-0000-4000-8000-000000000001"
NUMBERS = [E164(f"+4922147101{index:02d}") for index in range(7)]
ORDER = Order("order-1", Kind.UPLOAD, TENANT, "kunde-bau", NOW, NOW)


@pytest.fixture
def simulator() -> Simulator:
    found = Simulator()
    found.tenants[TENANT] = Tenant()
    return found


def client(simulator: Simulator, secret: Callable[[], str] = lambda: SECRET) -> OperatorConnect:
    clock = iter(range(10_000))
    tokens = Tokens(simulator, "/token", CLIENT_ID, secret, SCOPE, lambda: next(clock))
    return OperatorConnect(simulator, tokens, "profile-1")


def taken(simulator: Simulator, order: Order = ORDER, numbers: list[E164] = NUMBERS) -> Order:
    answer = client(simulator).send(order, numbers)
    assert isinstance(answer, Accepted)
    return replace(order, operation=answer.operation)


def test_consents_and_numbers_come_in_pages_and_are_all_read(simulator: Simulator) -> None:
    for index in range(2, 9):
        simulator.tenants[f"00000000-0000-4000-8000-00000000000{index}"] = Tenant("terminated")
    simulator.tenants[TENANT].numbers = {number: "user" if number == NUMBERS[0] else "" for number in NUMBERS}
    found = client(simulator).consents()
    assert len(found) == 8
    assert found[0] == ConsentSeen(TENANT, Consent.SIGNED, datetime(2026, 11, 1, 8, tzinfo=UTC))
    assert found[1].consent is Consent.TERMINATED
    listed = client(simulator).numbers(TENANT)
    assert listed == (NumberSeen(NUMBERS[0], "user"), *(NumberSeen(each) for each in NUMBERS[1:]))


def test_an_upload_is_taken_runs_and_ends_with_each_number(simulator: Simulator) -> None:
    simulator.elsewhere.add(NUMBERS[3])
    order = taken(simulator)
    assert client(simulator).poll(order) == Running(2)
    ended = client(simulator).poll(order)
    assert isinstance(ended, Ended)
    assert {number: each.problem for number, each in ended.refused.items()} == {
        NUMBERS[3]: Problem.HELD_ELSEWHERE
    }
    assert len(simulator.tenants[TENANT].numbers) == 6


def test_the_same_key_is_the_same_order(simulator: Simulator) -> None:
    assert taken(simulator) == taken(simulator)
    assert len(simulator.operations) == 1


def test_what_is_so_already_is_no_refusal(simulator: Simulator) -> None:
    simulator.polls = 0
    simulator.tenants[TENANT].numbers = dict.fromkeys(NUMBERS[:3], "")
    assert client(simulator).poll(taken(simulator)) == Ended({})
    gone = taken(
        simulator, replace(ORDER, id="order-2", kind=Kind.RELEASE), [*NUMBERS, E164("+492214710999")]
    )
    assert client(simulator).poll(gone) == Ended({})


def test_a_number_that_somebody_uses_is_not_released(simulator: Simulator) -> None:
    """TC 17.8: deactivation in Teams comes first."""
    simulator.polls = 0
    simulator.tenants[TENANT].numbers = {NUMBERS[0]: "user"}
    ended = client(simulator).poll(taken(simulator, replace(ORDER, kind=Kind.RELEASE), NUMBERS[:1]))
    assert isinstance(ended, Ended)
    assert ended.refused[NUMBERS[0]].problem is Problem.STILL_ASSIGNED


def test_without_consent_the_order_is_refused_as_a_whole(simulator: Simulator) -> None:
    """A4"""
    simulator.tenants[TENANT].consent = "declined"
    answer = client(simulator).send(ORDER, NUMBERS)
    assert isinstance(answer, Rejected)
    assert answer.refusal.problem is Problem.CONSENT


def test_calls_are_told_without_numbers(simulator: Simulator) -> None:
    simulator.polls = 0
    order = replace(ORDER, kind=Kind.REPORT)
    answer = client(simulator).report(order, [CallSeen("call-1", True, NOW, 61)])
    assert isinstance(answer, Accepted)
    assert json.loads(simulator.requests[-1].body or b"") == {
        "calls": [
            {
                "id": "call-1",
                "direction": "incoming",
                "startedAt": "2026-11-22T10:00:00Z",
                "durationSeconds": 61,
            }
        ]
    }


AFTER = {
    Fault.REQUEST_LOST: (True, None),
    Fault.ANSWER_LOST: (True, None),
    Fault.INTERNAL_ERROR: (False, None),
    Fault.UNAVAILABLE: (False, 7.0),
    Fault.RATE_LIMIT: (True, 7.0),
    Fault.GARBAGE: (False, None),
    Fault.CUT: (False, None),
}


@pytest.mark.parametrize("fault", AFTER)
def test_a_fault_is_an_answer_that_says_later(simulator: Simulator, fault: Fault) -> None:
    for ask in (
        lambda each: each.consents(),
        lambda each: each.numbers(TENANT),
        lambda each: each.send(ORDER, NUMBERS),
        lambda each: each.poll(replace(ORDER, operation="operation-1")),
    ):
        ours = client(simulator)
        ours.consents()
        simulator.faults.append(fault)
        answer = ask(ours)
        assert isinstance(answer, Away), ask
        assert (answer.everything, answer.retry_after_s) == AFTER[fault]
        assert SECRET not in repr(answer)


def test_a_token_that_ends_early_is_fetched_anew_once(simulator: Simulator) -> None:
    ours = client(simulator)
    ours.consents()
    simulator.faults.append(Fault.TOKEN_ENDED)
    assert isinstance(ours.send(ORDER, NUMBERS), Accepted)
    assert len(simulator.operations) == 1


def test_a_wrong_secret_says_what_to_check_and_is_not_repeated(simulator: Simulator) -> None:
    answer = client(simulator, lambda: "falsch-geheim").consents()
    assert isinstance(answer, Away)
    assert answer.everything
    assert "client_secret" in answer.next_step
    assert "falsch" not in repr(answer)
    assert len(simulator.requests) == 1


def test_an_operation_that_nobody_knows_is_forgotten(simulator: Simulator) -> None:
    order = taken(simulator)
    simulator.faults.extend([Fault.NONE, Fault.OPERATIONS_FORGOTTEN])
    assert client(simulator).poll(order) == Forgotten()


def test_a_tenant_id_that_is_none_is_not_put_into_a_path(simulator: Simulator) -> None:
    for ask in (
        lambda each: each.numbers("../consents"),
        lambda each: each.send(replace(ORDER, tenant_id="x/../y"), NUMBERS),
    ):
        assert isinstance(ask(client(simulator)), Rejected)
    assert simulator.requests == []


class Said:
    """A server that says one thing to everything, after it gave a token."""

    def __init__(self, status: int, document: object, headers: dict[str, str] | None = None) -> None:
        self.answer = Response(status, headers or {}, json.dumps(document).encode())

    def send(self, request: Request) -> Response:
        if request.path == "/token":
            return Response(200, {}, json.dumps({"access_token": "t", "expires_in": 3600}).encode())
        return self.answer


def hearing(said: Said) -> OperatorConnect:
    return OperatorConnect(said, Tokens(said, "/token", "c", lambda: "s", "x", lambda: 0.0), "p")


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"consents": None},
        {"consents": [[]]},
        {"consents": [{}]},
        {"consents": [{"tenantId": TENANT, "status": "perhaps", "changedAt": "2026-11-01T08:00:00Z"}]},
        {"consents": [{"tenantId": TENANT, "status": "signed", "changedAt": "2026-11-01T08:00:00"}]},
        {"consents": [{"tenantId": "x", "status": "signed", "changedAt": "2026-11-01T08:00:00Z"}]},
        {"consents": [], "next": 7},
        {"consents": [], "next": "again"},
    ],
)
def test_a_list_that_is_not_as_agreed_is_not_believed(document: object) -> None:
    """An unknown word is no consent, and no end is no list."""
    assert isinstance(hearing(Said(200, document)).consents(), Away)


@pytest.mark.parametrize("number", ["0221123", "+49221 1", "", None, "+4922147101231234567", "+49221\n1"])
def test_a_listed_number_that_is_none_spoils_the_list(number: object) -> None:
    assert isinstance(hearing(Said(200, {"numbers": [{"number": number}]})).numbers(TENANT), Away)


@pytest.mark.parametrize(
    ("status", "document"),
    [(202, {}), (202, {"operationId": ""}), (202, {"operationId": "a\nb"}), (302, {}), (401, {}), (403, {})],
)
def test_an_order_without_a_readable_answer_stays_to_be_sent(status: int, document: object) -> None:
    assert isinstance(hearing(Said(status, document)).send(ORDER, NUMBERS), Away)


def test_foreign_words_are_one_short_line() -> None:
    error = {"error": {"code": "Bad\r\nCode", "message": "x" * 5_000 + "\x1b[31m"}}
    answer = hearing(Said(400, error)).send(ORDER, NUMBERS)
    assert isinstance(answer, Rejected)
    assert answer.refusal.what.isprintable()
    assert len(answer.refusal.what) < 420


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120),
        ({"retry-after": "Sun, 22 Nov 2026 10:01:00 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 60),
        ({"retry-after": "Sun, 22 Nov 2026 09:00:00 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "9" * 40}, None),
        ({}, None),
    ],
)
def test_what_a_server_asks_us_to_wait_is_read_by_number_and_by_date(
    headers: dict[str, str], seconds: float | None
) -> None:
    """RFC 9110 section 10.2.3"""
    answer = hearing(Said(503, {}, headers)).send(ORDER, NUMBERS)
    assert isinstance(answer, Away)
    assert answer.retry_after_s == seconds
