"""HTTP with TLS to a real server of 127.0.0.1: bounded, verified, never redirected."""

from __future__ import annotations

import itertools
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from teams.errors import AccessUnusable, NoAnswer
from teams.transport import HttpTransport, Paced, Request, Response
from tests.lab.operator_connect import Fault, Simulator
from tests.lab.operator_connect_server import served

ASK = Request("GET", "/consents")


def certificate(directory: Path, name: str) -> tuple[Path, Path]:
    """Of a server called `name`, signed by itself: certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Beispiel")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = directory / f"{name}.pem", directory / f"{name}.key"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return chain, private


def tls(chain: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


def test_a_request_goes_below_the_base_address() -> None:
    simulator = Simulator()
    with served(simulator) as url:
        transport = HttpTransport(url, time.monotonic)
        answer = transport.send(ASK)
        transport.close()
    assert answer.status == 401
    assert b"InvalidToken" in answer.body
    assert simulator.requests[0].path == "/consents"


def test_a_connection_that_is_cut_is_no_answer_and_the_next_request_works() -> None:
    simulator = Simulator()
    simulator.faults.append(Fault.ANSWER_LOST)
    with served(simulator) as url:
        transport = HttpTransport(url, time.monotonic)
        with pytest.raises(NoAnswer, match=r"127\.0\.0\.1"):
            transport.send(ASK)
        assert transport.send(ASK).status == 401
        transport.close()


def test_nobody_listening_is_no_answer() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        transport = HttpTransport(f"http://127.0.0.1:{held.getsockname()[1]}", time.monotonic)
        with pytest.raises(NoAnswer):
            transport.send(ASK)
        transport.close()


def test_a_certificate_is_believed_only_from_who_is_trusted_and_for_its_name(tmp_path: Path) -> None:
    right, wrong = certificate(tmp_path, "localhost"), certificate(tmp_path, "elsewhere.example")
    with served(Simulator(), tls(*right)) as here:
        url = here.replace("127.0.0.1", "localhost")
        trusting = HttpTransport(url, time.monotonic, right[0])
        assert trusting.send(ASK).status == 401
        trusting.close()
        for ca_file in (None, wrong[0]):
            with pytest.raises(NoAnswer, match="certificate"):
                HttpTransport(url, time.monotonic, ca_file).send(ASK)
    with served(Simulator(), tls(*wrong)) as here:
        url = here.replace("127.0.0.1", "localhost")
        with pytest.raises(NoAnswer, match="certificate"):
            HttpTransport(url, time.monotonic, wrong[0]).send(ASK)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "ftp://127.0.0.1",
        "https://",
        "",
        "https://user:secret@api.example.com",
        "https://api.example.com?x=1",
        "https://api.example.com:99999",
    ],
)
def test_an_address_without_tls_or_of_no_use_is_refused(url: str) -> None:
    with pytest.raises(AccessUnusable) as refused:
        HttpTransport(url, time.monotonic)
    assert "secret" not in str(refused.value)


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for path in (empty, tmp_path / "missing.pem"):
        with pytest.raises(AccessUnusable, match=path.name):
            HttpTransport("https://api.example.com", time.monotonic, path)


def test_requests_are_not_sent_faster_than_agreed() -> None:
    moments = itertools.count()
    waited: list[float] = []

    class Door:
        def send(self, request: Request) -> Response:
            return Response(200, {}, b"")

    paced = Paced(Door(), 0.25, lambda: float(next(moments)), waited.append)
    for _ in range(3):
        paced.send(ASK)
    assert waited == [3.0, 6.0]
