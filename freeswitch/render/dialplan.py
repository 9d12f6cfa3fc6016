"""The dialplan: ask a controller, carry out what it said; and what happens when none answers.

Every context offers the call over the outbound `socket` (synchronous; the controller sets variables and
leaves), tries the first leg, and then executes the extension that `fernamt_do` names, followed by ":" and
the static part to take when no controller set it (architecture.md, "When the controller is gone"). The side
a call came in on is its SIP profile, with a context of the same name. No action here expands a variable that
a caller can write: FreeSWITCH expands values recursively, and a dialled `${...}` must stay text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from xml.etree.ElementTree import Element

from dialplan.call import Entry
from dialplan.carrier import Trunk
from dialplan.legs import MAX_LEGS
from dialplan.plans.position import Happened
from freeswitch.agent_calls import TOO_LATE, WHISPER
from freeswitch.delayed_offer import TO_CARRIERS, WITHOUT_SDP
from freeswitch.dialstring import REDIRECTED
from freeswitch.near_controllers import near_first
from freeswitch.node_state import DRAINED
from freeswitch.parties import ORIGINATED, TRANSFERRED
from freeswitch.plan_variables import KEYS
from freeswitch.queue_calls import (
    CALLBACK_NOTED,
    KEY_PRESSED,
    LEFT_BY_KEY,
    LEFT_QUEUE,
    MUSIC,
    MUSIC_ON,
    QUEUE,
    QUEUE_CALLBACK,
    QUEUE_EARLY,
    QUEUE_ON,
    QUEUED,
    SAID,
    SAY,
)
from freeswitch.render.other_nodes import for_other_nodes
from freeswitch.render.static_emergency import STATIC_FACTS
from freeswitch.render.xml import actions
from freeswitch.render.xml import extension as _extension
from freeswitch.settings import SwitchSettings
from freeswitch.supervisor_calls import SUPERVISE

#: NotrufV §4(5): 110 and 112, digits behind them ignored, call-by-call prefix (010xy, 0100xy) in front;
#: feature codes that withhold or show the number, and a closing #, change nothing (§4(4)). Behind the digits
#: parameters may stand (RFC 3966: phone-context). Teams' clients may write a + before the bare number
#: (freeswitch/offer.py), and its profile tells the host too.
_DIGITS: Final = r"(?:\*31#|#31#)?(?:010(?:0\d\d|[1-9]\d))?(110|112)[\d*#]*"
_EMERGENCY: Final = rf"^{_DIGITS}(?:;.*)?$"
_EMERGENCY_OF_TEAMS: Final = rf"^(?:\+(?=11[02](?:[;@]|$)))?{_DIGITS}(?:[;@].*)?$"
_ANYTHING: Final = "^"
#: Where a codec is chosen when the called party has chosen (render/codecs.py). A caller who offers nothing
#: that we take is refused at once, as elsewhere, and not after somebody has answered.
_LATE: Final = (Entry.PHONE, Entry.TEAMS)
#: The caller hears nothing before an answer (freeswitch/delayed_offer.py).
_AWAITS_OFFER: Final = ("${endpoint_disposition}", f"^{WITHOUT_SDP}$")
_NOTHING_IN_COMMON: Final = (
    ("${endpoint_disposition}", "^DELAYED NEGOTIATION$"),
    ("${ep_codec_string}", "^$"),
)
#: Before the key that ended a playback, which may be none.
_PRESSED: Final = "queue-pressed-"
#: What the last decision left must not be done again when no controller answers now, and the SIP code of a
#: leg that failed is not the caller's.
_FORGET: Final = (
    "^^;"
    + "".join(f"fernamt_leg_{n}=;" for n in range(1, MAX_LEGS + 1))
    + "last_bridge_proto_specific_hangup_cause=;fernamt_do="
)
#: A caller who was not answered yet. Nothing of it is recorded, and to stop that would begin early media
#: (read: the application wants media), in which nobody makes a ringing tone.
_UNANSWERED: Final = (
    "${endpoint_disposition}",
    f"^(?:RECEIVED|DELAYED NEGOTIATION|EARLY MEDIA|{WITHOUT_SDP})$",
)
#: Who did not agree to be recorded comes next, perhaps.
_NOT_RECORDED: Final = ("stop_record_session", "all")
_NO_CONTROLLER: Final = ("set", "fernamt_reason=static.no-controller")
#: Special information tone (ITU-T E.180), once: the call cannot be completed. Two seconds are enough to hear
#: it, and where no controller answers many calls hear it at once.
_SPECIAL_TONE: Final = "tone_stream://%(330,0,950);%(330,0,1400);%(330,1000,1800);loops=1"


def dialplan(
    emergency: Element, settings: SwitchSettings, *, teams: bool = False, trunks: Iterable[Trunk] = ()
) -> list[Element]:
    """The contexts: one for each SIP profile (that of Teams where there is one), one that carries decisions
    out, and `emergency`, the static one (freeswitch/render/static_emergency.py). `trunks`: all of them."""
    # Nobody must wait for a machine that is off while a controller is beside the switch; and one controller
    # is asked first for all calls, which knows what 110 and 112 are about (call-backs, room on a trunk).
    near = near_first(settings.controllers, (settings.sip_ip, settings.event_socket.host))
    hosts = "|".join(f"{host}:{port}" for host, port in near)
    entries = [_entry(entry, hosts) for entry in Entry if teams or entry is not Entry.TEAMS]
    onward = [_onward(name, hosts) for name in (TRANSFERRED, REDIRECTED, ORIGINATED)]
    others = for_other_nodes(settings, trunks) if settings.other_nodes else []
    return [*entries, *onward, *_left_queue(hosts), *others, _carry_out(hosts, settings), emergency]


def _entry(entry: Entry, hosts: str) -> Element:
    context = Element("context", name=entry.value)
    if entry in _LATE:
        none = _extension(context, "no-codec", *_NOTHING_IN_COMMON)
        actions(none, [("hangup", "INCOMPATIBLE_DESTINATION")])
    digits = _EMERGENCY if entry is not Entry.TEAMS else _EMERGENCY_OF_TEAMS
    emergency = _extension(context, "offer-emergency", ("destination_number", digits))
    actions(emergency, _offer(hosts, otherwise="emergency-$1"))
    drained = _extension(context, "drained", (f"${{{DRAINED}}}", "^true$"))
    actions(drained, [("set", "fernamt_reason=static.drained"), ("hangup", "NORMAL_TEMPORARY_FAILURE")])
    other = _extension(context, "offer", ("destination_number", _ANYTHING))
    actions(other, _offer(hosts, otherwise="unreached"))
    return context


def _onward(name: str, hosts: str) -> Element:
    """A channel that another party sent on, or a program asked for: forget what was decided before, ask
    again. The destination is that party's text; without a controller nobody is called."""
    context = Element("context", name=name)
    # It waits in no queue any more, whatever queue it came through.
    gone = f"{_FORGET};presence_data="
    asked = _offer(hosts, otherwise="given-up")
    if name == REDIRECTED:
        unanswered = _extension(context, f"{name}-unanswered", _UNANSWERED)
        actions(unanswered, [("multiset", gone), *asked])
    steps = [("multiset", gone), _NOT_RECORDED, *asked]
    actions(_extension(context, name, ("destination_number", _ANYTHING)), steps)
    return context


def _left_queue(hosts: str) -> list[Element]:
    """Callers whom the queue sent away, and those who pressed one of its keys, of which the controllers hear
    first: the plan goes on where it stood. The destination is the one that the call came with."""
    sent = Element("context", name=LEFT_QUEUE)
    gone = f"{_FORGET};presence_data=;fernamt_plan_given={Happened.OVERFLOWED}"
    steps = [("multiset", gone), *_offer(hosts, otherwise="given-up")]
    actions(_extension(sent, LEFT_QUEUE, ("destination_number", _ANYTHING)), steps)
    went = Element("context", name=KEY_PRESSED)
    key = f"fernamt_plan_given={Happened.ARRIVED};{KEYS}=${{playback_terminator_used}}"
    steps = [
        _told(LEFT_BY_KEY),
        ("multiset", f"{_FORGET};presence_data=;{key}"),
        *_offer(hosts, otherwise="given-up"),
    ]
    actions(_extension(went, KEY_PRESSED, ("destination_number", _ANYTHING)), steps)
    return [sent, went]


def _told(subclass: str) -> tuple[str, str]:
    """All controllers hear of it, with the channel's mark."""
    return "event", f"Event-Name=CUSTOM,Event-Subclass={subclass}"


def _waiting(context: Element, unheard_ms: int) -> None:
    """Waiting for an agent: the controllers hear of it, nothing is held, the call waits until it is
    commanded, or one of the queue's keys is pressed, in the music or in an announcement (`SAY`, which runs
    inside the music). Music that ends is begun again; the moment of rest is for a recording that cannot be
    played."""
    pressed = ("execute_extension", f"{_PRESSED}${{playback_terminator_used}} XML fernamt")
    music = [
        ("playback", f"${{{MUSIC}}}"),
        pressed,
        ("sleep", "200"),
        ("transfer", "queue-music XML fernamt"),
    ]
    for do, application in ((QUEUE_EARLY, "pre_answer"), (QUEUE, "answer")):
        begun = _extension(context, do, ("destination_number", f"^{do}:"))
        unheard = [("set", f"media_timeout_audio={unheard_ms}")] if do == QUEUE_EARLY else []
        actions(begun, [*unheard, (application, ""), _told(QUEUED), *music])
    # From another queue: that one's music goes on where it was.
    on = _extension(context, QUEUE_ON, ("destination_number", f"^{QUEUE_ON}:"))
    actions(on, [_told(QUEUED), ("playback", f"${{{MUSIC_ON}}}"), pressed, *music])
    actions(_extension(context, "queue-music", ("destination_number", "^queue-music$")), music)
    said = [("playback", f"${{{SAID}}}"), pressed]
    actions(_extension(context, SAY, ("destination_number", f"^{SAY}$")), said)
    key = _extension(context, "queue-pressed", ("destination_number", f"^{_PRESSED}[0-9*#]$"))
    actions(key, [("transfer", f"${{fernamt_dialled}} XML {KEY_PRESSED}")])
    _callbacks(context)
    none = _extension(context, "queue-not-pressed", ("destination_number", f"^{_PRESSED}$"))
    actions(none, [("set", "playback_terminator_used=")])


def _callbacks(context: Element) -> None:
    """A caller who is to be called back waits until his wish is noted; where nobody notes it the plan goes
    on."""
    wish = _extension(context, QUEUE_CALLBACK, ("destination_number", f"^{QUEUE_CALLBACK}:"))
    actions(wish, [_told(QUEUED), ("sleep", "8000"), ("transfer", f"${{fernamt_dialled}} XML {LEFT_QUEUE}")])
    noted = _extension(context, CALLBACK_NOTED, ("destination_number", f"^{CALLBACK_NOTED}$"))
    heard = [
        ("set", "presence_data="),
        ("playback", "${fernamt_noted}"),
        ("hangup", "NORMAL_CLEARING"),
    ]
    actions(noted, heard)


def _offer(hosts: str, *, otherwise: str) -> list[tuple[str, str]]:
    """Ask, and try the first leg here: each application costs FreeSWITCH two events with all of the
    channel's data, so a call that is answered at once runs no more than it must. Without a leg `bridge`
    does nothing."""
    return [
        ("socket", hosts),
        ("bridge", "${fernamt_leg_1}"),
        ("execute_extension", f"${{fernamt_do}}:{otherwise} XML fernamt"),
    ]


def _carry_out(hosts: str, settings: SwitchSettings) -> Element:
    context = Element("context", name="fernamt")
    route = _extension(context, "route", ("destination_number", "^route:"))
    actions(route, [("bridge", f"${{fernamt_leg_{n}}}") for n in range(2, MAX_LEGS + 1)])
    actions(route, [("hangup", "${originate_disposition}")])

    # An emergency call: like `route`, and each attempt with a body of its own (freeswitch/emergency.py) and a
    # pause before it, which is 0 but for the first one of a new round.
    urgent = _extension(context, "route-emergency", ("destination_number", "^emergency:"))
    for n in range(2, MAX_LEGS + 1):
        actions(
            urgent,
            [
                ("set", f"sip_multipart=${{fernamt_body_{n}}}"),
                ("sleep", f"${{fernamt_pause_{n}}}"),
                ("bridge", f"${{fernamt_leg_{n}}}"),
            ],
        )
    actions(urgent, [("hangup", "${originate_disposition}")])

    announce = _extension(context, "announce", ("destination_number", "^announce:"))
    actions(
        announce,
        [
            ("pre_answer", ""),
            ("playback", f"{settings.sounds_dir}/${{fernamt_announcement}}.wav"),
            ("hangup", "${fernamt_cause}"),
        ],
    )

    refuse = _extension(context, "refuse", ("destination_number", "^refuse:"))
    actions(refuse, [("hangup", "${fernamt_cause}")])

    _plans(context, hosts, settings)

    respond = _extension(context, "respond", ("destination_number", "^respond:"))
    actions(respond, [("respond", "${fernamt_sip_code}"), ("hangup", "${fernamt_cause}")])

    unreached = _extension(context, "unreached", ("destination_number", "^:unreached$"))
    actions(unreached, [("sleep", "500"), *_offer(hosts, otherwise="given-up")])

    unheard = _extension(context, "given-up-unheard", ("destination_number", "^:given-up$"), _AWAITS_OFFER)
    actions(unheard, [_NO_CONTROLLER, ("hangup", "NORMAL_TEMPORARY_FAILURE")])
    given_up = _extension(context, "given-up", ("destination_number", "^:given-up$"))
    refusal = [
        _NO_CONTROLLER,
        ("pre_answer", ""),
        ("playback", _SPECIAL_TONE),
        ("hangup", "NORMAL_TEMPORARY_FAILURE"),
    ]
    actions(given_up, refusal)

    awaiting = _extension(
        context, "emergency-late", ("destination_number", "^:emergency-"), _AWAITS_OFFER, goes_on=True
    )
    actions(awaiting, [("set", f"{name}={value}") for name, value in TO_CARRIERS.items()])
    emergency = _extension(context, "emergency", ("destination_number", "^:emergency-(110|112)$"))
    static = [
        ("multiset", "^^;fernamt_b_number=$1;" + STATIC_FACTS),
        ("execute_extension", "${sofia_profile_name}-$1 XML emergency"),
        # Only reached when the static part knows no line or no trunk took the call.
        ("hangup", "NETWORK_OUT_OF_ORDER"),
    ]
    actions(emergency, static)
    return context


def _plans(context: Element, hosts: str, settings: SwitchSettings) -> None:
    """What routing plans need (C2): something to be heard first, the next node when nobody was reached, and
    what becomes of a call whose controller died in a menu."""
    for do, application in (("play", "pre_answer"), ("play-answered", "answer")):
        play = _extension(context, do, ("destination_number", f"^{do}:"))
        heard = [
            (application, ""),
            ("playback", "${fernamt_sounds}"),
            ("execute_extension", "${fernamt_then}:given-up XML fernamt"),
        ]
        actions(play, heard)

    following = _extension(context, "next", ("destination_number", "^next:"))
    actions(following, [("bridge", f"${{fernamt_leg_{n}}}") for n in range(2, MAX_LEGS + 1)])
    actions(following, [("multiset", _FORGET), *_offer(hosts, otherwise="given-up")])

    # Another controller asks on. None: the way of somebody who presses nothing, rendered by the first one.
    # A controller that is just dying may still take the connection (seen): so there are two attempts.
    again = _extension(context, "menu", ("destination_number", "^menu:"))
    actions(again, [("set", "fernamt_do=menu-again"), *_offer(hosts, otherwise="given-up")])
    menu = _extension(context, "menu-again", ("destination_number", "^menu-again:"))
    actions(menu, [("sleep", "300")])
    actions(menu, [("set", "fernamt_do=menu-lost"), *_offer(hosts, otherwise="given-up")])
    _waiting(context, settings.held_silence_ms)

    # An agent's leg, told what comes before the caller is there, or why no caller comes (agent_calls.py).
    whisper = _extension(context, WHISPER, ("destination_number", f"^{WHISPER}$"))
    told = [("playback", "${fernamt_whisper}"), ("set", "fernamt_whispered=true"), ("park", "")]
    actions(whisper, told)
    too_late = _extension(context, TOO_LATE, ("destination_number", f"^{TOO_LATE}$"))
    why = f"{settings.sounds_dir}/${{fernamt_why}}.wav"
    actions(too_late, [("playback", why), ("hangup", "NORMAL_CLEARING")])

    # The leg of a supervisor (freeswitch/supervisor_calls.py) hears a call until one of both is over.
    supervise = _extension(context, SUPERVISE, ("destination_number", f"^{SUPERVISE}$"))
    actions(supervise, [("eavesdrop", "${fernamt_watched}"), ("hangup", "NORMAL_CLEARING")])

    lost = _extension(context, "menu-lost", ("destination_number", "^menu-lost:"))
    silent = [("bridge", "${fernamt_default}"), ("execute_extension", ":given-up XML fernamt")]
    actions(lost, silent)
