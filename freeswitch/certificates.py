"""The node's certificate for TLS, WSS and DTLS, in the files that FreeSWITCH looks for.

`agent.pem` (SIP over TLS), `wss.pem` (WSS) and `dtls-srtp.pem` (the sound of browsers) are certificate, chain
and key in one file; `cafile.pem` are the authorities that peers' certificates are checked against.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.hashes import SHA256

from freeswitch.errors import CertificateUnusable
from freeswitch.private_files import make_folder, replace_private

_WITH_KEY: Final = ("agent.pem", "wss.pem", "dtls-srtp.pem")
_AUTHORITIES: Final = "cafile.pem"
_MAX_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says: the names it is for, and until when (UTC)."""

    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    fingerprint: str

    def covers(self, host: str) -> bool:
        """Whether it is for this host name (RFC 6125 section 6.4.3: a star stands for one label)."""
        host = host.lower()
        parent = host.partition(".")[2]
        return any(name in (host, f"*.{parent}") for name in self.names)


def read_certificate(path: Path) -> Certificate:
    """The first certificate of a PEM file. Raises CertificateUnusable."""
    try:
        found = x509.load_pem_x509_certificates(_read(path))[0]
    except (ValueError, IndexError) as error:
        raise CertificateUnusable(f"{path} holds no certificate in PEM: {error}") from error
    return described(found)


def described(found: x509.Certificate) -> Certificate:
    """What is of interest of a certificate."""
    try:
        extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = tuple(name.lower() for name in extension.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        names = ()
    return Certificate(
        names,
        found.not_valid_before_utc,
        found.not_valid_after_utc,
        found.fingerprint(SHA256()).hex(),
    )


def write_certificates(directory: Path, certificate: Path, key: Path, authorities: Path) -> None:
    """Put the files where FreeSWITCH reads them, for their owner alone. An expired one is written too: who
    knows nothing of dates connects all the same, and `fernamt doctor` raises the alarm.

    Raises CertificateUnusable when a file cannot be read, or the key is not the certificate's.
    """
    chain, secret = _read(certificate), _read(key)
    try:
        leaf = x509.load_pem_x509_certificates(chain)[0]
    except (ValueError, IndexError) as error:
        raise CertificateUnusable(f"{certificate} holds no certificate in PEM: {error}") from error
    try:
        private = serialization.load_pem_private_key(secret, None)
    except (ValueError, TypeError) as error:
        raise CertificateUnusable(f"{key} holds no private key in PEM, or one with a passphrase") from error
    if _public(private.public_key()) != _public(leaf.public_key()):
        raise CertificateUnusable(f"the key in {key} is not that of the certificate in {certificate}")
    trusted = _read(authorities)
    make_folder(directory, 0o700)
    whole = secret.rstrip() + b"\n" + chain.rstrip() + b"\n"
    for name in _WITH_KEY:
        replace_private(directory / name, whole)
    replace_private(directory / _AUTHORITIES, trusted)


def _public(key: object) -> bytes:
    assert hasattr(key, "public_bytes")  # noqa: S101 - every kind of public key has it
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_bytes(serialization.Encoding.DER, form))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise CertificateUnusable(f"{path} cannot be read: {error.strerror}. See node.tls") from error
    if len(content) > _MAX_BYTES:
        raise CertificateUnusable(f"{path} is larger than {_MAX_BYTES} bytes. See node.tls")
    return content
