"""Playing sounds and collecting digits: playback, play_and_get_digits, read, send_dtmf."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from lab.errors import ApplicationFailedError
from lab.media.errors import LabMediaError
from lab.switch import routing
from lab.switch.apps.answering import leg_of
from lab.switch.apps.sounds import open_source
from lab.switch.channel import Channel
from lab.switch.config.settings import whole
from lab.switch.dialplan import compiled
from lab.switch.dialstring import separate
from lab.switch.media import LegMedia

log = logging.getLogger(__name__)


async def media_of(channel: Channel) -> LegMedia:
    """The channel's audio, pre-answering when there is none yet."""
    leg = leg_of(channel)
    if not channel.has_media:
        await leg.pre_answer()
    channel.check()
    if leg.media is None:
        raise ApplicationFailedError(f"{channel.name} has no audio; answer it first")
    return leg.media


async def playback(channel: Channel, data: str) -> None:
    """Play to the end, a terminator digit (playback_terminators, `*`), or a break. Other digits are gone.
    `FILE@@SAMPLE` begins there."""
    channel.set("playback_terminator_used", None)
    terminators = channel.get("playback_terminators") or "*"
    stops = "" if terminators.lower() == "none" else terminators
    stops = "0123456789*#" if stops.lower() == "any" else stops
    sound, _, start = data.strip().partition("@@")
    digit = await play_until(channel, sound, stops, drop=True, start=whole(start, 0))
    if digit:
        channel.set("playback_terminator_used", digit)
        channel.digits.popleft()


async def endless_playback(channel: Channel, data: str) -> None:
    """Again and again, until the call is sent elsewhere; a sound that cannot be opened ends it."""
    channel.set("current_application_response", None)
    while channel.get("current_application_response") != "FILE NOT FOUND":
        await play_until(channel, data.strip(), "")


async def play_until(
    channel: Channel, sound: str, stops: str, enough: int = 0, *, drop: bool = False, start: int = 0
) -> str:
    """Play; returns the waiting digit of `stops` that ended it, or "". With `enough` any digits that many end
    it too, with `drop` digits that are not of `stops` are taken away. A sound that cannot be opened is logged
    and skipped, as FreeSWITCH does."""
    media = await media_of(channel)
    channel.broken = False
    try:
        source = open_source(sound, start)
    except LabMediaError as problem:
        log.warning("%s: %r: %s", problem.id, channel, problem)
        channel.set("current_application_response", "FILE NOT FOUND")
        return ""
    about = (("Playback-File-Path", sound), ("Playback-File-Type", "file"))
    channel.fire("PLAYBACK_START", *about)
    player = media.play(source, channel.notify)

    def over() -> bool:
        waiting = channel.digits
        while drop and waiting and waiting[0] not in stops:
            waiting.popleft()
        return (
            not player.active
            or channel.broken
            or bool(waiting and (waiting[0] in stops or (enough and len(waiting) >= enough)))
        )

    try:
        await channel.until(over)
    finally:
        ended = "done" if not player.active else "break"
        player.stop()
        channel.set("playback_ms", str(player.frames * 20))
        channel.set("playback_seconds", str(player.frames * 20 // 1000))
        channel.set("playback_samples", str(player.frames * 160))
        channel.set("playback_last_offset_pos", str(start + player.frames * 160))
        channel.fire("PLAYBACK_STOP", *about, ("Playback-Status", ended))
    channel.set("current_application_response", "FILE PLAYED")
    channel.broken = False
    return channel.digits[0] if channel.digits and channel.digits[0] in stops else ""


@dataclass(frozen=True, slots=True)
class Question:
    """How many digits, how long, what ends them."""

    max_digits: int
    timeout_s: float
    digit_timeout_s: float
    terminators: str


async def collect(channel: Channel, question: Question, sound: str) -> str:
    """Play `sound` until the first digit, then gather; the digits without the terminator."""
    gathered = ""
    if sound and sound != "silence":
        await play_until(channel, sound, "0123456789*#ABCD", 1)
    deadline = asyncio.get_running_loop().time() + question.timeout_s
    while len(gathered) < question.max_digits:
        wait_s = max(0.0, deadline - asyncio.get_running_loop().time())
        if gathered:
            wait_s = question.digit_timeout_s
        if not await channel.until(lambda: bool(channel.digits), wait_s):
            break
        digit = channel.digits.popleft()
        if digit in question.terminators:
            channel.set("read_terminator_used", digit)
            break
        gathered += digit
    return gathered


async def play_and_get_digits(channel: Channel, data: str) -> None:
    """Arguments: min max tries timeout terminators file invalid_file variable, then, if wanted, regex,
    digit_timeout, failure extension, dialplan and context.

    Digits that do not match the expression, or are too few, play the invalid file and ask again.
    """
    words = separate(data, " ")
    if len(words) < 8:
        raise ApplicationFailedError(
            "play_and_get_digits: min max tries timeout terminators file invalid_file variable [regex …]"
        )
    least, most, tries = (whole(word, 0) for word in words[:3])
    timeout_s = max(1000, whole(words[3], 1000)) / 1000
    digit_timeout_s = whole(words[9], 0) / 1000 if len(words) > 9 else 0.0
    terminators = "" if words[4].lower() == "none" else words[4] or "#"
    question = Question(max(most, least, 1), timeout_s, digit_timeout_s or timeout_s, terminators)
    expression = compiled(words[8]) if len(words) > 8 else None
    channel.set(f"{words[7]}_invalid", None)
    for _ in range(max(1, min(tries, 100))):
        digits = await collect(channel, question, words[5])
        channel.set(words[7], digits or None)
        good = len(digits) >= least and (expression is None or expression.search(digits) is not None)
        if good and (digits or least == 0):
            return
        if len(digits) >= least and digits:
            channel.set(words[7], None)
            channel.set(f"{words[7]}_invalid", digits)
        if words[6] and words[6] != "silence":
            await play_until(channel, words[6], "")
    if len(words) > 10:
        routing.transfer(channel, *words[10:13])
        channel.check()


async def read(channel: Channel, data: str) -> None:
    """`min max sound variable timeout terminators [digit_timeout]`; read_result says how it ended."""
    words = separate(data, " ")
    if len(words) < 4:
        raise ApplicationFailedError("read: min max sound variable [timeout [terminators]]")
    least, most = whole(words[0], 0), whole(words[1], 128)
    timeout_s = max(1000, whole(words[4], 1000) if len(words) > 4 else 1000) / 1000
    digit_timeout_s = whole(words[6], 0) / 1000 if len(words) > 6 else 0.0
    terminators = words[5] if len(words) > 5 else "#"
    question = Question(max(most, 1), timeout_s, digit_timeout_s or timeout_s, terminators)
    digits = await collect(channel, question, words[2])
    channel.set(words[3], digits or None)
    channel.set("read_result", "success" if len(digits) >= least else "timeout" if not digits else "failure")


async def send_dtmf(channel: Channel, data: str) -> None:
    """`DIGITS[@MILLISECONDS]`."""
    digits, _, duration = data.strip().partition("@")
    (await media_of(channel)).send_digits(digits, whole(duration, 0) or 160)
