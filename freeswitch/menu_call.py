"""A call in a menu on FreeSWITCH: the service layer's `HeldCall` over a synchronous session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dialplan.call import CallOffered
from dialplan.decision import Decision, Route
from dialplan.legs import Leg
from dialplan.mailbox import Mailbox
from dialplan.plans.effects import Ask
from freeswitch.arguments import item_escape
from freeswitch.channel import Instructions
from freeswitch.delayed_offer import awaits_offer
from freeswitch.dialstring import dial_string
from freeswitch.offer import decision_variables
from freeswitch.plan_variables import KEYS, PIN
from freeswitch.recorder_calls import ANSWER
from freeswitch.registrations import TlsOf, no_tls, tls_way
from freeswitch.session import Session

#: Longest announcement; a longer one is a mistake that would hold the call.
MAX_SOUND_S: Final = 120.0
#: Between two keys of a choice that has several.
_BETWEEN_KEYS_MS: Final = 2000
#: Between two digits of a PIN, which "#" ends.
_BETWEEN_DIGITS_MS: Final = 4000
#: Now speak.
_TONE: Final = "tone_stream://%(400,100,1000)"
#: FreeSWITCH's measure of energy below which a caller is silent; a quiet line is below 100.
_SILENCE_LEVEL: Final = 200
#: Played by FreeSWITCH when no key came; nothing to be heard.
_NOTHING: Final = "silence_stream://20"


class MenuCall:
    """See controller.menus.HeldCall. Raises ChannelGone, ConnectionLost, ReplyTimedOut."""

    def __init__(
        self, session: Session, offered: CallOffered, *, domain: str, tls_of: TlsOf = no_tls
    ) -> None:
        self._session = session
        self._offered = offered
        self._domain = domain
        self._tls_of = tls_of
        self._early = False
        self._answered = False

    @property
    def offered(self) -> CallOffered:
        """The call as it stands: who was answered for a menu hears what comes after it."""
        return self._offered

    def remember(self, decision: Decision, silent: Decision | None) -> None:
        variables = decision_variables(decision, self._offered, domain=self._domain)
        if silent is not None and isinstance(silent.outcome, Route):
            variables["fernamt_default"] = dial_string(
                silent.outcome.legs,
                domain=self._domain,
                over_of=self._over,
                without_offer=self._offered.call_id if self._offered.without_offer else None,
            )
            variables["hangup_after_bridge"] = "true"
        # What is pressed from now on counts, also for the controller that comes after this one.
        self._session.set_variables(Instructions({**variables, KEYS: ""}))

    def _over(self, leg: Leg) -> str | None:
        """As of `leg_string`. A system of another node is not called in this way."""
        way = tls_way(leg, self._offered.node, self._tls_of)
        return way.address if way is not None and way.door is None else None

    def connect(self, *, early: bool) -> None:
        if not early and not self._answered:
            channel = self._session.execute("answer")
            self._offered = replace(self._offered, awaits_offer=awaits_offer(channel.get))
            self._answered = True
        elif early and not self._early:
            self._session.execute("pre_answer")
            self._early = True

    def play(self, sound: str) -> None:
        self._session.execute("playback", sound, timeout_s=MAX_SOUND_S)

    def record(self, mailbox: Mailbox, path: str) -> None:
        # A caller who says nothing after the greeting hears the tone and is not kept.
        if mailbox.greeting is not None:
            self.play(mailbox.greeting)
        self._session.set_variables(Instructions({"playback_terminators": "#", "record_rate": "8000"}))
        self.play(_TONE)
        argument = f"{item_escape(path)} {mailbox.max_message_s} {_SILENCE_LEVEL} {mailbox.silence_s}"
        self._session.execute("record", argument, timeout_s=mailbox.max_message_s + 10.0)

    def note_recording(self, answer: str) -> None:
        self._session.set_variables(Instructions({ANSWER: answer}))

    def hide_keys(self) -> None:
        # FreeSWITCH writes what was pressed to the call's record; what this matches it writes as X.
        self._session.set_variables(Instructions({"digits_dialed_filter": ".+"}))

    def take_pin(self, sounds: Sequence[str], most: int, timeout_s: int) -> str:
        digits = self._digits(sounds, f"1 {most} 1 {timeout_s * 1000} #", PIN, _BETWEEN_DIGITS_MS, timeout_s)
        self._session.set_variables(Instructions({PIN: ""}))
        return digits

    def key(self, sounds: Sequence[str], longest_s: float, timeout_s: int) -> str:
        return self._digits(
            sounds, f"1 1 1 {timeout_s * 1000} none", KEYS, _BETWEEN_KEYS_MS, longest_s + timeout_s
        )

    def number(self, sounds: Sequence[str], most: int, timeout_s: int) -> str:
        limits = f"1 {most} 1 {timeout_s * 1000} #"
        return self._digits(sounds, limits, KEYS, _BETWEEN_DIGITS_MS, timeout_s)

    def _digits(
        self, sounds: Sequence[str], limits: str, variable: str, between_ms: int, longest_s: float
    ) -> str:
        sound = sounds[0] if len(sounds) == 1 else "file_string://" + "!".join(sounds)
        argument = f"{limits} {item_escape(sound)} {_NOTHING} {variable} .+ {between_ms}"
        channel = self._session.execute(
            "play_and_get_digits", argument, timeout_s=MAX_SOUND_S + longest_s + 10.0
        )
        return channel.variable(variable) or ""

    def ask(self, question: Ask) -> str:
        sounds = [question.before, question.prompt] if question.before else [question.prompt]
        limits = f"1 {question.most} 1 {question.timeout_s * 1000} none"
        return self._digits(sounds, limits, KEYS, _BETWEEN_KEYS_MS, question.timeout_s)
