"""A renewed certificate is taken over by a running FreeSWITCH; no call and no connection ends (issue 7)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.wiring.certificates import shown_certificate
from freeswitch.certificates import read_certificate
from lab.robots import Answer
from tests.e2e.exchange import eventually, switch_missing
from tests.e2e.network.conftest import CARRIER, Encrypted, encrypted_exchange
from tests.e2e.network.tls_gate import client_side

pytestmark = pytest.mark.freeswitch
#: Forward secrecy, and not what BSI TR-02102-2 wants besides.
CBC = "ECDHE-ECDSA-AES128-SHA256"
OPTIONS = (
    "OPTIONS sip:127.0.0.1;transport=tls SIP/2.0\r\n"
    "Via: SIP/2.0/TLS 127.0.0.1:5099;branch=z9hG4bKcertificate;rport\r\n"
    "From: <sip:peer@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\n"
    "Call-ID: certificate\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)


@pytest.fixture(scope="module")
def renewing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    """An exchange of its own: others count on their certificate."""
    if missing := switch_missing("freeswitch"):
        pytest.skip(missing)
    with encrypted_exchange(tmp_path_factory.mktemp("renewing"), CARRIER) as found:
        yield found


def test_a_renewed_certificate_is_shown_and_nothing_ends(renewing: Encrypted) -> None:
    settings, ports = renewing.running.settings, renewing.ports
    tls = settings.node.tls
    assert tls is not None
    listening = [ports.carrier_tls, ports.trunk_tls, ports.phone_tls, ports.wss, ports.teams]
    renewing.stage.robot("carrier-a").on_call(Answer(after_ms=20))
    talks = renewing.stage.call("tisch", "015228817386", talk_ms=60_000)
    talks.wait("answered", 15)
    with connected_by_tls(renewing, ports.trunk_tls) as held:
        before = read_certificate(tls.certificate)
        assert not takes(CBC, ports.trunk_tls)
        names = ["sbc.teams.carrier.example", "*.teams.carrier.example", "127.0.0.1"]
        renewed = renewing.authority.sign("renewed", names)
        Path(tls.certificate).write_bytes(renewed.certificate.read_bytes())
        Path(tls.key).write_bytes(renewed.key.read_bytes())
        told = renewing.running.run("node", "certificate", "--actor", "op")
        assert "node-1 shows the certificate until" in told
        wanted = read_certificate(tls.certificate).fingerprint
        assert wanted != before.fingerprint

        def shown() -> set[str]:
            return {shown_certificate(("127.0.0.1", port)).fingerprint for port in listening}

        eventually(lambda: shown() == {wanted}, 10, "every port to show the new one")
        # docs/trunks.md tells operators: until the profiles start again.
        assert takes(CBC, ports.trunk_tls)
        held.sendall(OPTIONS.encode())
        assert held.recv(4096).startswith(b"SIP/2.0 ")
    assert talks.report().ended_ms is None
    talks.hangup()
    assert talks.wait("ended", 10).final_code == 200
    found = next(each for each in renewing.running.doctor() if each["name"] == "certificate")
    assert found["state"] == "ok"


def takes(cipher: str, port: int) -> bool:
    """Whether the port speaks TLS 1.2 with this cipher and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(cipher)
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain),
        ):
            return True
    except ssl.SSLError:
        return False


def connected_by_tls(renewing: Encrypted, port: int) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    return client_side(renewing.authority.file).wrap_socket(plain)
