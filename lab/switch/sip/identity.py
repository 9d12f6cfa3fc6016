"""Who is calling, as written into an INVITE: From, P-Asserted-Identity, Remote-Party-ID, Privacy.

After mod_sofia: the type comes from sip_cid_type or the profile's caller-id-type, `screen` makes an identity
asserted instead of preferred (RFC 3325, RFC 3323).
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, unquote

from lab.switch.channel import Channel
from lab.switch.config.settings import GatewaySettings, ProfileSettings


def from_header(channel: Channel, settings: ProfileSettings, gateway: GatewaySettings | None) -> str:
    """The From header without a tag."""
    forced = channel.get("sip_force_full_from")
    if forced:
        return _one_line(forced)
    number = channel.profile.caller_id_number
    uri = channel.get("sip_invite_from_uri")
    if uri:
        uri = uri.strip().removeprefix("<").removesuffix(">")
    elif gateway is not None and not gateway.is_on("caller-id-in-from"):
        user = gateway.get("from-user") or gateway.get("username")
        uri = f"sip:{user}@{gateway.get('from-domain') or gateway.proxy}"
    else:
        domain = identity_domain(channel, settings, gateway)
        uri = f"sip:{quote(number, safe='+*#-_.!~')}@{domain}" if number else f"sip:{domain}"
    if not uri.lower().startswith(("sip:", "sips:", "tel:")):
        uri = f"sip:{uri}"
    name = display_name(channel)
    return f'"{name}" <{_one_line(uri)}>' if name else f"<{_one_line(uri)}>"


def display_name(channel: Channel) -> str:
    """The caller's name as it goes into a quoted string: FreeSWITCH decodes percent escapes here."""
    name = channel.profile.caller_id_name
    if not name or name.lower() == "_undef_":
        return ""
    return _one_line(unquote(name)).replace("\\", "").replace('"', "")


def identity_domain(channel: Channel, settings: ProfileSettings, gateway: GatewaySettings | None) -> str:
    wanted = channel.get("sip_invite_domain")
    if not wanted and gateway is not None:
        wanted = gateway.get("from-domain")
    return wanted or settings.sip_ip


def identity_headers(
    channel: Channel, settings: ProfileSettings, gateway: GatewaySettings | None
) -> Iterator[tuple[str, str]]:
    """P-Asserted-Identity or P-Preferred-Identity with Privacy, or Remote-Party-ID, or nothing."""
    profile = channel.profile
    domain = identity_domain(channel, settings, gateway)
    number = _one_line(profile.caller_id_number)
    name = display_name(channel)
    address = f'"{name}" <sip:{number}@{domain}>' if name else f"<sip:{number}@{domain}>"
    kind = channel.get("sip_cid_type") or (gateway.get("cid-type") if gateway else "")
    match (kind or settings.get("caller-id-type", "rpid")).lower():
        case "pid":
            yield ("P-Asserted-Identity" if profile.screen else "P-Preferred-Identity"), address
            if profile.hide_number:
                yield "Privacy", "id"
            elif (channel.get("sip_cid_suppress_privacy_none") or "").lower() != "true":
                yield "Privacy", "none"
        case "none":
            return
        case _:
            privacy = "full" if profile.hide_number else "name" if profile.hide_name else "off"
            screen = "yes" if profile.screen else "no"
            yield "Remote-Party-ID", f"{address};party=calling;screen={screen};privacy={privacy}"


def _one_line(text: str) -> str:
    """Controls would end the header, so they become blanks, as in FreeSWITCH's SIP stack."""
    return "".join(
        " " if ord(character) < 0x20 or ord(character) == 0x7F else character for character in text
    )
