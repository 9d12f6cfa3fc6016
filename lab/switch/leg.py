"""What a channel asks of its SIP leg."""

from __future__ import annotations

from typing import Protocol

from lab.switch.causes import Cause
from lab.switch.media import LegMedia


class Leg(Protocol):
    """One side of a call on the wire. Calls that make no sense in the leg's state do nothing."""

    media: LegMedia | None

    def ring_ready(self) -> None:
        """Send 180 (incoming legs, once)."""

    async def pre_answer(self) -> None:
        """Send 183 with a session description and open the media."""

    async def answer(self) -> None:
        """Send 200 with a session description and open the media."""

    def respond(self, code: int, phrase: str, contact: str | None = None) -> None:
        """Set what a refusal will say instead of the cause's own code."""

    def end(self, cause: Cause) -> None:
        """BYE, CANCEL or refuse, whatever the leg's state asks for; harmless when the peer was first."""

    def release(self) -> None:
        """Free the media's port."""
