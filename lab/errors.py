"""Errors of the lab switch.

LabError
├── ConfigurationError       the rendered configuration cannot be loaded
├── PortTakenError           an address is in use or cannot be bound
├── SipUnreadableError       a SIP message that is not one, or too large
├── DialStringError          a dial string that cannot be read
├── ApplicationUnknownError  a dialplan application outside the lab's list
├── ApplicationFailedError   an application that cannot do what its data says
└── CommandTooLargeError     Event Socket input beyond a limit
"""

from typing import ClassVar


class LabError(Exception):
    """Root of the tree; `id` is stable, the message says the place and the next step."""

    id: ClassVar[str] = "lab.error"


class ConfigurationError(LabError):
    """The configuration folder holds something that the lab cannot load."""

    id = "lab.configuration"


class PortTakenError(LabError):
    """A socket could not be bound."""

    id = "lab.port_taken"


class SipUnreadableError(LabError):
    """Bytes that are no SIP message, or one beyond the limits."""

    id = "lab.sip_unreadable"


class DialStringError(LabError):
    """A dial string that cannot be read."""

    id = "lab.dial_string"


class ApplicationUnknownError(LabError):
    """The dialplan asks for an application that the lab does not have: the call is ended."""

    id = "lab.application_unknown"


class ApplicationFailedError(LabError):
    """The application's data make no sense, or what it needs is missing: the call is ended."""

    id = "lab.application_failed"


class CommandTooLargeError(LabError):
    """An Event Socket peer sent more than a message may have."""

    id = "lab.command_too_large"
