"""Who may do what by the interface, what is refused and how, what streams tell (issue 6, item 8; C8)."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import pytest

from acd.effects import AgentChanged, Answered, Entered, HoldEnded, Logged
from acd.events import CallerMoved, QueueFlushed, StatusChosen, WrapUpEnded
from acd.journal import written
from acd.names import AgentState, AgentStatus
from acd.orders import ExtendWrapUp, Supervise, Supervision
from tests.unit.web.office import ANNA, LEAD, SCREEN, Office, bearer
from web.app import MAX_BODY
from web.errors import ApiError
from web.operations import OPERATIONS
from web.origin import origin
from web.rights import RIGHTS, Role, User
from web.stream import MAX_OF_USER

TOKENS = {Role.AGENT: "t-anna", Role.SUPERVISOR: "t-lead", Role.ADMIN: "t-boss"}
PATHS = {"agent": "bert", "queue": "verkauf", "call": "c1", "token": "2"}
BODIES: dict[str, Any] = {
    "chooseStatus": {"status": "On Break", "reason": "lunch"},
    "wrapUp": {"code": "bestellung"},
    "move": {"queue": "technik"},
    "supervise": {"how": "listen"},
    "flush": {"to_queue": "technik"},
    "consent": {"how": "spoken"},
    "record": {"do": "pause"},
}


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)
@pytest.mark.parametrize("role", [*Role, None])
def test_every_operation_is_for_those_with_its_right(
    office: Office, operation: Any, role: Role | None
) -> None:
    """C8: the table of rights holds at the server, operation by operation."""
    answer = office.client.simulate_request(
        operation.method,
        operation.path.format(**PATHS),
        headers=bearer(TOKENS.get(role) if role else None),
        json=BODIES.get(operation.id),
    )
    if role is None:
        assert answer.status_code == 401
        return
    elsewhere = role is Role.AGENT and operation.id in ("chooseStatus", "wrapUp")
    allowed = operation.right in RIGHTS[role] and not elsewhere
    assert answer.status_code == (403 if not allowed else 200 if operation.answer else 204)


def test_agents_change_themselves_and_supervisors_everybody(office: Office) -> None:
    assert office.post("/v1/agents/anna/status", {"status": "Available"}, "t-anna").status_code == 204
    assert office.post("/v1/agents/bert/status", {"status": "Logged Out"}).status_code == 204
    assert office.post("/v1/agents/anna/wrap-up", {"code": "frage"}, "t-anna").status_code == 204
    assert office.post("/v1/agents/anna/wrap-up", {"extend_s": 60}, "t-anna").status_code == 204
    named = {"code": "frage", "call": "c7"}
    assert office.post("/v1/agents/anna/wrap-up", named, "t-anna").status_code == 204
    assert office.post("/v1/calls/c1/move", {"queue": "technik"}).status_code == 204
    assert office.post("/v1/queues/verkauf/flush", {}).status_code == 204
    anna, lead = "api:kunde/anna", "api:kunde/lead"
    assert office.centre.ordered == [
        (anna, "agent.status", StatusChosen("anna", AgentStatus.AVAILABLE)),
        (lead, "agent.status", StatusChosen("bert", AgentStatus.LOGGED_OUT)),
        (anna, "agent.wrap-up", WrapUpEnded("anna", "frage")),
        (anna, "agent.wrap-up", ExtendWrapUp("anna", 60_000)),
        (anna, "agent.wrap-up", WrapUpEnded("anna", "frage", "c7")),
        (lead, "queue.move", CallerMoved("c1", "technik")),
        (lead, "queue.flush", QueueFlushed("verkauf")),
    ]


def test_a_supervisor_attends_to_a_conversation_at_the_own_phone(office: Office) -> None:
    """C5: the phone is that of the agent whom the token names, whatever is asked."""
    assert office.post("/v1/calls/c1/supervise", {"how": "whisper"}).status_code == 204
    order = Supervise("c1", "lead-1", Supervision.WHISPER)
    assert office.centre.ordered == [("api:kunde/lead", "call.whisper", order)]
    nobody = office.post("/v1/calls/c1/supervise", {"how": "listen"}, "t-other")
    assert nobody.status_code == 409
    assert "names no agent" in nobody.json["sentence"]


def test_an_agent_confirms_the_yes_of_the_own_caller(office: Office) -> None:
    """C4: the agent is the one whom the token names, whatever is asked; nobody without one may."""
    assert office.post("/v1/calls/c1/consent", {"how": "spoken"}, "t-anna").status_code == 204
    assert office.centre.yes == [("api:kunde/anna", "c1", "anna")]
    assert office.post("/v1/calls/c1/consent", {"how": "assumed"}, "t-anna").status_code == 400
    assert office.post("/v1/calls/gone/consent", {"how": "spoken"}, "t-anna").status_code == 409
    nobody = office.post("/v1/calls/c1/consent", {"how": "spoken"}, "t-other")
    assert nobody.status_code == 409
    assert "names no agent" in nobody.json["sentence"]


def test_agents_pause_the_recording_of_the_own_conversation_and_supervisors_of_any(office: Office) -> None:
    """C4: for the number of a card. Whose conversation it must be follows from the token, not from what is
    asked."""
    path = "/v1/calls/c1/recording"
    for what in ("pause", "resume", "stop"):
        assert office.post(path, {"do": what}, "t-anna").status_code == 204
    assert office.post(path, {"do": "pause"}).status_code == 204
    anna = "api:kunde/anna"
    assert office.centre.recorded == [
        (anna, "c1", "paused", "anna"),
        (anna, "c1", "resumed", "anna"),
        (anna, "c1", "stopped", "anna"),
        ("api:kunde/lead", "c1", "paused", None),
    ]
    gone = office.post("/v1/calls/gone/recording", {"do": "pause"}, "t-anna")
    assert (gone.status_code, "no recording" in gone.json["sentence"]) == (409, True)
    for body in ({"do": "erase"}, {"do": "agreed"}, {}):
        assert office.post(path, body, "t-anna").status_code == 400
    assert len(office.centre.recorded) == 4


def test_an_agents_token_without_an_agent_reaches_nobodys_recording(office: Office) -> None:
    """C8: no agent must not mean any agent."""
    office.users.users["t-nobody"] = replace(ANNA, agent_id=None)
    assert office.post("/v1/calls/c1/recording", {"do": "stop"}, "t-nobody").status_code == 403
    assert office.centre.recorded == []


def test_an_agent_sees_the_own_queue_and_no_calls(office: Office) -> None:
    (own,) = office.get("/v1/agents", "t-anna").json["agents"]
    (queue,) = office.get("/v1/queues", "t-anna").json["queues"]
    assert own["agent"] == "anna"
    assert (queue["queue"], queue["waiting"], queue["waiting_count"]) == ("verkauf", [], 1)
    assert office.get("/v1/queues/technik", "t-anna").status_code == 404
    assert [each["queue"] for each in office.get("/v1/queues").json["queues"]] == ["verkauf", "technik"]


def test_another_customer_sees_and_reaches_nothing(office: Office) -> None:
    """Guarantee 8: no path names a customer, the token alone does."""
    office.centre.screens["other"] = {"customer": "other", "queues": [], "agents": []}
    assert office.get("/v1/queues", "t-other").json == {"queues": []}
    assert office.get("/v1/queues/verkauf", "t-other").status_code == 404
    assert office.post("/v1/agents/anna/status", {"status": "Logged Out"}, "t-other").status_code == 404
    assert office.client.simulate_delete("/v1/tokens/2", headers=bearer("t-other")).status_code == 404
    office.get("/v1/figures/queues", "t-other")
    assert [each[0] for each in office.figures.asked] == ["other"]
    assert office.centre.ordered == []


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/v1/agents/nobody/status", {"status": "Available"}, 404, "no agent nobody"),
        ("/v1/agents/anna/status", {"status": "Gone"}, 400, "status: "),
        ("/v1/agents/anna/status", {"status": "Available", "more": 1}, 400, "more: "),
        ("/v1/agents/anna/status", {"status": "Available", "reason": "a\nb"}, 400, "reason: "),
        ("/v1/agents/An%20na/status", {"status": "Available"}, 400, "agent: "),
        ("/v1/calls/gone/move", {"queue": "technik"}, 409, "does not wait"),
        ("/v1/calls/c1/move", [], 400, "body: "),
        ("/v1/calls/c1/move?x=1", {"queue": "technik"}, 400, "no parameter"),
        ("/v1/calls/c1/move", {"queue": "x" * MAX_BODY}, 413, "at most"),
        ("/v1/nothing", {}, 404, "404"),
    ],
)
def test_bad_requests_are_refused_with_the_place_and_change_nothing(
    office: Office, path: str, body: Any, status: int, said: str
) -> None:
    """Guarantee 7."""
    answer = office.post(path, body)
    assert answer.status_code == status
    assert said in answer.json["sentence"]
    assert office.centre.ordered == []


def test_what_is_away_is_said_and_nothing_else_fails(office: Office) -> None:
    office.centre.screens.clear()
    answer = office.get("/v1/queues")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert office.get("/status", None).json == {"ok": True, "parts": {"database": "ok", "redis": "ok"}}
    office.health.states["redis"] = "away"
    assert office.get("/status", None).status_code == 503
    office.users.away = True
    assert office.get("/v1/me").status_code == 503


def test_who_asks_too_often_waits_and_others_do_not() -> None:
    office = Office(at_once=3)
    answers = [office.get("/v1/me", "t-anna").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]
    assert office.get("/v1/me").status_code == 200
    strangers = [office.get("/v1/me", "guess").status_code for _ in range(5)]
    assert strangers == [401, 401, 401, 429, 429]
    office.now_s += 10
    assert office.get("/v1/me", "t-anna").status_code == 200


def guesses(office: Office, times: int, who: str = "guess", **peer: str) -> list[int]:
    """What is answered to a client with such a token: `remote_addr` its address, `by` what the proxy says."""
    headers = bearer(who)
    if "by" in peer:
        headers["X-Forwarded-For"] = peer["by"]
    address = peer.get("remote_addr", "127.0.0.1")
    return [
        office.client.simulate_get("/v1/me", headers=headers, remote_addr=address).status_code
        for _ in range(times)
    ]


def test_a_strangers_guesses_shut_nobody_else_out_behind_the_proxy() -> None:
    """C8: the proxy of docs/api.md is on this machine, so every client comes from 127.0.0.1."""
    office = Office(at_once=20)
    assert guesses(office, 30, by="198.51.100.9, 192.0.2.1") == [401] * 20 + [429] * 10
    assert guesses(office, 1, "t-anna", by="192.0.2.2") == [200]
    assert guesses(office, 1, by="192.0.2.2") == [401]
    assert guesses(office, 1, by="192.0.2.2, 192.0.2.1") == [429]


def test_who_has_a_token_is_let_in_from_an_address_that_guesses() -> None:
    """One office has one address; without the proxy's header all have one."""
    office = Office(at_once=20)
    assert 429 in guesses(office, 30)
    assert guesses(office, 1, "t-anna") == [200]
    office.users.looks = 0
    assert guesses(office, 1, "t-anna") == [429]


@pytest.mark.parametrize("peer", ["198.51.100.7", "2001:db8::7"])
def test_who_comes_without_the_proxy_writes_no_address_of_his_own(peer: str) -> None:
    office = Office(at_once=3)
    answers = [guesses(office, 1, remote_addr=peer, by=f"192.0.2.{last}")[0] for last in range(1, 6)]
    assert answers == [401, 401, 401, 429, 429]
    assert guesses(office, 1, by="192.0.2.1") == [401]


@pytest.mark.parametrize(
    ("peer", "header", "source"),
    [
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "203.0.113.1,192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("127.0.0.1", "192.0.2.1, unknown", "127.0.0.1"),
        ("127.0.0.1", "192.0.2.1,", "127.0.0.1"),
        ("::1", "192.0.2.1", "192.0.2.1"),
        ("::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("192.0.2.7", "192.0.2.1", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "192.0.2.1", "2001:db8:1:2::/64"),
    ],
)
def test_a_request_counts_for_whom_the_proxy_on_this_machine_names(
    peer: str, header: str | None, source: str
) -> None:
    assert origin(peer, header) == source


def test_figures_are_of_german_days(office: Office) -> None:
    query = {"from": "2026-03-29", "days": "1", "interval": "day", "queue": "verkauf"}
    assert office.get("/v1/figures/queues", params=query).json["figures"][0]["offered"] == "<5"
    ((customer, period, queue),) = office.figures.asked
    assert (customer, queue, period.interval) == ("kunde", "verkauf", "day")
    assert (period.end - period.begin).total_seconds() == 23 * 3600
    assert office.get("/v1/figures/agents", params={"from": "1999-01-01"}).json == {"figures": []}


def test_figures_of_agents_are_told_where_the_customer_declared_it_and_small_ones_left_out(
    office: Office,
) -> None:
    """C9, § 87(1) no. 6 BetrVG."""
    few, many = office.get("/v1/figures/agents").json["figures"]
    assert (few["calls"], few["talk_s"], few["logged_in_s"]) == ("<5", None, 900.0)
    assert (many["calls"], many["talk_s"]) == (6, 1.0)
    office.figures.hidden = True
    refused = office.get("/v1/figures/agents")
    assert refused.status_code == 409
    assert "not declared" in refused.json["sentence"]


def events(office: Office, user: Any, count: int) -> list[str]:
    stream = office.streams.begin(user, lambda: user)
    found = [each.decode() for each in islice(stream, count)]
    stream.close()
    return found


def test_a_stream_begins_with_everything_and_goes_on_with_what_happens(office: Office) -> None:
    office.live.records = [
        written(Entered("c2", "verkauf", None), 5),
        written(AgentChanged("bert", AgentStatus.AVAILABLE, AgentState.WAITING), 6),
        written(Answered("c1", "anna", "verkauf", 9_000), 7),
        written(HoldEnded("c1", "anna", "verkauf", 2_000), 8),
        "nonsense",
    ]
    retry, snapshot, *happened = events(office, LEAD, 6)
    assert retry.startswith("retry:")
    assert json.loads(snapshot.partition("data: ")[2])["queues"][0]["waiting"] == [
        {"call": "c1", "ringing": ["anna"]}
    ]
    assert [each.split("\n")[0] for each in happened] == [
        "event: Entered",
        "event: AgentChanged",
        "event: Answered",
        "event: HoldEnded",
    ]
    _, snapshot, *own = events(office, ANNA, 4)
    assert [each["agent"] for each in json.loads(snapshot.partition("data: ")[2])["agents"]] == ["anna"]
    assert [each.split("\n")[0] for each in own] == ["event: Answered", "event: HoldEnded"]
    assert all(each.closed for each in office.live.listeners)
    assert office.streams.open == 0


def test_a_conversation_that_goes_on_is_no_change_and_a_hold_is_one(office: Office) -> None:
    talk = {"call": "c9", "queue": "verkauf", "state": "talking", "ms": 1_000, "held_ms": None}
    office.centre.screens["kunde"] = {**SCREEN, "agents": [{**SCREEN["agents"][0], "talks": [talk]}]}
    stream = office.streams.begin(LEAD, lambda: LEAD)
    assert [next(stream)[:6], next(stream)[:6]] == [b"retry:", b"event:"]
    talk["ms"] = 2_000
    assert next(stream)[:6] == b": stil"
    talk["held_ms"] = 5
    shown = json.loads(next(stream).partition(b"data: ")[2])
    assert shown["agents"][0]["talks"] == [
        {"call": "c9", "queue": "verkauf", "state": "talking", "held": True}
    ]
    stream.close()


def test_a_quiet_stream_is_kept_alive_and_ends_when_the_server_does(office: Office) -> None:
    stream = office.streams.begin(LEAD, lambda: LEAD)
    assert [next(stream)[:6], next(stream)[:6], next(stream)[:6]] == [b"retry:", b"event:", b": stil"]
    office.stopping = True
    assert list(stream) == []


@pytest.mark.parametrize(
    ("becomes", "sentence"),
    [(None, "a valid token is needed"), (replace(LEAD, role=Role.AGENT), "other rights")],
    ids=["revoked", "another role"],
)
def test_a_stream_ends_with_its_token(office: Office, becomes: User | None, sentence: str) -> None:
    """C8: as every request does, within the seconds that docs/api.md promises."""
    still = partial(office.door.known, "Bearer t-lead")
    stream = office.streams.begin(LEAD, still)
    assert [next(stream)[:6], next(stream)[:6]] == [b"retry:", b"event:"]
    del office.users.users["t-lead"]
    if becomes is not None:
        office.users.users["t-lead"] = becomes
    began_s = office.now_s
    ends = [each.decode() for each in stream]
    assert ends[-1].startswith("event: end")
    assert sentence in ends[-1]
    assert office.now_s - began_s < 5
    stream.close()
    assert office.streams.open == 0


def test_a_stream_goes_on_as_long_as_its_token_is_valid(office: Office) -> None:
    stream = office.streams.begin(LEAD, partial(office.door.known, "Bearer t-lead"))
    assert [next(stream)[:6] for _ in range(4)] == [b"retry:", b"event:", b": stil", b": stil"]
    stream.close()


def test_a_stream_by_http_is_bound_to_the_token_of_its_request(office: Office) -> None:
    office.users.looks = 3
    found = office.get("/v1/events", "t-anna")
    assert found.status_code == 200
    assert "event: end" in found.text
    assert office.streams.open == 0


def test_what_a_stream_tells_is_described(office: Office) -> None:
    """docs/api.md and the description name every kind of entry."""
    page = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
    described = office.get("/v1/openapi.json").json["paths"]["/v1/events"]["get"]["description"]
    for kind in get_args(Logged):
        assert f"`{kind.__name__}`" in page, kind
        assert f"`{kind.__name__}`" in described, kind


def test_one_token_has_a_few_streams_at_once(office: Office) -> None:
    streams = [office.streams.begin(LEAD, lambda: LEAD) for _ in range(MAX_OF_USER)]
    for each in streams:
        next(each)
    with pytest.raises(ApiError, match="too many open streams"):
        office.streams.begin(LEAD, lambda: LEAD)
    streams[0].close()
    streams[0].close()
    assert next(office.streams.begin(LEAD, lambda: LEAD)).startswith(b"retry")
    assert office.get("/v1/events", "guess").status_code == 401
