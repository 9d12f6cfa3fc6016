"""What can go wrong in the service layer.

ControllerError
├── NoSnapshot      no configuration has been loaded yet
├── StoreAway       a store did not answer; the work is kept and tried again
├── NotKept         a store does not take this one piece of work; others are not held up by it
├── MailAway        the mail server did not take an e-mail; tried again
├── MessageGone     a mailbox message was deleted meanwhile, or cannot be opened
├── NodeAway        the switch did not take its new configuration; tried again
├── BarrierFailed   nothing keeps banned addresses from the SIP ports; tried again
├── LegFailed       a leg was not answered, or is not there any more
└── VersionRefused  a configuration version cannot be used on this machine; the old one stays
"""

from __future__ import annotations


class ControllerError(Exception):
    """Base of this package's errors; `id` is stable and may be matched by programs."""

    id = "controller.error"


class NoSnapshot(ControllerError):
    """A call was offered before any configuration was loaded."""

    id = "controller.no-snapshot"


class StoreAway(ControllerError):
    """A database or Redis did not answer in time. Raised by adapters for the service layer to retry."""

    id = "controller.store-away"


class NotKept(ControllerError):
    """A store does not take what it was given, whatever the state it is in. Raised by adapters."""

    id = "controller.not-kept"


class MailAway(ControllerError):
    """The mail server did not take an e-mail. Raised by adapters for the service layer to retry."""

    id = "controller.mail-away"


class MessageGone(ControllerError):
    """A mailbox message is not there any more, or cannot be decrypted with the key in force."""

    id = "controller.message-gone"


class NodeAway(ControllerError):
    """The switch did not take its new configuration. Raised by adapters for the service layer to retry."""

    id = "controller.node-away"


class BarrierFailed(ControllerError):
    """The barrier against banned addresses does not stand. Raised by adapters; tried again."""

    id = "controller.barrier"


class LegFailed(ControllerError):
    """A leg was not answered, or is not there any more. `cause` is the switch's name of why."""

    id = "controller.leg-failed"

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(f"the switch said {cause}")


class VersionRefused(ControllerError):
    """A configuration version cannot be used on this machine: a secret or an address is missing here."""

    id = "controller.version-refused"
