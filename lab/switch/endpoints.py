"""Where an endpoint of a dial string leads: gateway, address, registered phone, directory user, error."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aiosipua.headers import parse_uri

from lab.switch.causes import Cause, cause_named
from lab.switch.channel import Channel
from lab.switch.dialstring import LegSpec, parse_dial_string
from lab.switch.sip.building import is_ip
from lab.switch.sip.outgoing import Target
from lab.switch.sip.wire import Address

if TYPE_CHECKING:
    from lab.switch.core import Switch
    from lab.switch.sip.endpoint import SipProfile


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint that can be called. `number` is the new channel's destination number."""

    profile: SipProfile
    target: Target
    number: str
    variables: tuple[tuple[str, str], ...] = ()


def resolve(switch: Switch, spec: LegSpec, caller: Channel | None) -> Iterable[Route] | Cause:
    """The routes of a leg (a directory user may have several), or the cause why there is none."""
    kind, _, rest = spec.endpoint.partition("/")
    match kind:
        case "sofia":
            found = _sofia(switch, rest)
            if isinstance(found, Route):
                found = _sent_over(found, dict(spec.variables).get("sip_route_uri"))
            return found if isinstance(found, Cause) else (found,)
        case "user":
            return _user(switch, rest, caller)
        case "error":
            return cause_named(rest)
        case _:
            return Cause.CHAN_NOT_IMPLEMENTED


def _sent_over(route: Route, uri: str | None) -> Route | Cause:
    """Where the variable `sip_route_uri` says, whatever else is known (sofia_glue_do_invite). By TLS the lab
    cannot, and finds nobody there."""
    if uri is None:
        return route
    where = parse_uri(uri)
    transport = str(where.params.get("transport") or "udp").lower()
    if not is_ip(where.host) or transport not in ("udp", "tcp"):
        return Cause.NORMAL_TEMPORARY_FAILURE
    hop = Address(where.host, where.port or 5060, transport)
    return replace(route, target=replace(route.target, hop=hop))


def _sofia(switch: Switch, rest: str) -> Route | Cause:
    if rest.startswith("gateway/"):
        name, slash, number = rest.removeprefix("gateway/").partition("/")
        return _gateway(switch, name, number) if slash and number else Cause.INVALID_URL
    name, slash, destination = rest.partition("/")
    profile = switch.profiles.get(name)
    if not slash or not destination:
        return Cause.INVALID_URL
    if profile is None:
        return Cause.INVALID_PROFILE
    if destination.startswith(("sip:", "sips:")):
        return _address(profile, destination.partition(":")[2])
    if "@" not in destination:
        user, percent, domain = destination.partition("%")
        return _registered(switch, user, domain if percent else name)
    return _address(profile, destination)


def _gateway(switch: Switch, name: str, number: str) -> Route | Cause:
    gateway = switch.gateways.get(name)
    if gateway is None:
        return Cause.INVALID_GATEWAY
    if not gateway.up:
        return Cause.GATEWAY_DOWN
    settings = gateway.settings
    number = number.split(";")[0]
    uri = f"sip:{number}@{settings.proxy}" if "@" not in number else f"sip:{number}"
    with_transport = uri if settings.transport == "udp" else f"{uri};transport={settings.transport}"
    target = Target(with_transport, uri, gateway.hop, settings)
    return Route(gateway.profile, target, number, (("sip_gateway_name", name),))


def _registered(switch: Switch, user: str, domain: str) -> Route | Cause:
    found = switch.registrar.find(user, domain)
    if found is None:
        return Cause.USER_NOT_REGISTERED
    profile = switch.profiles.get(found.profile)
    if profile is None:
        return Cause.USER_NOT_REGISTERED
    target = Target(found.contact, found.contact, found.reach, sticky=found.at_source)
    return Route(profile, target, user, (("sip_local_url", f"{user}@{domain}"),))


def _address(profile: SipProfile, destination: str) -> Route | Cause:
    uri = parse_uri(f"sip:{destination}")
    transport = str(uri.params.get("transport") or "udp").lower()
    if not is_ip(uri.host) or transport not in ("udp", "tcp"):
        return Cause.DESTINATION_OUT_OF_ORDER  # the lab resolves no names: it stays on loopback
    target = Target(
        f"sip:{destination}", f"sip:{destination}", Address(uri.host, uri.port or 5060, transport)
    )
    return Route(profile, target, uri.user or "")


def _user(switch: Switch, rest: str, caller: Channel | None) -> Iterable[Route] | Cause:
    name, _, domain = rest.partition("@")
    domain = domain or (caller.get("domain_name") if caller else "") or ""
    user = switch.config.find_user(name, domain)
    if user is None:
        return Cause.SUBSCRIBER_ABSENT
    text = user.params.get("dial-string")
    if not text:
        return Cause.MANDATORY_IE_MISSING
    values = {"dialed_user": name, "dialed_domain": domain}
    expanded = switch.expand_for(caller, text, values)
    routes: list[Route] = []
    cause = Cause.NONE
    dial = parse_dial_string(expanded)
    for spec in dial.alternatives[0]:
        if spec.endpoint.startswith("user/"):
            return Cause.EXCHANGE_ROUTING_ERROR
        found = resolve(switch, spec, caller)
        if isinstance(found, Cause):
            cause = found
            continue
        extra = (*dial.variables, *spec.variables, *values.items())
        routes += [Route(each.profile, each.target, each.number, each.variables + extra) for each in found]
    return routes or cause
