"""The demo's calls to a queue with three agents: examples/carrier/kunde-versand.yaml (C1).

Callers and agents know each other by the tones that they play.
"""

from __future__ import annotations

import time
import wave
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from acd.names import AgentStatus
from cli.bootstrap import acd_desk
from cli.demonstration.scenario import MOBILE, Played, Scenario
from cli.demonstration.stage import Stage
from cli.wiring.queue_desk import command, screens
from lab.media.tones import one_second
from lab.robots import Answer, CallReport, Ring, RobotCall, RobotsTimeoutError

_CUSTOMER: Final = "kunde-versand"
_NUMBER: Final = "+496990009900"
#: Each agent with the phone, and what callers hear from it.
_AGENTS: Final = {
    "versand-anna": ("versand-1", 800),
    "versand-bert": ("versand-2", 1000),
    "versand-clara": ("versand-3", 1200),
}
_CALLER_HZ: Final = 440
_MUSIC_HZ: Final = 620
#: Stands for "you are next" where the demo makes the recordings.
_NEXT_HZ: Final = 1500
_WAIT_S: Final = 30.0
_REST_S: Final = 0.05


def record_sentences(state_dir: Path) -> None:
    """Tones in place of the sentence that says the place, as a robot knows no words. A recording that is
    there stays."""
    path = state_dir / "sounds" / "versand" / "position-1.wav"
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(one_second((_NEXT_HZ,), -10.0)[:4000].tobytes())


@contextmanager
def _at_work(stage: Stage, *names: str) -> Iterator[None]:
    """These agents alone are logged in, each longer idle than the next; afterwards nobody. One after the
    other: the agents are the same for every call of the demo."""
    desk = acd_desk(stage.settings)
    with stage.agents:
        _until(lambda: bool(screens(desk, _CUSTOMER)), "a controller to lead the contact centre")
        for name in names:
            phone, hertz = _AGENTS[name]
            stage.all_received(phone)
            stage.robot(phone).on_call(Answer(after_ms=100, play=_tone(hertz)))
            command(desk, _CUSTOMER, name, AgentStatus.AVAILABLE)
        try:
            yield
        finally:
            for name in names:
                command(desk, _CUSTOMER, name, AgentStatus.LOGGED_OUT)


def _tone(hertz: int) -> str:
    return f"%(60000,0,{hertz})"


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _WAIT_S
    while not holds():
        if time.monotonic() > deadline:
            raise RobotsTimeoutError(f"waited {_WAIT_S:.0f} s in vain for {what}")
        time.sleep(_REST_S)


def _calls(stage: Stage) -> RobotCall:
    return stage.call("carrier-a", _NUMBER, from_user=MOBILE, play=_tone(_CALLER_HZ))


def _agents_heard(report: CallReport) -> list[str]:
    return [name for name, (_, hertz) in _AGENTS.items() if report.heard(hertz)]


def _longest_idle(stage: Stage) -> Played:
    with _at_work(stage, *_AGENTS):
        (name, (phone, hertz)), *_ = _AGENTS.items()
        caller = _calls(stage)
        caller.wait_heard(hertz, timeout_s=_WAIT_S)
        caller.hangup()
        played = Played(caller.wait("ended", _WAIT_S))
        agent = stage.received(phone, phone)
        played.expect("the agent hears the caller", agent.heard(_CALLER_HZ))
        played.expect("the agent's phone shows the caller's number", MOBILE in agent.from_header)
        played.expect(f"{name} alone answers", _agents_heard(played.report) == [name])
    return played


def _waits(stage: Stage) -> Played:
    """Three callers keep the three agents busy; the fourth waits for the first of them."""
    with _at_work(stage, *_AGENTS), ExitStack() as talks:
        before = []
        for _, hertz in _AGENTS.values():
            before.append(_calls(stage))
            talks.callback(before[-1].hangup)
            before[-1].wait_heard(hertz, timeout_s=_WAIT_S)
        caller = _calls(stage)
        talks.callback(caller.hangup)
        for hertz in (_NEXT_HZ, _MUSIC_HZ):
            caller.wait_heard(hertz, timeout_s=_WAIT_S)
        too_early = _agents_heard(caller.report())
        before[0].hangup()
        (first, (_, hertz)), *_ = _AGENTS.items()
        caller.wait_heard(hertz, timeout_s=_WAIT_S)
        caller.hangup()
        played = Played(caller.wait("ended", _WAIT_S))
        played.expect("nobody answers before an agent is free", not too_early)
        played.expect("the agent who became free answers", _agents_heard(played.report) == [first])
    return played


def _gives_up(stage: Stage) -> Played:
    (name, (phone, _)), *_ = _AGENTS.items()
    with _at_work(stage, name):
        stage.robot(phone).on_call(Ring())
        caller = _calls(stage)
        agent = stage.inbox(phone).received(phone, _WAIT_S)
        caller.wait_heard(_MUSIC_HZ, timeout_s=_WAIT_S)
        caller.hangup()
        played = Played(caller.wait("ended", _WAIT_S))
        stopped = agent.wait("ended", _WAIT_S)
        played.expect("the agent's phone stops ringing", stopped.ended_by == "peer")
        played.expect("nobody answered", not _agents_heard(played.report))
    return played


#: The caller's leg is answered as soon as the queue takes it: 200, and the wait is talking time.
QUEUE_SCENARIOS: Final = (
    Scenario("queue, agent free", "200, longest idle agent", 200, "plan.queue", 2, _longest_idle),
    Scenario("queue, all busy", "200, is next, then agent", 200, "plan.queue", 2, _waits),
    Scenario("queue, gives up", "200, ringing stops", 200, "plan.queue", 2, _gives_up),
)
