"""What calls are taken with.

For carriers and for trunks with an address FreeSWITCH chooses a codec before its dialplan, with the profile's
list, unless the channel has one. Such a channel has it from the directory: an entry of the access list that
names a user puts that user's variables on the channel (`acl_token`; read: sofia_handle_sip_i_invite). So each
side has a domain of its own with a user for each such address. Nobody logs in as one of them: digest is asked
for on the profile of phones alone, in another domain.

For phones, systems that log in and Teams it chooses when the called party has (`late`, decision 38).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from dialplan.call import Entry
from dialplan.carrier import Phone, TrunkSide
from dialplan.snapshot import Snapshot
from freeswitch.codecs import DEFAULT_CODECS, PHONE_CODECS, phone_codecs, played_first
from freeswitch.render.xml import params, variables

SIDES: Final[Mapping[Entry, TrunkSide]] = {
    Entry.CARRIER: TrunkSide.CARRIER,
    Entry.TRUNK: TrunkSide.CUSTOMER,
}

#: The caller gets what the called party takes, if it offered that (read: inherit_codec).
_INHERITS: Final[Mapping[str, str]] = {"inherit_codec": "true"}


def late(codecs: Iterable[str]) -> Mapping[str, str | int | bool]:
    """The parameters of a profile whose callers offer these codecs, beside G.711. To whom something is played
    before anybody is called speaks G.711, whatever it prefers."""
    return {
        "inbound-codec-prefs": ",".join(played_first(codecs)),
        "inbound-codec-negotiation": "greedy",
        "inbound-late-negotiation": True,
    }


def of_phone(phone: Phone) -> Mapping[str, str]:
    """Variables of a phone. A browser keeps its own order, and gives Opus up for phones alone (offer.py)."""
    codecs = phone_codecs(phone)
    if phone.webrtc:
        return {"absolute_codec_string": ",".join(codecs), "rtp_codec_negotiation": "generous"}
    if set(codecs) == set(PHONE_CODECS):
        return _INHERITS
    return {"absolute_codec_string": ",".join(played_first(codecs)), **_INHERITS}


def of_system(codecs: tuple[str, ...]) -> Mapping[str, str]:
    """Variables of a system that logs in, with its trunk's codecs: the profile's would be the phones'."""
    usual = {"absolute_codec_string": ",".join(codecs), "rtp_codec_negotiation": "generous"}
    return {**(taken_with(codecs) or usual), **_INHERITS}


def peers_name(entry: Entry) -> str:
    """The access list of a profile, and the domain of its peers with codecs of their own."""
    return f"{entry.value}-peers"


def taken_with(codecs: tuple[str, ...]) -> Mapping[str, str]:
    """Variables of a user with these codecs: the first of them that is offered counts, whatever the peer
    prefers. G.711 is taken last: no call fails for its codec, and none to 110 or 112."""
    if codecs == DEFAULT_CODECS:
        return {}
    rest = (codec for codec in DEFAULT_CODECS if codec not in codecs)
    return {"absolute_codec_string": ",".join((*codecs, *rest)), "rtp_codec_negotiation": "greedy"}


def codecs_at(snapshot: Snapshot, entry: Entry) -> Mapping[str, tuple[str, ...]]:
    """By address, where all trunks that call from there agree; FreeSWITCH does not look at ports."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for trunk in snapshot.trunks.values():
        if trunk.side is SIDES[entry]:
            for peer in trunk.peers:
                found.setdefault(peer.ip, set()).add(trunk.codecs)
    agreed = {ip: next(iter(each)) for ip, each in found.items() if len(each) == 1}
    return {ip: agreed[ip] for ip in sorted(agreed) if agreed[ip] != DEFAULT_CODECS}


def peers_domains(snapshot: Snapshot) -> list[Element]:
    """Of the directory."""
    own = ((peers_name(entry), codecs_at(snapshot, entry)) for entry in SIDES)
    return [_domain(name, codecs) for name, codecs in own if codecs]


def _domain(name: str, codecs: Mapping[str, tuple[str, ...]]) -> Element:
    domain = Element("domain", name=name)
    users = SubElement(SubElement(SubElement(domain, "groups"), "group", name=name), "users")
    for ip, each in codecs.items():
        user = SubElement(users, "user", id=ip, cidr=f"{ip}/{128 if ':' in ip else 32}")
        params(SubElement(user, "params"), {"allow-empty-password": False})
        variables(user, taken_with(each))
    return domain
