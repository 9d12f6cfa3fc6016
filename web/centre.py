"""Agents and queues: what screens show, and what people order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from acd.events import CallerMoved, QueueFlushed, StatusChosen, WrapUpEnded
from acd.names import AgentStatus
from acd.orders import ExtendWrapUp, Order, Supervise, Supervision
from dialplan.recording import RecordingEvent
from web.errors import Away, NotAllowed, NotThere, Refused
from web.models import (
    AgentNow,
    Agents,
    FlushWanted,
    Me,
    MoveWanted,
    QueueNow,
    Queues,
    RecordingWanted,
    StatusWanted,
    SupervisionWanted,
    WrapUpWanted,
)
from web.operation import Asked, Services
from web.rights import RIGHTS, Right, User

_RECORDING: Final = {
    "pause": RecordingEvent.PAUSED,
    "resume": RecordingEvent.RESUMED,
    "stop": RecordingEvent.STOPPED,
}


def me(_services: Services, asked: Asked) -> Me:
    """Whose token it is."""
    user = asked.user
    rights = sorted(each.value for each in RIGHTS[user.role])
    return Me(
        customer=user.customer_id, user=user.name, role=user.role.value, agent=user.agent_id, rights=rights
    )


def agents(services: Services, asked: Asked) -> Agents:
    """All agents; an agent sees the own one only."""
    return Agents(agents=agents_for(asked.user, _screen(services, asked.user)))


def queues(services: Services, asked: Asked) -> Queues:
    """All queues; an agent sees the own ones, without calls."""
    return Queues(queues=queues_for(asked.user, _screen(services, asked.user)))


def one_queue(services: Services, asked: Asked) -> QueueNow:
    """One of them."""
    name = asked.path["queue"]
    for each in queues_for(asked.user, _screen(services, asked.user)):
        if each.queue == name:
            return each
    raise NotThere(f"there is no queue {name}")


def agents_for(user: User, screen: Mapping[str, Any]) -> list[AgentNow]:
    """What this user may see of the agents."""
    sees_all = user.may(Right.SEE)
    return [
        AgentNow.model_validate(each)
        for each in screen["agents"]
        if sees_all or each["agent"] == user.agent_id
    ]


def queues_for(user: User, screen: Mapping[str, Any]) -> list[QueueNow]:
    """What this user may see of the queues."""
    if user.may(Right.SEE):
        return [_queue(each, with_calls=True) for each in screen["queues"]]
    own = {name for each in screen["agents"] if each["agent"] == user.agent_id for name in each["queues"]}
    return [_queue(each, with_calls=False) for each in screen["queues"] if each["queue"] in own]


def choose_status(services: Services, asked: Asked) -> None:
    """Log in, pause, log out: oneself, or as a supervisor others."""
    agent_id, wanted = _agent(services, asked), asked.body
    assert isinstance(wanted, StatusWanted)  # noqa: S101 - the operation's body
    order = StatusChosen(agent_id, AgentStatus(wanted.status), wanted.reason)
    services.centre.order(asked.user, "agent.status", order)


def wrap_up(services: Services, asked: Asked) -> None:
    """End the wrap-up, or make it longer."""
    agent_id, wanted = _agent(services, asked), asked.body
    assert isinstance(wanted, WrapUpWanted)  # noqa: S101 - the operation's body
    call_id = wanted.call or ""
    order: Order = WrapUpEnded(agent_id, wanted.code, call_id)
    if wanted.extend_s is not None:
        order = ExtendWrapUp(agent_id, wanted.extend_s * 1000, call_id)
    services.centre.order(asked.user, "agent.wrap-up", order)


def move(services: Services, asked: Asked) -> None:
    """A waiting caller into another queue."""
    wanted = asked.body
    assert isinstance(wanted, MoveWanted)  # noqa: S101 - the operation's body
    services.centre.order(asked.user, "queue.move", CallerMoved(asked.path["call"], wanted.queue))


def supervise(services: Services, asked: Asked) -> None:
    """Listen, whisper, barge or take over: at the phone of the agent that the user is (C5)."""
    user, wanted = asked.user, asked.body
    assert isinstance(wanted, SupervisionWanted)  # noqa: S101 - the operation's body
    if user.agent_id is None:
        raise Refused("this token names no agent, so no phone: fernamt user token create --agent")
    order = Supervise(asked.path["call"], user.agent_id, Supervision(wanted.how))
    services.centre.order(user, f"call.{wanted.how}", order)


def consent(services: Services, asked: Asked) -> None:
    """The caller said yes to the agent that the user is: the conversation is recorded from now on (C4)."""
    if asked.user.agent_id is None:
        raise Refused("this token names no agent, who alone may confirm: fernamt user token create --agent")
    services.centre.agreed(asked.user, asked.path["call"], asked.user.agent_id)


def record(services: Services, asked: Asked) -> None:
    """Pause, resume or stop the recording of the own conversation; for those who lead of anybody's (C4)."""
    user, wanted = asked.user, asked.body
    assert isinstance(wanted, RecordingWanted)  # noqa: S101 - the operation's body
    leads = user.may(Right.LEAD)
    if not leads and user.agent_id is None:
        raise NotAllowed("your role may change the recording of your own conversation only")
    agent_id = None if leads else user.agent_id
    services.centre.record(user, asked.path["call"], _RECORDING[wanted.do], agent_id)


def flush(services: Services, asked: Asked) -> None:
    """All waiting callers out of a queue."""
    wanted = asked.body
    assert isinstance(wanted, FlushWanted)  # noqa: S101 - the operation's body
    services.centre.order(asked.user, "queue.flush", QueueFlushed(asked.path["queue"], wanted.to_queue))


def _agent(services: Services, asked: Asked) -> str:
    """The agent of the path: oneself, or anybody for those who lead. Others are not even told who exists."""
    agent_id, user = asked.path["agent"], asked.user
    if agent_id != user.agent_id and not user.may(Right.LEAD):
        raise NotAllowed("your role may change your own agent only")
    if all(each["agent"] != agent_id for each in _screen(services, user)["agents"]):
        raise NotThere(f"there is no agent {agent_id}")
    return agent_id


def _screen(services: Services, user: User) -> Mapping[str, Any]:
    screen = services.centre.screen(user.customer_id)
    if screen is None:
        raise Away("no controller serves the contact centre now; try again in a moment", 3)
    return screen


def _queue(each: Mapping[str, Any], *, with_calls: bool) -> QueueNow:
    waiting = each["waiting"]
    longest_ms = max((call["waited_ms"] for call in waiting), default=0)
    known = {**each, "waiting": waiting if with_calls else []}
    return QueueNow.model_validate({**known, "waiting_count": len(waiting), "longest_wait_ms": longest_ms})
