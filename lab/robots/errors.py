"""Errors of the robot phones; the process sends `id` and message, the client raises the same class again.

RobotsError
├── RobotsDied             the process is gone
├── RobotsTimeoutError     what was waited for did not come in time
├── CommandRefusedError    unknown command, phone or call; wrong or oversized argument; a limit
├── CallEndedError         the call is over, or will never come to what was waited for
└── RegistrationError      the registrar refused or did not answer
"""

from typing import ClassVar


class RobotsError(Exception):
    """Root of the tree; `id` is stable, the message says the place and the next step."""

    id: ClassVar[str] = "lab.robots"


class RobotsDied(RobotsError):
    """The process of the robots ended; the message ends with the last lines of its stderr."""

    id = "lab.robots.died"


class RobotsTimeoutError(RobotsError):
    """The wait ended before the event came."""

    id = "lab.robots.timeout"


class CommandRefusedError(RobotsError):
    """The command cannot be carried out as given."""

    id = "lab.robots.command"


class CallEndedError(RobotsError):
    """The call is over."""

    id = "lab.robots.call_ended"


class RegistrationError(RobotsError):
    """REGISTER was refused or not answered."""

    id = "lab.robots.registration"


_BY_ID: dict[str, type[RobotsError]] = {
    kind.id: kind
    for kind in (RobotsDied, RobotsTimeoutError, CommandRefusedError, CallEndedError, RegistrationError)
}


def error_of(error_id: str, message: str) -> RobotsError:
    """The error that the process reported, as an exception."""
    return _BY_ID.get(error_id, RobotsError)(message)
