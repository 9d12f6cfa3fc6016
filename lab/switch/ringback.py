"""What the caller hears while a leg rings: 180, or a tone or file in early media."""

from __future__ import annotations

from lab.media.errors import LabMediaError
from lab.switch.apps.sounds import open_source
from lab.switch.channel import Channel
from lab.switch.config.settings import is_true
from lab.switch.media import Player


class Ringback:
    """Passes ringing on once; with a `ringback` sound it plays that when the caller has media."""

    def __init__(self, caller: Channel | None, sound: str | None, instant: str | None) -> None:
        self._caller = caller
        self._sound = sound
        self._instant = is_true(instant)
        self._started = False
        self._player: Player | None = None

    async def progress(self, rung: bool) -> None:
        """Called again and again while ringing; `rung`: a leg has said that it rings."""
        caller = self._caller
        if caller is None or caller.leg is None or self._started or not (rung or self._instant):
            return
        self._started = True
        if not self._sound:
            caller.leg.ring_ready()
            return
        if not caller.has_media:
            await caller.leg.pre_answer()
        if caller.leg.media is not None and caller.up:
            try:
                sound = caller.expand(self._sound)
                # A tone without its name, as FreeSWITCH takes it here, goes on for ever.
                sound = f"tone_stream://{sound};loops=-1" if sound.startswith("%(") else sound
                self._player = caller.leg.media.play(open_source(sound), _ended)
            except LabMediaError:
                caller.leg.ring_ready()

    async def stop(self) -> None:
        if self._player is not None:
            self._player.stop()
            self._player = None


def _ended() -> None:
    """A ringback that ends leaves silence."""
