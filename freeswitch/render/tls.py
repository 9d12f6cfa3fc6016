"""TLS, WSS and DTLS-SRTP of the SIP profiles: versions, certificates, who is checked, ICE."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Final
from xml.etree.ElementTree import Element

from dialplan.call import Entry
from freeswitch.render.xml import params
from freeswitch.settings import SwitchSettings, TlsSettings

#: BSI TR-02102-2: TLS 1.2 and 1.3, forward secrecy, authenticated encryption. OpenSSL reads it for TLS 1.2.
_VERSIONS: Final = "tlsv1.2,tlsv1.3"
_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"
#: Leaf, two between, root.
_CHAIN: Final = 3
#: What FreeSWITCH's list rfc1918.auto has.
_RFC1918: Final = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))

_PORTS: Final[Mapping[str, Callable[[TlsSettings], int]]] = {
    Entry.CARRIER: lambda tls: tls.carrier_port,
    Entry.TRUNK: lambda tls: tls.trunk_port,
    Entry.PHONE: lambda tls: tls.phone_port,
}


def tls_params(entry: str, settings: SwitchSettings) -> Mapping[str, str | int | bool]:
    """The settings of a profile. Without certificates, and between nodes, nothing listens for TLS."""
    tls = settings.tls
    if tls is None or entry not in _PORTS:
        return {"tls": False}
    found: dict[str, str | int | bool] = {
        "tls": True,
        "tls-sip-port": _PORTS[entry](tls),
        **certificate_params(tls),
        "tls-verify-policy": "out|subjects_out" if tls.verified else "none",
    }
    if entry == Entry.PHONE:
        found["wss-binding"] = f":{tls.wss_port}"
    return found


def certificate_params(tls: TlsSettings) -> Mapping[str, str | int | bool]:
    """What every profile with TLS has alike."""
    return {
        "tls-cert-dir": str(tls.directory),
        "tls-version": _VERSIONS,
        "tls-ciphers": _CIPHERS,
        "tls-verify-date": True,
        "tls-verify-depth": _CHAIN,
    }


def candidate_lists(profile_settings: Element, settings: SwitchSettings) -> None:
    """Where a browser's sound may come from (RFC 8445): public addresses, and what the node itself is in.

    A candidate is the browser's word: without a list anybody could have RTP sent into our own network.
    """
    if settings.tls is None:
        return
    own = ipaddress.ip_address(settings.sip_ip)
    lists = ["wan.auto"]
    if own.is_loopback:
        lists.append("loopback.auto")
    elif own.version == 4 and any(own in network for network in _RFC1918):
        lists.append("rfc1918.auto")
    for name in lists:
        params(profile_settings, {"apply-candidate-acl": name})
