"""The node's certificate: put where FreeSWITCH reads it, and watched."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from cryptography import x509

from cli.settings import Settings, TlsEntry
from cli.times import shown
from dialplan.carrier import Transport
from freeswitch.render.certificates import Certificate, described, read_certificate, write_certificates
from provisioning.schema import Config

#: An authority's automatic renewal comes 30 days before the end; a person's order takes a week.
_SOON: Final = timedelta(days=21)
_CONNECT_S: Final = 2.0
_RENEW: Final = "Renew it, then fernamt freeswitch render and restart the node's SIP profiles: docs/trunks.md"


@dataclass(frozen=True, slots=True)
class CertificateState:
    """What `fernamt doctor` says of the certificate."""

    state: Literal["ok", "warning", "fault"]
    seen: str
    next_step: str = ""


def certificates_dir(settings: Settings) -> Path:
    """Where FreeSWITCH reads certificates and keys from."""
    return settings.state_dir.absolute() / "tls"


def install_certificates(settings: Settings) -> None:
    """Put the configured certificate where the node reads it. Raises CertificateUnusable."""
    tls = settings.node.tls
    if tls is not None:
        write_certificates(certificates_dir(settings), tls.certificate, tls.key, tls.authorities)


def certificate_state(settings: Settings, config: Config, at: datetime) -> CertificateState:
    """Whether there is one where one is needed, whether it holds, and whether the node shows it.

    Raises CertificateUnusable.
    """
    tls = settings.node.tls
    if tls is None:
        wanting = next(_wanting(config), None)
        if wanting is None:
            return CertificateState("ok", "none is needed")
        return CertificateState(
            "fault", f"none, and {wanting} needs one", "Name it: node.tls in the settings"
        )
    own = read_certificate(tls.certificate)
    seen = f"for {', '.join(own.names[:3]) or 'no host name'}, until {shown(own.not_after)}"
    if at >= own.not_after:
        return CertificateState("fault", f"expired {shown(own.not_after)}: peers hang up on us", _RENEW)
    if at < own.not_before:
        step = "Set the clock right, or wait"
        return CertificateState("fault", f"not valid before {shown(own.not_before)}", step)
    if missing := [each for each in _names(config) if not own.covers(each)]:
        said = f"{seen}; not for {', '.join(missing[:3])}: Teams refuses our calls"
        return CertificateState("fault", said, "Have one made with all names that Teams knows us by")
    return _at_the_node(settings, tls, own, seen) or _by_its_end(own, at, seen)


def _by_its_end(own: Certificate, at: datetime, seen: str) -> CertificateState:
    if own.not_after - at < _SOON:
        days = (own.not_after - at).days
        return CertificateState("warning", f"{seen}: {days} days are left", _RENEW)
    return CertificateState("ok", seen)


def _at_the_node(settings: Settings, tls: TlsEntry, own: Certificate, seen: str) -> CertificateState | None:
    """What the node shows to those who connect; the lab switch speaks no TLS."""
    node = settings.node
    if node.program == "lab":
        return None
    for port in (node.ports.trunk_tls, node.ports.wss):
        try:
            there = shown_certificate((node.sip_ip, port))
        except OSError as error:
            step = f"See whether the node runs, and its log about {tls.certificate}"
            return CertificateState("fault", f"{seen}; port {port} does not speak TLS: {error}", step)
        if there.fingerprint != own.fingerprint:
            said = f"{seen}; port {port} still shows the one until {shown(there.not_after)}"
            return CertificateState("warning", said, _RENEW.removeprefix("Renew it, then "))
    return None


def shown_certificate(address: tuple[str, int]) -> Certificate:
    """The certificate that somebody shows there, whatever it is worth. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(address, timeout=_CONNECT_S) as plain,
        context.wrap_socket(plain) as connection,
    ):
        found = connection.getpeercert(binary_form=True)
    if found is None:
        raise OSError("no certificate was shown")
    return described(x509.load_der_x509_certificate(found))


def _names(config: Config) -> Iterator[str]:
    """The host names that Microsoft looks for."""
    if config.carrier.teams is not None:
        yield config.carrier.teams.fqdn
        for customer in config.customers:
            yield from (each.fqdn for each in customer.teams_trunks)


def _wanting(config: Config) -> Iterator[str]:
    """What cannot work without a certificate."""
    trunks = [*config.carrier.trunks, *(each for customer in config.customers for each in customer.trunks)]
    for trunk in trunks:
        if trunk.address.transport is Transport.TLS:
            yield f"trunk {trunk.id} by TLS"
    if config.carrier.teams is not None:
        yield "carrier.teams"
    for customer in config.customers:
        for phone in customer.phones:
            if phone.webrtc:
                yield f"phone {phone.id} (webrtc)"
