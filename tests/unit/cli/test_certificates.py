"""The node's certificate: put in place, and watched before it ends (issue 7: expired certificates)."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.errors import CertificateNotTaken
from cli.settings import Settings, settings_from
from cli.wiring.certificates import CertificateDays, certificate_state, install_certificates, take_over
from cli.wiring.this_machine import certificates_dir
from freeswitch.errors import CertificateUnusable
from provisioning.load import load_documents
from provisioning.schema import Config
from tests.certificates import Authority, Signed
from tests.unit.provisioning.conftest import CARRIER, CUSTOMERS

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def with_certificate(tmp_path: Path, authority: Authority) -> Callable[[Signed | None], Settings]:
    def settings(signed: Signed | None) -> Settings:
        node: dict[str, object] = {
            "program": "lab",
            "event_socket_password": {"lab": "geheim"},
            "cdr_dir": str(tmp_path / "cdr"),
        }
        if signed is not None:
            node["tls"] = {
                "certificate": str(signed.certificate),
                "key": str(signed.key),
                "authorities": str(authority.file),
            }
        tree = {"state_dir": str(tmp_path), "carrier": [str(tmp_path)], "node": node}
        return settings_from(json.dumps(tree), "settings.yaml")

    return settings


def config(*changes: tuple[str, str]) -> Config:
    text = CARRIER + CUSTOMERS
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return load_documents([("a.yaml", text.encode())]).config


Made = Callable[[Signed | None], Settings]


def test_a_certificate_is_written_for_its_owner_alone_with_its_key(
    with_certificate: Made, authority: Authority
) -> None:
    signed = authority.sign("node", ["sbc.carrier.example"])
    settings = with_certificate(signed)
    install_certificates(settings)
    directory = certificates_dir(settings)
    for name in ("agent.pem", "wss.pem", "dtls-srtp.pem"):
        text = (directory / name).read_text()
        assert text == signed.key.read_text() + signed.certificate.read_text()
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600
    assert (directory / "cafile.pem").read_text() == authority.file.read_text()


def test_another_ones_key_is_refused_and_what_was_there_stays(
    with_certificate: Made, authority: Authority
) -> None:
    good = authority.sign("good", ["sbc.carrier.example"])
    install_certificates(with_certificate(good))
    mixed = Signed(good.certificate, authority.sign("other", ["other.example"]).key)
    settings = with_certificate(mixed)
    with pytest.raises(CertificateUnusable, match="is not that of the certificate"):
        install_certificates(settings)
    assert good.key.read_text() in (certificates_dir(settings) / "agent.pem").read_text()


@pytest.mark.parametrize("text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_file_that_is_no_certificate_is_named(
    with_certificate: Made, authority: Authority, tmp_path: Path, text: str
) -> None:
    signed = authority.sign("node", ["sbc.carrier.example"])
    wrong = tmp_path / "wrong.pem"
    wrong.write_text(text)
    with pytest.raises(CertificateUnusable, match=r"wrong\.pem holds no certificate"):
        install_certificates(with_certificate(Signed(wrong, signed.key)))
    with pytest.raises(CertificateUnusable, match="cannot be read: No such file"):
        install_certificates(with_certificate(Signed(tmp_path / "nowhere.pem", signed.key)))


@pytest.mark.parametrize(
    ("begins_days", "ends_days", "state", "seen"),
    [
        (-10, 60, "ok", "for sbc.carrier.example, until 2027-01-21"),
        (-10, 20, "warning", "20 days are left"),
        (-10, -1, "fault", "expired 2026-11-21 13:00:00: peers hang up on us"),
        (1, 60, "fault", "not valid before 2026-11-23"),
    ],
)
def test_the_end_of_a_certificate_is_told_in_time(
    with_certificate: Made, authority: Authority, begins_days: int, ends_days: int, state: str, seen: str
) -> None:
    signed = authority.sign(
        "node",
        ["sbc.carrier.example"],
        begins=NOW + timedelta(days=begins_days),
        ends=NOW + timedelta(days=ends_days),
    )
    found = certificate_state(with_certificate(signed), config(), NOW)
    assert found.state == state
    assert seen in found.seen
    assert (found.next_step == "") == (state == "ok")


def test_without_a_certificate_it_matters_whether_somebody_wants_one(with_certificate: Made) -> None:
    settings = with_certificate(None)
    assert certificate_state(settings, config(), NOW).state == "ok"
    wanting = config(('192.0.2.11:5060", ', '192.0.2.11:5061/tls", '))
    found = certificate_state(settings, wanting, NOW)
    assert (found.state, found.seen) == ("fault", "none, and trunk carrier-b by TLS needs one")
    browser = config(("secret: {lab: geheim}}", "secret: {lab: geheim}, webrtc: true}"))
    assert "phone phone-1 (webrtc)" in certificate_state(settings, browser, NOW).seen


def test_a_certificate_that_is_not_for_our_name_at_teams_is_a_fault(
    with_certificate: Made, authority: Authority
) -> None:
    """Microsoft hangs up where the certificate has not the name of the Contact (field-notes.md, Teams)."""
    teams = config(
        ("  trunks:\n", "  teams: {fqdn: sbc.teams.carrier.example}\n  trunks:\n"),
        (
            "    sites:\n",
            "    teams_trunks: [{id: t, tenant_id: 00000000-0000-4000-8000-000000000001, "
            "fqdn: bau.teams.carrier.example}]\n    sites:\n",
        ),
    )
    span = {"begins": NOW - timedelta(days=1), "ends": NOW + timedelta(days=80)}
    one = authority.sign("one", ["sbc.teams.carrier.example"], **span)
    found = certificate_state(with_certificate(one), teams, NOW)
    assert found.state == "fault"
    assert "not for bau.teams.carrier.example" in found.seen
    star = authority.sign("star", ["*.teams.carrier.example"], **span)
    assert certificate_state(with_certificate(star), teams, NOW).state == "ok"


def test_days_are_counted_until_the_end_and_below_nothing_after_it(
    with_certificate: Made, authority: Authority, tmp_path: Path
) -> None:
    span = {"begins": NOW - timedelta(days=80), "ends": NOW + timedelta(days=10, hours=12)}
    settings = with_certificate(authority.sign("short", ["sbc.carrier.example"], **span))
    moments = iter((NOW, NOW + timedelta(days=11)))
    days = CertificateDays(settings, lambda: next(moments))
    assert days.left() == {"file": 10.5}
    assert days.left() == {"file": -0.5}
    assert CertificateDays(with_certificate(None), lambda: NOW).left() == {}
    broken = Signed(tmp_path / "nowhere.pem", tmp_path / "nowhere.key")
    assert CertificateDays(with_certificate(broken), lambda: NOW).left() == {}


def test_a_certificate_that_cannot_be_used_is_not_put_in_place(
    with_certificate: Made, authority: Authority, tmp_path: Path
) -> None:
    good = authority.sign("first", ["sbc.carrier.example"])
    assert take_over(with_certificate(good), lambda: "").names == ("sbc.carrier.example",)
    before = (certificates_dir(with_certificate(good)) / "agent.pem").read_bytes()
    mixed = Signed(good.certificate, authority.sign("second", ["other.example"]).key)
    with pytest.raises(CertificateUnusable):
        take_over(with_certificate(mixed), lambda: "+OK")
    with pytest.raises(CertificateNotTaken, match=r"node\.tls"):
        take_over(with_certificate(None), lambda: "+OK")
    assert (certificates_dir(with_certificate(good)) / "agent.pem").read_bytes() == before


def test_a_freeswitch_that_cannot_read_them_while_it_runs_is_to_be_drained(
    with_certificate: Made, authority: Authority
) -> None:
    settings = with_certificate(authority.sign("old", ["sbc.carrier.example"]))
    external = settings.model_copy(update={"node": settings.node.model_copy(update={"program": "external"})})
    with pytest.raises(CertificateNotTaken, match="fernamt node drain node-1"):
        take_over(external, lambda: "-ERR reloadcert Command not found!\n")
