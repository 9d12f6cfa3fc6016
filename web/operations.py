"""All operations: the table that the server, its description and its rights are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from web import centre, reports
from web.models import (
    CALL_PATTERN,
    NAME_PATTERN,
    Agents,
    ConsentWanted,
    FiguresOfAgents,
    FiguresOfQueues,
    FlushWanted,
    Me,
    MoveWanted,
    QueueNow,
    Queues,
    RecordingWanted,
    StatusWanted,
    SupervisionWanted,
    Tokens,
    WrapUpWanted,
)
from web.operation import Operation
from web.rights import Right

_AGENT: Final[Mapping[str, str]] = {"agent": NAME_PATTERN}
_QUEUE: Final[Mapping[str, str]] = {"queue": NAME_PATTERN}
_CALL: Final[Mapping[str, str]] = {"call": CALL_PATTERN}
_TOKEN: Final[Mapping[str, str]] = {"token": r"^[1-9][0-9]{0,17}$"}

OPERATIONS: Final = (
    Operation("me", "GET", "/v1/me", "Whose token this is", Right.OWN, centre.me, Me),
    Operation("agents", "GET", "/v1/agents", "Agents and what they do", Right.OWN, centre.agents, Agents),
    Operation(
        "chooseStatus", "POST", "/v1/agents/{agent}/status", "Log an agent in or out, or let him pause",
        Right.OWN, centre.choose_status, body=StatusWanted, names=_AGENT, refusals=(404, 409),
    ),
    Operation(
        "wrapUp", "POST", "/v1/agents/{agent}/wrap-up", "End an agent's wrap-up or make it longer",
        Right.OWN, centre.wrap_up, body=WrapUpWanted, names=_AGENT, refusals=(404, 409),
    ),
    Operation("queues", "GET", "/v1/queues", "Queues and who waits", Right.OWN, centre.queues, Queues),
    Operation(
        "queue", "GET", "/v1/queues/{queue}", "One queue", Right.OWN, centre.one_queue, QueueNow,
        names=_QUEUE, refusals=(404,),
    ),
    Operation(
        "flush", "POST", "/v1/queues/{queue}/flush", "Send all waiting callers on", Right.LEAD, centre.flush,
        body=FlushWanted, names=_QUEUE, refusals=(409,),
    ),
    Operation(
        "move", "POST", "/v1/calls/{call}/move", "Move a waiting caller into another queue", Right.LEAD,
        centre.move, body=MoveWanted, names=_CALL, refusals=(409,),
    ),
    Operation(
        "supervise", "POST", "/v1/calls/{call}/supervise", "Listen in, whisper, barge or take over",
        Right.LEAD, centre.supervise, body=SupervisionWanted, names=_CALL, refusals=(409,),
    ),
    Operation(
        "consent", "POST", "/v1/calls/{call}/consent", "Record your call: the caller said yes to you",
        Right.OWN, centre.consent, body=ConsentWanted, names=_CALL, refusals=(409,),
    ),
    Operation(
        "record", "POST", "/v1/calls/{call}/recording", "Pause, resume or stop the recording of a call",
        Right.OWN, centre.record, body=RecordingWanted, names=_CALL, refusals=(409,),
    ),
    Operation(
        "queueFigures", "GET", "/v1/figures/queues", "Key figures of queues", Right.FIGURES,
        reports.queue_figures, FiguresOfQueues, query=reports.QueueFiguresQuery,
    ),
    Operation(
        "agentFigures", "GET", "/v1/figures/agents", "Key figures of agents", Right.FIGURES,
        reports.agent_figures, FiguresOfAgents, query=reports.AgentFiguresQuery, refusals=(409,),
    ),
    Operation("tokens", "GET", "/v1/tokens", "Tokens that are valid", Right.USERS, reports.tokens, Tokens),
    Operation(
        "revoke", "DELETE", "/v1/tokens/{token}", "Revoke a token", Right.USERS, reports.revoke, names=_TOKEN,
        refusals=(404,),
    ),
)  # fmt: skip
