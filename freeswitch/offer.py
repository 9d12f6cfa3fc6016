"""Between a channel's data and the domain: a call that is offered, and a decision as channel variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Final

from dialplan.call import MAX_TEXT, CallOffered, Entry, Via
from dialplan.carrier import Phone
from dialplan.causes import Cause
from dialplan.decision import Announce, Converse, Decision, Reject, Route, Wait
from dialplan.diversion import MAX_DIVERTED
from dialplan.legs import MAX_LEGS, Leg
from dialplan.plans.position import Resume, read_resume
from freeswitch import codecs, delayed_offer, parties
from freeswitch.decided_facts import FACTS, facts_of, packed
from freeswitch.dialstring import leg_string, one_after_the_other
from freeswitch.emergency import NEVER_SILENT, emergency_parts
from freeswitch.errors import UnexpectedReply
from freeswitch.onward import asked_again, leg_facts, next_round, onward_variables
from freeswitch.pidf import MAX_CLAIMED
from freeswitch.plan_variables import KEYS, carry_out_plan, happened, plan_variables
from freeswitch.queue_calls import QUEUED_SINCE, queue_variables
from freeswitch.registrations import DoorOf, TlsOf, no_door, no_tls, tls_way
from freeswitch.secure_offer import offers_keys
from freeswitch.settings import LOGGED_IN, NODE, NodeDoor

#: The user part of a SIP or tel URI in a header such as `"Name" <sip:+4930…;x=y@host>`.
_URI_USER: Final = re.compile(r"<?(?:sips?|tel):([^@>;?]*)", re.IGNORECASE)
#: A display name, also one that was cut: `"sip:110@x" <sip:+4930…>` must not be taken for its content.
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)', re.DOTALL)
#: Entries of each of Diversion and History-Info that are looked at.
_MAX_DIVERTING: Final = 4
_COUNTER: Final = re.compile(r";\s*counter\s*=\s*(\d{1,3})", re.IGNORECASE | re.ASCII)
_RETARGETED: Final = re.compile(r";cause=(?:302|404|408|480|486|487|503)\b", re.IGNORECASE | re.ASCII)
#: How FreeSWITCH begins the user of the Contact that a gateway registers.
_REGISTERED: Final = "gw+"
#: FreeSWITCH keeps the name of a header as the peer wrote it.
_CALLED_PARTY: Final = tuple(
    f"variable_sip_h_{name}" for name in ("P-Called-Party-ID", "P-Called-Party-Id", "p-called-party-id")
)
_YES: Final = frozenset({"true", "yes", "1"})
#: Several bodies of a message, with room around those that are too long to be kept.
_MAX_MULTIPART: Final = 4 * MAX_CLAIMED
#: Microsoft's clients may write a + before an emergency number, and both forms are to be matched (Direct
#: Routing, emergency calls). From anybody else +110 is no emergency call (NotrufV § 4(5)).
_PLUS_EMERGENCY: Final = re.compile(r"\+11[02](?:;|\Z)", re.ASCII)
#: Codes that FreeSWITCH has no phrase for (RFC 5079).
_PHRASES: Final = {433: "Anonymity Disallowed"}
#: Copied to every leg we make, so that each leg's own record tells the whole story.
_EXPORTED: Final = (
    "fernamt_call",
    FACTS,
    "fernamt_caller",
    "force_transfer_context",
)

Lookup = Callable[[str], str | None]


def offered_call(get: Lookup) -> CallOffered:
    """Read the channel data of a `connect` reply; `get` returns a header's value or None.

    Texts that a caller can write are cut to `MAX_TEXT` characters here, once. Raises UnexpectedReply when
    a header that FreeSWITCH itself writes is missing or has no sense.
    """
    try:
        entry = _entry(_required(get, "variable_sofia_profile_name"))
        port = int(get("variable_sip_network_port") or 0)
    except ValueError as error:
        raise UnexpectedReply(f"channel data of no profile of ours: {error}") from error
    login = get(f"variable_{LOGGED_IN}") if entry is Entry.PHONE else None
    asserted = get("variable_sip_P-Asserted-Identity")
    preferred = get("variable_sip_P-Preferred-Identity")
    offered = CallOffered(
        call_id=_required(get, "Unique-ID"),
        node=_required(get, "FreeSWITCH-Switchname", "Core-UUID"),
        entry=entry,
        source_ip=_required(get, "variable_sip_network_ip", "Caller-Network-Addr"),
        source_port=port,
        dialled=_dialled(get, entry),
        phone_id=get("variable_fernamt_phone"),
        from_user=_cut(get("variable_sip_from_user")),
        from_name=_cut(get("variable_sip_from_display")),
        from_host=_cut(get("variable_sip_from_host")),
        asserted_user=_uri_user(asserted) if asserted else None,
        privacy=_privacy(get("variable_sip_Privacy")),
        preferred_user=_uri_user(preferred) if preferred else None,
        diverting_users=tuple(_diverting(get)),
        diverted=_diverted(get),
        advertising=(get("variable_sip_h_X-Advertising") or "").strip().lower() in _YES,
        resume=_resume(get),
        claimed_location=_claimed_location(get("variable_sip_multipart")),
        tenant_id=_cut(get("variable_sip_h_X-MS-TenantID")) if entry is Entry.TEAMS else None,
        login_id=login,
        codecs=codecs.caller_codecs(get),
        without_offer=delayed_offer.came_without_offer(get),
        awaits_offer=delayed_offer.awaits_offer(get),
        encrypted=_encrypted(get),
        round=next_round(get),
        called_party=_called_party(get),
    )
    return asked_again(offered, get)


def _entry(profile: str) -> Entry:
    """Calls of other nodes ask nobody here; but a leg of ours to a phone of another node may be sent on, and
    is that phone's."""
    return Entry.PHONE if profile == NODE else Entry(profile)


def _dialled(get: Lookup, entry: Entry) -> str:
    """The user of the Request-URI; the profile of Teams tells its host too (render/teams.py)."""
    text = _cut(get("Caller-Destination-Number")) or ""
    if text.startswith(_REGISTERED):
        # A Contact that no gateway registers any more, or not yet: To says who is called, as it would then.
        asked = _cut(get("variable_sip_req_user")) or _REGISTERED
        text = (_cut(get("variable_sip_to_user")) or "") if asked.startswith(_REGISTERED) else asked
    if entry is not Entry.TEAMS:
        return text
    if get("Caller-Context") == Entry.TEAMS:
        text = text.partition("@")[0]
    return text[1:] if _PLUS_EMERGENCY.match(text) else text


def _called_party(get: Lookup) -> str | None:
    """Who is called where the Request-URI is the Contact that a gateway of ours has registered."""
    if not (get("variable_sip_req_user") or "").startswith(_REGISTERED):
        return None
    called = next(filter(None, map(get, _CALLED_PARTY)), None)
    return _uri_user(called) if called else None


def _encrypted(get: Lookup) -> bool:
    """SRTP whose keys nobody heard on the way: they stand in the SDP (RFC 4568 section 7). The address of a
    trunk says how it is called, not how it calls."""
    keys = get("variable_rtp_secure_media_negotiated") is not None or offers_keys(get)
    return keys and get("variable_sip_via_protocol") == "tls"


def _resume(get: Lookup) -> Resume | None:
    """Where the call stands in a routing plan; no SIP peer can write these variables."""
    number = get("variable_fernamt_plan_number")
    if number is None:
        return None
    position, path = get("variable_fernamt_plan_position"), get("variable_fernamt_plan_path")
    given = happened(get("variable_fernamt_plan_given") or "", get("variable_originate_disposition"))
    queued = get(f"variable_{QUEUED_SINCE}") or ""
    return read_resume(number, position or "", path or "", given, get(f"variable_{KEYS}") or "", queued)


def _required(get: Lookup, *names: str) -> str:
    for name in names:
        value = get(name)
        if value:
            return value
    raise UnexpectedReply(f"channel data without {names[0]}")


def _cut(text: str | None) -> str | None:
    return text[:MAX_TEXT] if text else None


def _uri_user(header: str) -> str | None:
    bare = _QUOTED.sub("", header[: 4 * MAX_TEXT])
    found = _URI_USER.search(bare)
    return _cut(found[1] if found else bare.strip("<> "))


def _diverting(get: Lookup) -> Iterator[str]:
    """The users of Diversion and History-Info, the first few of them (RFC 5806, RFC 7044)."""
    for header in (get("variable_sip_h_Diversion"), get("variable_sip_history_info")):
        for found in islice(
            _URI_USER.finditer(_QUOTED.sub("", (header or "")[: 4 * MAX_TEXT])), _MAX_DIVERTING
        ):
            if user := _cut(found[1]):
                yield user


def _diverted(get: Lookup) -> int:
    """How often the call was passed on: the counters of Diversion (RFC 5806 section 10), or the entries of
    History-Info that are there because of a diversion (RFC 4458), whichever says more."""
    said = _QUOTED.sub("", (get("variable_sip_h_Diversion") or "")[: 4 * MAX_TEXT])
    count = 0
    for entry in said.split(",")[:MAX_DIVERTED]:
        if _URI_USER.search(entry):
            found = _COUNTER.search(entry)
            count += int(found[1]) if found else 1
    history = (get("variable_sip_history_info") or "")[: 16 * MAX_TEXT]
    return min(max(count, len(_RETARGETED.findall(history))), MAX_DIVERTED)


def _claimed_location(multipart: str | None) -> str | None:
    """The first PIDF-LO among the bodies; FreeSWITCH gives several as `ARRAY::type:body|:type:body`."""
    if not multipart:
        return None
    for part in multipart[:_MAX_MULTIPART].removeprefix("ARRAY::").split("|:"):
        kind, _, content = part.partition(":")
        if kind.strip().lower() == "application/pidf+xml" and len(content) <= MAX_CLAIMED:
            return content
    return None


def _privacy(header: str | None) -> frozenset[str]:
    return frozenset(value.strip().lower() for value in (header or "")[:MAX_TEXT].split(";") if value.strip())


def decision_variables(
    decision: Decision,
    offered: CallOffered,
    *,
    domain: str,
    door_of: DoorOf = no_door,
    tls_of: TlsOf = no_tls,
) -> dict[str, str]:
    """The channel variables that make the rendered dialplan carry the decision out and the CDR keep it."""
    facts = decision.facts
    if offered.via is not Via.DIALLED:
        of_leg = leg_facts(decision, offered)
        outcome = _outcome_variables(decision, offered, domain, of_leg, (door_of, tls_of))
        return onward_variables(decision, offered) | outcome
    known: Mapping[str, str | None] = {
        "fernamt_call": offered.call_id,
        FACTS: packed(facts_of(decision)),
        "fernamt_trunk": facts.trunk_in,
        "fernamt_round": str(offered.round),
        "fernamt_caller": parties.caller_party(offered, facts) or None,
        "export_vars": ",".join(_EXPORTED),
        "force_transfer_context": parties.TRANSFERRED,
        # FreeSWITCH would copy a caller's X-, P-, Diversion and User-to-User headers to the legs we make.
        "sip_copy_custom_headers": "false",
    }
    variables = {name: value for name, value in known.items() if value is not None}
    if decision.plan is not None:
        variables |= plan_variables(decision.plan)
        variables["export_vars"] += ",fernamt_plan_path"
    return variables | _outcome_variables(decision, offered, domain, {}, (door_of, tls_of))


def _outcome_variables(
    decision: Decision,
    offered: CallOffered,
    domain: str,
    of_leg: Mapping[str, str],
    ways: tuple[DoorOf, TlsOf],
) -> dict[str, str]:
    variables: dict[str, str] = {}
    plan = decision.plan
    unheard = offered.awaits_offer and not (plan is not None and plan.answer)
    sounds = plan.sounds if plan is not None and not unheard else ()
    awaits = offered.awaits_offer and not sounds  # they are played to a caller who is answered before
    if offered.without_offer:
        variables |= delayed_offer.caller_variables(awaits=awaits)
    match decision.outcome:
        case Route(legs, causes):
            variables["fernamt_do"] = "route"
            variables["hangup_after_bridge"] = "true"
            caller = codecs.once_heard(offered.codecs) if sounds else offered.codecs
            if len(caller) > 1 and _may_choose(offered, legs):
                variables["inherit_codec"] = "true"
            variables["continue_on_fail"] = _cause_list(causes)
            # FreeSWITCH gives up after 60 s whatever a leg's own limit says.
            variables["call_timeout"] = str(max(leg.no_answer_s for leg in legs) + 1)
            ids = parties.leg_ids(offered, offered.round, len(legs))
            if known := parties.parties(legs, ids):
                variables["fernamt_parties"] = known
            # The dialplan has room for `MAX_LEGS` attempts; what is beyond shares the last one. The first is
            # made before anything else, so it is left out where something is to be heard first.
            first = 2 if sounds else 1
            room = MAX_LEGS - first
            attempts = [*((leg,) for leg in legs[:room]), legs[room:]]
            without_offer = offered.call_id if offered.without_offer else None
            strings = []
            for leg, id_ in zip(legs, ids, strict=True):
                door, over = _way(leg, offered.node, *ways)
                text = leg_string(
                    leg,
                    id_,
                    domain,
                    of_leg,
                    caller=caller,
                    door=door,
                    over=over,
                    without_offer=without_offer,
                    awaits=awaits,
                )
                strings.append(text)
            written = [*strings[:room], one_after_the_other(strings[room:])]
            for position, attempt in enumerate(filter(None, written), start=first):
                variables[f"fernamt_leg_{position}"] = attempt
            _emergency(variables, attempts, domain)
        case Announce(_, cause) if awaits:
            variables["fernamt_do"] = "refuse"
            variables["fernamt_cause"] = cause.switch_name
        case Announce(sound, cause):
            variables["fernamt_do"] = "announce"
            variables["fernamt_announcement"] = sound
            variables["fernamt_cause"] = cause.switch_name
        case Reject(cause, sip_code):
            # `hangup` sends the cause's own SIP code with a Q.850 Reason; `respond` any other code.
            variables["fernamt_do"] = "refuse" if sip_code == cause.sip_code else "respond"
            variables["fernamt_sip_code"] = " ".join(filter(None, (str(sip_code), _PHRASES.get(sip_code))))
            variables["fernamt_cause"] = cause.switch_name
        case Converse():
            variables["fernamt_do"] = "menu"
        case Wait() as wait:
            number = plan.number if plan else ""
            variables |= queue_variables(wait, offered.dialled, number, decision.facts.a_presented)
    if plan is not None:
        carry_out_plan(variables, plan, sounds)
    return variables


def _may_choose(offered: CallOffered, legs: Iterable[Leg]) -> bool:
    """Whether the caller gets the codec that the called party takes, so that nothing is converted. Phones and
    systems have it so by the directory; browsers keep Opus where the call goes to a trunk with G.711."""
    return offered.entry is Entry.TEAMS or all(
        isinstance(leg.to, Phone) or leg.to.teams is not None for leg in legs
    )


def _way(leg: Leg, node: str, door_of: DoorOf, tls_of: TlsOf) -> tuple[NodeDoor | None, str | None]:
    """The door of the node that the phone or system of the leg is registered with, and the address by TLS."""
    username = leg.to.credentials.username if isinstance(leg.to, Phone) else leg.to.registered_as
    if username is None:
        return None, None
    if (way := tls_way(leg, node, tls_of)) is not None:
        return way.door, way.address
    return door_of(username, node), None


def _emergency(variables: dict[str, str], attempts: list[tuple[Leg, ...]], domain: str) -> None:
    """The body of each leg, and the pause before it. Each leg copies the calling channel's body, so the
    dialplan changes it in between; other calls pass no body on, emergency calls nothing but ours (a caller's
    User-to-User would go along)."""
    if not any(leg.emergency for attempt in attempts for leg in attempt):
        variables["sip_copy_multipart"] = "false"
        return
    variables["fernamt_do"] = "emergency"
    variables["sip_copy_custom_headers"] = "false"
    bodies = [emergency_parts(attempt[0], domain).multipart for attempt in attempts if attempt]
    variables["sip_multipart"] = bodies[0]
    variables |= {f"fernamt_body_{n}": body for n, body in enumerate(bodies[1:], start=2) if body}
    pauses = [attempt[0].pause_s * 1_000 for attempt in attempts if attempt]
    variables |= {f"fernamt_pause_{n}": str(ms) for n, ms in enumerate(pauses[1:], start=2)}
    variables |= NEVER_SILENT


@lru_cache(maxsize=256)  # a few sets of the configuration; sorting them for each call is dear
def _cause_list(causes: frozenset[Cause]) -> str:
    if causes == frozenset(Cause):
        return "true"
    return ",".join(sorted(cause.switch_name for cause in causes))
