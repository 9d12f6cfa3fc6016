"""The node's certificate: put where FreeSWITCH reads it, and watched."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from cryptography import x509
from gevent import sleep

from cli.errors import CertificateNotTaken
from cli.settings import Settings, TlsEntry
from cli.times import shown
from cli.wiring.this_machine import certificates_dir
from dialplan.carrier import Transport
from freeswitch.certificates import Certificate, described, read_certificate, write_certificates
from freeswitch.errors import CertificateUnusable

if TYPE_CHECKING:
    from provisioning.schema import Config

#: An authority's automatic renewal comes 30 days before the end; a person's order takes a week.
_SOON: Final = timedelta(days=21)
_CONNECT_S: Final = 2.0
_RENEW: Final = "Renew it, then fernamt node certificate: docs/trunks.md"
#: The node reads its files in the background.
_SHOWN_WITHIN_S: Final = 10.0
_LOOK_S: Final = 0.2
#: A handshake with the node each minute is enough for what counts days.
_ASK_AGAIN_S: Final = 60.0
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CertificateState:
    """What `fernamt doctor` says of the certificate."""

    state: Literal["ok", "warning", "fault"]
    seen: str
    next_step: str = ""


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


def configured_certificate(settings: Settings) -> Certificate:
    """The one that the settings name. Raises CertificateUnusable; CertificateNotTaken without one."""
    tls = settings.node.tls
    if tls is None:
        raise CertificateNotTaken(
            "there is no certificate: name it, node.tls in the settings (docs/trunks.md)"
        )
    return read_certificate(tls.certificate)


def take_over(settings: Settings, order: Callable[[], str]) -> Certificate:
    """Put the configured certificate in place and see that the running node shows it to who connects from now
    on; calls and connections go on. `order` has the node read its files again; its answer.

    Raises CertificateUnusable (nothing changed), CertificateNotTaken (the files are in place).
    """
    own, node = configured_certificate(settings), settings.node
    install_certificates(settings)
    if node.program == "lab":
        return own
    answer = order().strip()
    if not answer.startswith("+OK"):
        raise CertificateNotTaken(
            f"the files are in place, but this FreeSWITCH does not read them while it runs ({answer[:100]}): "
            f"fernamt node drain {node.name} --wait 3600, then start it anew"
        )
    deadline = time.monotonic() + _SHOWN_WITHIN_S
    for port in (node.ports.carrier_tls, node.ports.trunk_tls, node.ports.phone_tls, node.ports.wss):
        while not _shows(own, (node.sip_ip, port)):
            if time.monotonic() > deadline:
                raise CertificateNotTaken(
                    f"port {port} of {node.name} does not show the new certificate: see FreeSWITCH's log, "
                    "and whether it runs with -certs of this directory: " + str(certificates_dir(settings))
                )
            sleep(_LOOK_S)
    return own


def _shows(own: Certificate, address: tuple[str, int]) -> bool:
    try:
        return shown_certificate(address).fingerprint == own.fingerprint
    except OSError:
        return False


class CertificateDays:
    """Days until the certificate in the settings ends (`file`) and the one that the node shows (`node`)."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._asked_at_s = float("-inf")
        self._ends: dict[str, datetime] = {}

    def left(self) -> Mapping[str, float]:
        """Less than nothing where it has ended; who cannot be asked is left out."""
        if time.monotonic() - self._asked_at_s > _ASK_AGAIN_S:
            self._ends, self._asked_at_s = dict(self._looked()), time.monotonic()
        return {where: (ends - self._clock()) / _DAY for where, ends in self._ends.items()}

    def _looked(self) -> Iterator[tuple[str, datetime]]:
        node = self._settings.node
        if node.tls is None:
            return
        with suppress(CertificateUnusable):
            yield "file", read_certificate(node.tls.certificate).not_after
        if node.program != "lab":
            with suppress(OSError):
                yield "node", shown_certificate((node.sip_ip, node.ports.trunk_tls)).not_after


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
        if trunk.address is not None and trunk.address.transport is Transport.TLS:
            yield f"trunk {trunk.id} by TLS"
    if config.carrier.teams is not None:
        yield "carrier.teams"
    for customer in config.customers:
        for phone in customer.phones:
            if phone.webrtc:
                yield f"phone {phone.id} (webrtc)"
