"""Robot phones: carriers, callers and agents that make and take real SIP calls on loopback.

with Robots.start() as robots:
    carrier = robots.phone("carrier-a")
    carrier.on_call(Answer(after_ms=200, play=tone(440)))
    call = robots.phone("caller").call(f"sip:02214710000@127.0.0.1:{carrier.port}")
    call.wait("answered", timeout_s=5)
    call.hangup()
    assert call.wait("ended", timeout_s=5).heard(440)
"""

from lab.media.detect import ToneHeard
from lab.media.tones import tone
from lab.robots.behaviour import Answer, Behaviour, Ignore, Reject, Ring, RingThenHangup
from lab.robots.client import RobotCall, RobotPhone, Robots
from lab.robots.errors import (
    CallEndedError,
    CommandRefusedError,
    RegistrationError,
    RobotsDied,
    RobotsError,
    RobotsTimeoutError,
)
from lab.robots.report import BodyPart, CallReport, Provisional

__all__ = [
    "Answer",
    "Behaviour",
    "BodyPart",
    "CallEndedError",
    "CallReport",
    "CommandRefusedError",
    "Ignore",
    "Provisional",
    "RegistrationError",
    "Reject",
    "Ring",
    "RingThenHangup",
    "RobotCall",
    "RobotPhone",
    "Robots",
    "RobotsDied",
    "RobotsError",
    "RobotsTimeoutError",
    "ToneHeard",
    "tone",
]
