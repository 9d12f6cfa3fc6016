"""A channel that another party sent on: read as that party's wish, and what the new decision leaves behind.

The contexts `transferred` (REFER), `redirected` (3xx) and `originated` (a program) tell of it, which no peer
chooses; who the author is, `parties` knows. The channel's own record keeps what was decided first; the new
legs' records tell of the new decision.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from dialplan.call import Behalf, CallOffered, Via
from dialplan.decision import Decision
from dialplan.legs import MAX_LEGS, Caller
from dialplan.place import onward
from freeswitch.decided_facts import fact, facts_of
from freeswitch.dialstring import REDIRECTED
from freeswitch.parties import ORIGINATED, TRANSFERRED, redirector, transferor
from numbering.e164 import E164

#: The German ringing tone.
_RINGING: Final = "%(1000,4000,425)"
#: Of what is exported to legs, what holds for every leg that is ever made for the channel.
_JOINING: Final = ("fernamt_call", "fernamt_caller", "force_transfer_context")

_CALLER: Final = ("a_network", "a_presented")
#: What C's printf makes of a Refer-To without user.
_NO_USER: Final = "(null)"
_MAX_REFER_TO: Final = 2_000
_REFER_TO: Final = re.compile(r"<(sip:[^<>]+)>")

Lookup = Callable[[str], str | None]


def next_round(get: Lookup) -> int:
    """How often the switch asked about this channel before."""
    asked = get("variable_fernamt_round")
    return int(asked) + 1 if asked else 0


def asked_again(offered: CallOffered, get: Lookup) -> CallOffered:
    """The call as its author's wish when another party transferred or redirected it, else as it is.

    The author is shown of a transfer, the caller of a redirect. An author we do not know has no rights.
    """
    known = get("variable_fernamt_parties")
    match get("Caller-Context"):
        case context if context == TRANSFERRED:
            via, caller = Via.TRANSFER, get("variable_fernamt_caller")
            author = transferor(known, caller, get("variable_last_bridge_to"))
            offered = _referred(_nobodys(offered), get)
        case context if context == REDIRECTED:
            via, author = Via.FORWARD, redirector(known, get("variable_sip_redirect_dialstring"))
            offered = replace(_nobodys(offered), original=_caller_as_decided(get))
        case context if context == ORIGINATED:
            via, author = Via.API, transferor(get("variable_fernamt_behalf"), None, offered.call_id)
            offered = _nobodys(offered)
        case _:
            return offered
    passed_on = tuple(E164(each) for each in (get("variable_fernamt_forwarded_by") or "").split(",") if each)
    offered = replace(offered, forwarded_by=passed_on, resume=None)
    return onward(offered, offered.dialled, via, author or Behalf(""))


def _referred(offered: CallOffered, get: Lookup) -> CallOffered:
    """Teams' profile tells destinations with their host (render/teams.py), "(null)@host" where the Refer-To
    has no user: then its whole URI counts, and the caller stays who it was."""
    user, at, _ = offered.dialled.partition("@")
    if not at:
        return offered
    if user != _NO_USER:
        return replace(offered, dialled=user)
    uri = _REFER_TO.search((get("variable_sip_refer_to") or "")[:_MAX_REFER_TO])
    return replace(
        offered,
        dialled="",
        original=_caller_as_decided(get),
        refer_to=uri[1] if uri else None,
        referred_by=(get("variable_sip_h_Referred-By") or "")[:_MAX_REFER_TO] or None,
    )


def _caller_as_decided(get: Lookup) -> Caller | None:
    """Who the redirected call shows, as the first decision left it; None when the caller is unknown."""
    network, presented = (fact(lambda each: get("variable_" + each), name) for name in _CALLER)
    if network is None:
        return None
    shown = E164(presented) if presented and presented != network else None
    return Caller(E164(network), withheld=presented is None, presented=shown)


def _nobodys(offered: CallOffered) -> CallOffered:
    """Without what the channel's INVITE said of its caller, who is not the one who asks."""
    return replace(
        offered,
        from_user=None,
        from_name=None,
        from_host=None,
        asserted_user=None,
        preferred_user=None,
        diverting_users=(),
        privacy=frozenset(),
    )


def leg_facts(decision: Decision, offered: CallOffered) -> Mapping[str, str]:
    """The variables of the new legs, for their records."""
    facts = {f"fernamt_{name}": value for name, value in facts_of(decision).items() if name != "caller_rules"}
    facts["fernamt_via"] = offered.via.value
    if offered.phone_id is not None:
        # Of a leg to a phone that phone's own goes before it.
        facts["fernamt_phone"] = offered.phone_id
    return facts


def onward_variables(decision: Decision, offered: CallOffered) -> dict[str, str]:
    """The variables of the channel itself: what is left of the round before is removed."""
    return {
        **dict.fromkeys((f"fernamt_leg_{n}" for n in range(1, MAX_LEGS + 1)), ""),
        "fernamt_parties": "",
        # What is exported goes before a leg's own variables (seen): the first decision's facts stay home.
        "export_vars": ",".join(_JOINING),
        # The channel may be a leg of ours with headers of its own (identity, Privacy), and the author's REFER
        # has left its Referred-By: none of them is the new legs'.
        "sip_copy_custom_headers": "false",
        "fernamt_round": str(offered.round),
        "fernamt_forwarded_by": ",".join(offered.forwarded_by),
        "fernamt_onward": f"{offered.via.value}:{decision.reason.id}",
        # Heard by a party that is connected already while the other one's phone rings.
        "transfer_ringback": _RINGING,
    }
