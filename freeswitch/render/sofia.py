"""SIP: profiles (carriers, customers' trunks, phones, other nodes), gateways, access lists, directory."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from dialplan.call import Entry
from dialplan.carrier import (
    Credentials,
    Phone,
    Registration,
    SipAddress,
    TeamsEdge,
    Transport,
    Trunk,
    TrunkSide,
)
from dialplan.legs import SILENT_S
from dialplan.snapshot import Snapshot
from freeswitch.codecs import PHONE_CODECS, WEBRTC_CODECS
from freeswitch.dialstring import gateway_name
from freeswitch.gateway_state import registering
from freeswitch.identity import url_host
from freeswitch.render.admitted import admitted
from freeswitch.render.codecs import SIDES, codecs_at, late, of_phone, of_system, peers_name
from freeswitch.render.nat import INSIDE, inside, nat_params
from freeswitch.render.static_emergency import StaticEmergency
from freeswitch.render.teams import teams_gateways, teams_profile_params
from freeswitch.render.tls import candidate_lists, tls_params
from freeswitch.render.xml import configuration, params, variables
from freeswitch.settings import CONTROLLERS, LOGGED_IN, NODE, SwitchSettings, TlsSettings

_CODECS: Final = "PCMA,PCMU"
#: An INVITE without SDP goes through the dialplan, and is offered sound in the answer (decision 45). Nodes
#: and Microsoft always offer: Teams would get a Contact without its host name.
_DELAYED_OFFER: Final = {"enable-3pcc": "proxy"}
#: Timer B of RFC 3261 ends an INVITE without any response; a 100 stops it, which `leg_progress_timeout` does
#: not hear of. FreeSWITCH has one value for B, F (a registrar or OPTIONS that does not answer) and H (no ACK:
#: an answered call is hung up; our 200 went out three times by then). So phones, whose radio may be away for
#: some seconds, and other nodes, which answer or are down as a whole, keep the 32 s of the RFC.
_TIMER_B: Final = {"timer-T1X64": SILENT_S * 1_000}
#: After a REGISTER that failed, times the failures so far unless it was 503. FreeSWITCH renews a binding 15 s
#: before it ends: with timer F and this the next one goes out while the binding is valid.
_ASKED_AGAIN_S: Final = 5
#: A system that logs in is called where its REGISTER came from, whatever it believes its own address to be
#: (read: sofia_reg.c), and registers again so often that a NAT between keeps its way open: FreeSWITCH would
#: ask for 30 s, or for nothing where the Contact is of a private network. Its own requests in a call are
#: answered there too.
_BEHIND_NAT: Final = {
    "sip-force-contact": "NDLB-connectile-dysfunction-2.0",
    "sip-force-expires": "60",
}

#: RFC 4028 for who asks: his Session-Expires is answered and kept, by his refreshes or ours, as he says. We
#: ask for none (UNASKED). The profile has a value all the same: without one FreeSWITCH forgets
#: `minimum-session-expires` and refuses what is below 120 s (read: sofia.c). See docs/decisions/0048.
_SESSION_TIMERS: Final = {"enable-timer": True, "session-timeout": 1_800, "minimum-session-expires": 90}
#: A global variable, which stands in for each channel's own. Without it FreeSWITCH would refresh every call
#: by re-INVITE, with peers that know nothing of it too, and behind a NAT every 45 s.
UNASKED: Final = {"sofia_session_timeout": "0"}


def sofia(snapshot: Snapshot, settings: SwitchSettings) -> Element:
    """sofia.conf: a profile for each kind of peer, so that the side a call came in on cannot be forged."""
    root = configuration("sofia", "SIP")
    common: dict[str, str | int | bool] = {"log-level": 0, "debug-presence": 0}
    if settings.sip_capture is not None:
        common["capture-server"] = "udp:{}:{};hep=3;capture_id=1".format(*settings.sip_capture)
    params(SubElement(root, "global_settings"), common)
    profiles = SubElement(root, "profiles")
    carrier = [t for t in snapshot.trunks.values() if t.side is TrunkSide.CARRIER]
    customer = [t for t in snapshot.trunks.values() if t.side is TrunkSide.CUSTOMER and t.teams is None]
    _profile(profiles, Entry.CARRIER, settings.carrier_port, settings, carrier)
    _profile(profiles, Entry.TRUNK, settings.trunk_port, settings, customer)
    _profile(profiles, Entry.PHONE, settings.phone_port, settings, [])
    if snapshot.teams is not None and settings.tls is not None:
        _teams(profiles, snapshot, snapshot.teams, settings, settings.tls)
    if settings.other_nodes:
        _profile(profiles, NODE, settings.node_port, settings, [])
    return root


def _teams(
    parent: Element, snapshot: Snapshot, edge: TeamsEdge, settings: SwitchSettings, tls: TlsSettings
) -> None:
    profile = SubElement(parent, "profile", name=Entry.TEAMS)
    teams_gateways(SubElement(profile, "gateways"), snapshot, edge)
    codecs = (codec for trunk in snapshot.trunks.values() if trunk.teams for codec in trunk.codecs)
    values = {
        **_common(Entry.TEAMS, tls.teams_port, settings),
        **_TIMER_B,
        **teams_profile_params(edge, tls),
        **late(sorted(set(codecs))),
    }
    params(SubElement(profile, "settings"), values)


def _profile(parent: Element, entry: str, port: int, settings: SwitchSettings, gateways: list[Trunk]) -> None:
    profile = SubElement(parent, "profile", name=entry)
    holder = SubElement(profile, "gateways")
    for trunk in gateways:
        if trunk.address is not None:
            _gateway(holder, trunk, trunk.address)
            if trunk.registration is not None:
                _past_its_registration(holder, trunk)
    values = {**_common(entry, port, settings), **tls_params(entry, settings)}
    if entry in (Entry.CARRIER, Entry.TRUNK):
        values |= _TIMER_B
    if entry != NODE:
        values |= _DELAYED_OFFER
    if entry == Entry.PHONE:
        values |= {
            "auth-calls": True,
            "auth-subscriptions": True,
            "accept-blind-reg": False,
            "accept-blind-auth": False,
            "challenge-realm": settings.domain,
            "force-register-domain": settings.domain,
            "force-register-db-domain": settings.domain,
            "force-subscription-domain": settings.domain,
            "inbound-reg-force-matching-username": True,
            # By TCP and TLS who has registered is called over the connection that the REGISTER came on.
            "tcp-always-nat": True,
            "tls-always-nat": True,
            **nat_params(),
            **late(PHONE_CODECS),
        }
    else:
        values |= {"auth-calls": False, "apply-inbound-acl": f"{entry}-peers", "disable-register": True}
        if entry == NODE:
            # What they offer is what both ends of the call speak; what is not loaded here is left out.
            values |= late(WEBRTC_CODECS)
    written = SubElement(profile, "settings")
    params(written, values)
    if entry == Entry.PHONE:
        candidate_lists(written, settings)


def _common(entry: str, port: int, settings: SwitchSettings) -> dict[str, str | int | bool]:
    """What holds for every profile."""
    return {
        "sip-ip": settings.sip_ip,
        "sip-port": port,
        "rtp-ip": settings.sip_ip,
        "context": entry,
        "dialplan": "XML",
        "user-agent-string": "fernamt",
        "inbound-codec-prefs": _CODECS,
        "outbound-codec-prefs": _CODECS,
        "inbound-codec-negotiation": "generous",
        "dtmf-type": "rfc2833",
        "rfc2833-pt": 101,
        "rtp-timer-name": "soft",
        "caller-id-type": "pid",
        # The connected number is not told back (COLR, TDDDG §15(1)): FreeSWITCH would make up a
        # Remote-Party-ID of the leg it made, a phone's user name among others.
        "pass-callee-id": False,
        "manage-presence": False,
        # Customers' phones and trunks may transfer (REFER) and redirect (3xx) their calls: both send the
        # other party through our dialplan. A carrier may neither. Without manual-redirect FreeSWITCH follows
        # a 3xx to any host; of a REFER that replaces a call which is not ours it asks the section "channels".
        # Another node passes on what a phone of it wants.
        "disable-transfer": entry == Entry.CARRIER,
        "manual-redirect": True,
        "channel-xml-fetch-on-nightmare-transfer": True,
        "enable-100rel": False,
        **_SESSION_TIMERS,
        "nonce-ttl": 60,
        # Its line comes with every challenge, thus with each call of a phone, and has the dialled number
        # (read: sofia_reg.c). The guard goes by the event sofia::register_failure, which comes all the same.
        "log-auth-failures": False,
    }


def _gateway(parent: Element, trunk: Trunk, address: SipAddress) -> None:
    registration = trunk.registration
    name = gateway_name(trunk) if registration is None else registering(trunk.id)
    gateway = SubElement(parent, "gateway", name=name)
    params(
        gateway,
        {
            "proxy": str(address),
            "realm": address.host,
            "from-domain": address.host,
            "register": registration is not None,
            "register-transport": address.transport.value,
            "username": registration.user if registration else trunk.id,
            "password": registration.credentials.password if registration else "",
            **(_registering(registration, address) if registration else {}),
            "caller-id-in-from": True,
            "retry-seconds": _ASKED_AGAIN_S,
            # A call to our Contact (user gw+NAME) has its number in To; else our user name would be called.
            "extension": "auto",
        },
    )
    if trunk.ping_s is not None and registration is None:
        # Never down for FreeSWITCH, which would refuse its calls: we judge by each answer (gateway_state.py).
        params(gateway, {"ping": trunk.ping_s, "ping-min": 0, "ping-max": 1, "ping-monitoring": True})


def _past_its_registration(holder: Element, trunk: Trunk) -> None:
    """The gateway just written once more, without registration: our calls take this one. To a gateway whose
    REGISTER failed, if only because one answer was lost, FreeSWITCH makes no call at all (GATEWAY_DOWN; read:
    mod_sofia.c, sofia_reg.c), and an emergency call must be tried whatever is known (decision 0010). Its
    Contact has the user that was registered: carriers compare. A call to the Contact is known by the name in
    it (read: sofia_handle_sip_i_invite), so the one that registers keeps its own there."""
    gateway = deepcopy(holder[-1])
    gateway.set("name", gateway_name(trunk))
    own: Mapping[str, str | int | bool] = {
        "register": False,
        "extension": f"gw+{registering(trunk.id)}",
        "extension-in-contact": True,
    }
    for param in [each for each in gateway if each.get("name") in own]:
        gateway.remove(param)
    params(gateway, own)
    holder.append(gateway)


def _registering(registration: Registration, address: SipAddress) -> Mapping[str, str | int | bool]:
    """What a gateway that registers has beside or instead. FreeSWITCH's `proxy` is the Request-URI of
    REGISTER and stands behind the number of calls; `register-proxy` and `outbound-proxy` are where these are
    sent. The realm of a challenge is of no account: a gateway's requests are answered with its own
    credentials (read: sofia_reg_handle_sip_r_challenge)."""
    found: dict[str, str | int | bool] = {
        "auth-username": registration.credentials.username,
        "expire-seconds": registration.expires_s,
    }
    if registration.domain is not None:
        domain = url_host(registration.domain)
        found |= {"proxy": domain, "realm": domain, "from-domain": domain}
        transport = "" if address.transport is Transport.UDP else f";transport={address.transport.value}"
        found |= dict.fromkeys(("register-proxy", "outbound-proxy"), f"{address}{transport}")
    if network := _network_of(address.host):
        # Whose challenges are answered. By itself FreeSWITCH asks the DNS for the domain at each of them,
        # while all SIP of the profile waits, and knows no IPv6 address again (read: is_host_from_gateway).
        found["gw-auth-acl"] = network
    return found


def _network_of(host: str) -> str | None:
    """An IP address as a network of one (CIDR); None for a name."""
    try:
        return str(ipaddress.ip_network(host))
    except ValueError:
        return None


def acl(snapshot: Snapshot, settings: SwitchSettings) -> Element:
    """acl.conf: who may send calls to the carrier, trunk and node profiles at all, others get 403; and which
    phones are behind a NAT."""
    root = configuration("acl", "network lists")
    lists = SubElement(root, "network-lists")
    for entry, side in SIDES.items():
        addresses = sorted(
            {peer.ip for trunk in snapshot.trunks.values() if trunk.side is side for peer in trunk.peers}
        )
        holder = SubElement(lists, "list", name=peers_name(entry), default="deny")
        if codecs_at(snapshot, entry):
            # First: of two entries for one address the one that came first is found.
            SubElement(holder, "node", type="allow", domain=peers_name(entry))
        _allow(holder, addresses)
    _nodes(lists, INSIDE, inside(settings))
    if snapshot.teams is not None:
        _nodes(lists, f"{Entry.TEAMS}-peers", (("allow", cidr) for cidr in snapshot.teams.networks))
    if settings.other_nodes:
        holder = SubElement(lists, "list", name=f"{NODE}-peers", default="deny")
        _allow(holder, sorted({door.ip for door in settings.other_nodes}))
    if controllers := admitted(settings):
        _nodes(lists, CONTROLLERS, (("allow", cidr) for cidr in controllers))
    return root


def _allow(holder: Element, addresses: list[str]) -> None:
    for ip in addresses:
        SubElement(holder, "node", type="allow", cidr=f"{ip}/{128 if ':' in ip else 32}")


def _nodes(lists: Element, name: str, nodes: Iterable[tuple[str, str]]) -> None:
    holder = SubElement(lists, "list", name=name, default="deny")
    for type_, cidr in nodes:
        SubElement(holder, "node", type=type_, cidr=cidr)


def directory(snapshot: Snapshot, settings: SwitchSettings, emergency: StaticEmergency) -> Element:
    """The phones, and customers' systems that log in: digest hash instead of the password, and their
    emergency calls without a controller."""
    domain = Element("domain", name=settings.domain)
    groups = SubElement(domain, "groups")
    users = SubElement(SubElement(groups, "group", name="phones"), "users")
    for phone in snapshot.phones.values():
        _phone(users, phone, settings, emergency)
    for trunk in snapshot.trunks.values():
        if trunk.login is not None and trunk.customer_id is not None:
            urgent = emergency.trunk_variables(trunk, trunk.customer_id)
            user = _user(users, trunk.login, settings)
            variables(user, {LOGGED_IN: trunk.id, **_BEHIND_NAT, **of_system(trunk.codecs), **urgent})
    return domain


def _user(parent: Element, credentials: Credentials, settings: SwitchSettings) -> Element:
    user = SubElement(parent, "user", id=credentials.username)
    secret = f"{credentials.username}:{settings.domain}:{credentials.password}"
    a1_hash = hashlib.md5(secret.encode(), usedforsecurity=False).hexdigest()  # RFC 2617 A1
    params(SubElement(user, "params"), {"a1-hash": a1_hash})
    return user


def _phone(parent: Element, phone: Phone, settings: SwitchSettings, emergency: StaticEmergency) -> None:
    user = _user(parent, phone.credentials, settings)
    values = {
        "fernamt_phone": phone.id,
        "fernamt_customer": phone.customer_id,
        **of_phone(phone),
    }
    variables(user, values | emergency.phone_variables(phone))


def no_foreign_calls() -> Element:
    """The answer to a REFER that replaces a call which is not ours (read: sofia_handle_sip_i_refer):
    FreeSWITCH would call the REFER's own address, past every rule; so it gets one that always fails."""
    holder = Element("params")
    SubElement(holder, "param", name="dial-prefix", value="error/")
    SubElement(holder, "param", name="absolute-dial-string", value="CALL_REJECTED")
    return holder
