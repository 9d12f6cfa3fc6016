"""Microsoft Teams, played by SIPp behind TLS, against real FreeSWITCH (B1, A4; field-notes.md, Teams)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from lab.robots import Answer
from tests.certificates import Authority
from tests.e2e.exchange import eventually
from tests.e2e.network.conftest import CARRIER, TEAMS_HOSTS, Encrypted, encrypted_exchange
from tests.e2e.network.sipp import Sipp
from tests.e2e.network.tls_gate import Gate, client_side, server_side
from tests.ports import free_port

pytestmark = pytest.mark.freeswitch

TENANT = "00000000-0000-4000-8000-000000000001"
OTHER_TENANT = "00000000-0000-4000-8000-000000000002"
TEAMS_NUMBER = "+492214710150"
OWN_FQDN = "bau.teams.carrier.example"
#: A second trunk, with headers of its own and one place.
SECOND_TENANT = "00000000-0000-4000-8000-000000000003"
SECOND_NUMBER, SECOND_FQDN = "+492214710151", "zwei.teams.carrier.example"
#: A number that is forwarded to it.
FORWARDS = "+492214710160"
ABROAD = "+4915228817386"
_KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj"


#: Nothing but its first bytes of an answer is looked at.
_OPTIONS = b"\r\n".join(
    (
        b"OPTIONS sip:sbc.teams.carrier.example SIP/2.0",
        b"Via: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKheard",
        b"From: <sip:sip.pstnhub.microsoft.com>;tag=heard",
        b"To: <sip:sbc.teams.carrier.example>",
        b"Call-ID: heard@127.0.0.1",
        b"CSeq: 1 OPTIONS",
        b"Max-Forwards: 70",
        b"Content-Length: 0",
        b"",
        b"",
    )
)


@contextmanager
def microsoft(encrypted: Encrypted, scenario: str, folder: Path, host: str, **keys: str) -> Iterator[Sipp]:
    """A server of Microsoft's that plays the scenario when it is called."""
    plain, port = free_port(), encrypted.teams_port(host)
    with (
        Sipp(scenario, folder, plain, gateport=str(port), **keys) as sipp,
        Gate(("127.0.0.1", plain), port=port, accept=server_side(encrypted.microsoft)),
    ):
        yield sipp


@contextmanager
def calling(
    encrypted: Encrypted,
    folder: Path,
    scenario: str,
    *,
    number: str = TEAMS_NUMBER,
    tenant: str = TENANT,
    secure: bool = True,
    called: str = ABROAD,
    formats: str = "8 0",
) -> Iterator[Sipp]:
    """Microsoft calls us."""
    with ExitStack() as held:
        to_us = client_side(encrypted.authority.file, encrypted.microsoft)
        gate = held.enter_context(Gate(("127.0.0.1", encrypted.ports.teams), connect=to_us))
        keys = {"number": number, "tenant": tenant, "called": called, "gateport": str(gate.port)}
        keys["formats"] = formats
        keys |= (
            {"profile": "RTP/SAVP", "crypto": _KEY}
            if secure
            else {"profile": "RTP/AVP", "crypto": "a=ptime:20"}
        )
        yield held.enter_context(Sipp(scenario, folder, free_port(), gate.port, **keys))


def test_a_call_from_teams_reaches_the_public_network_encrypted(encrypted: Encrypted, tmp_path: Path) -> None:
    """B1, B2: the user's own number is vouched for; Contact names our host; SRTP is agreed on."""
    encrypted.stage.robot("carrier-a").on_call(Answer(), ABROAD)
    with calling(encrypted, tmp_path, "teams_calls") as sipp:
        sipp.finished()
        answer = sipp.received("SIP/2.0 200")
    assert "@sbc.teams.carrier.example:" in answer.header("Contact")
    assert "RTP/SAVP" in answer.text
    assert "a=crypto:1 AES_CM_128_HMAC_SHA1_80" in answer.text
    seen = encrypted.stage.received("carrier-a", ABROAD)
    assert TEAMS_NUMBER in "".join(seen.asserted_identities)
    assert TEAMS_NUMBER in seen.from_header
    assert seen.header("X-MS-TenantID") is None


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        pytest.param({"tenant": OTHER_TENANT}, "403", id="an unknown tenant"),
        pytest.param({"number": "+493023125001"}, "403", id="a number of nobody here"),
        pytest.param({"number": "+492214710100"}, "403", id="a number that is not linked to the tenant"),
        pytest.param({"secure": False}, "488", id="sound in clear"),
    ],
)
def test_what_is_not_the_tenants_is_refused(
    encrypted: Encrypted, tmp_path: Path, facts: dict[str, str], code: str
) -> None:
    """A4: number and tenant must match; TC 4.2."""
    with calling(encrypted, tmp_path, f"teams_is_refused_{code}", **facts) as sipp:  # type: ignore[arg-type]
        sipp.finished()
    assert not encrypted.stage.has_received("carrier-a", ABROAD)


@pytest.mark.parametrize("called", ["112", "+112"])
def test_an_emergency_call_gets_through_whatever_its_number(
    encrypted: Encrypted, tmp_path: Path, called: str
) -> None:
    """B8, guarantee 1; Teams' clients may write a +."""
    encrypted.stage.robot("carrier-a").on_call(Answer(), "112")
    with calling(encrypted, tmp_path, "teams_calls", number="+493023125001", called=called) as sipp:
        sipp.finished()
    seen = encrypted.stage.received("carrier-a", "112")
    assert "+492214710100" in "".join(seen.asserted_identities)


def heard(at: tuple[str, int], context: ssl.SSLContext) -> bool:
    """Whether somebody who connects like this gets an answer."""
    try:
        with socket.create_connection(at, 5) as plain, context.wrap_socket(plain) as connection:
            connection.sendall(_OPTIONS)
            return bool(connection.recv(1))
    except OSError:
        return False


def test_nobody_without_a_certificate_is_heard(encrypted: Encrypted, tmp_path: Path) -> None:
    """Microsoft shows one; TLS 1.2 and later alone is spoken."""
    at, authority = ("127.0.0.1", encrypted.ports.teams), encrypted.authority
    assert heard(at, client_side(authority.file, encrypted.microsoft))
    assert not heard(at, client_side(authority.file))
    stranger = Authority(tmp_path).sign("stranger", ["127.0.0.1"])
    assert not heard(at, client_side(authority.file, stranger))
    old = client_side(authority.file, encrypted.microsoft)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    assert not heard(at, old)


def test_a_call_to_teams_rings_for_the_caller_and_is_answered_by_one_of_several(
    encrypted: Encrypted, tmp_path: Path
) -> None:
    """Several 180s with other To tags, a silent 183, then 200: the caller hears the ringing tone of its own
    side. FQDN in Via, Contact and From; "+" in the Request-URI; SRTP offered."""
    with microsoft(encrypted, "teams_rings", tmp_path, "sip") as sipp:
        call = encrypted.stage.call("carrier-a", TEAMS_NUMBER, from_user=ABROAD, talk_ms=300)
        report = call.wait("ended", 20)
        sipp.finished()
        invite = sipp.received("INVITE")
    assert report.final_code == 200
    assert [each.code for each in report.provisionals if each.code > 100] == [180]
    assert not any(each.early_media for each in report.provisionals)
    assert invite.first_line.startswith(f"INVITE sip:{TEAMS_NUMBER}@")
    assert invite.header("Via").startswith("SIP/2.0/TLS sbc.teams.carrier.example:")
    assert f"@{OWN_FQDN}:" in invite.header("Contact")
    assert f"sip:{ABROAD}@{OWN_FQDN}" in invite.header("From")
    assert "RTP/SAVP" in invite.text
    assert "AES_CM_128_HMAC_SHA1_80" in invite.text


def test_the_next_server_is_tried_when_one_is_away_or_says_503(encrypted: Encrypted, tmp_path: Path) -> None:
    """The first is not there at all, the second cannot now, the third takes the call."""
    with (
        microsoft(encrypted, "teams_says_503", tmp_path, "sip2") as cannot,
        microsoft(encrypted, "teams_rings", tmp_path, "sip3") as takes,
    ):
        call = encrypted.stage.call("carrier-a", TEAMS_NUMBER, talk_ms=100)
        assert call.wait("ended", 30).final_code == 200
        cannot.finished()
        takes.finished()


def test_a_user_who_is_busy_is_asked_once(encrypted: Encrypted, tmp_path: Path) -> None:
    """The called party's own word is final: no other server is tried."""
    with (
        microsoft(encrypted, "teams_says_486", tmp_path, "sip") as busy,
        microsoft(encrypted, "teams_rings", tmp_path, "sip2") as other,
    ):
        assert encrypted.stage.call("carrier-a", TEAMS_NUMBER).wait("ended", 20).final_code == 486
        busy.finished()
        assert not any(each.received for each in other.messages())


def test_teams_sends_a_caller_on_to_a_number(encrypted: Encrypted, tmp_path: Path) -> None:
    """REFER is followed, by the rules and at the cost of the customer (guarantee 2)."""
    encrypted.stage.robot("carrier-b").on_call(Answer(), "+4915228817387")
    encrypted.stage.robot("carrier-a").on_call(Answer(), "+4915228817387")
    refer = {
        "referto": "sip:+4915228817387@sip.pstnhub.microsoft.com:5061;transport=tls",
        "referredby": "sip:sip.pstnhub.microsoft.com:5061;x-m=8:orgid:beispiel;x-t=beispiel",
    }
    with microsoft(encrypted, "teams_transfers", tmp_path, "sip", **refer) as sipp:
        call = encrypted.stage.call("carrier-a", TEAMS_NUMBER, from_user=ABROAD, talk_ms=4_000)
        call.wait("answered", 20)
        sipp.finished()

        def went_on() -> bool:
            return any(
                encrypted.stage.has_received(each, "+4915228817387") for each in ("carrier-a", "carrier-b")
            )

        eventually(went_on, 15, "the transferred call to reach a carrier")
        call.wait("ended", 20)


def test_teams_takes_a_call_back_to_send_it_on_within(encrypted: Encrypted, tmp_path: Path) -> None:
    """Microsoft: the new INVITE has the Refer-To as Request-URI, and the Referred-By unchanged."""
    target = f"sip:127.0.0.1:{encrypted.teams_port('sip2')};transport=tls;x-m=8:orgid:0a1b;x-t=0c1d"
    referred_by = "sip:sip.pstnhub.microsoft.com:5061;x-m=8:orgid:9f;x-t=0c1d"
    refer = {"referto": target, "referredby": referred_by}
    with (
        microsoft(encrypted, "teams_transfers", tmp_path, "sip", **refer) as first,
        microsoft(encrypted, "teams_rings", tmp_path, "sip2") as second,
    ):
        call = encrypted.stage.call("carrier-a", TEAMS_NUMBER, from_user=ABROAD, talk_ms=4_000)
        call.wait("answered", 20)
        first.finished()
        invite = second.received("INVITE")
        call.wait("ended", 20)
        second.finished()
    assert invite.first_line == f"INVITE {target} SIP/2.0"
    assert invite.header("Referred-By") == f"<{referred_by}>"
    assert f"sip:{ABROAD}@{OWN_FQDN}" in invite.header("From")


def test_headers_of_a_teams_trunk_are_as_configured_and_as_microsoft_wants(
    encrypted: Encrypted, tmp_path: Path
) -> None:
    """B2: a forwarded call shows the number that we vouch for, who called stands in P-Asserted-Identity, who
    forwarded in History-Info; the host is the trunk's own all the same, and numbers have their plus."""
    with microsoft(encrypted, "teams_rings", tmp_path, "sip") as sipp:
        call = encrypted.stage.call("carrier-a", FORWARDS, from_user=ABROAD, talk_ms=300)
        assert call.wait("ended", 20).final_code == 200
        sipp.finished()
        invite = sipp.received("INVITE")
    assert invite.first_line.startswith(f"INVITE sip:{SECOND_NUMBER}@")
    assert "user=phone" in invite.first_line
    assert f"sip:{FORWARDS}@{SECOND_FQDN};user=phone" in invite.header("From")
    assert f"sip:{ABROAD}@{SECOND_FQDN};user=phone" in invite.header("P-Asserted-Identity")
    assert FORWARDS in invite.header("History-Info")
    assert "Diversion:" not in invite.text
    assert f"@{SECOND_FQDN}:" in invite.header("Contact")


def test_a_teams_trunk_with_one_place_is_busy_meanwhile_and_calls_112(
    encrypted: Encrypted, tmp_path: Path
) -> None:
    """B1, B8: Microsoft's other servers are no way round it; its user is refused and reaches 112."""
    for number in (ABROAD, "112"):
        encrypted.stage.robot("carrier-a").on_call(Answer(), number)
    as_user = {"number": SECOND_NUMBER, "tenant": SECOND_TENANT}
    (tmp_path / "beside").mkdir()
    with (
        microsoft(encrypted, "teams_rings", tmp_path, "sip") as first,
        microsoft(encrypted, "teams_rings", tmp_path / "beside", "sip2") as other,
    ):
        call = encrypted.stage.call("carrier-a", SECOND_NUMBER, from_user=ABROAD)
        call.wait("answered", 20)
        assert encrypted.stage.call("carrier-a", SECOND_NUMBER).wait("ended", 20).final_code == 486
        for folder in ("refused", "help"):
            (tmp_path / folder).mkdir()
        with calling(encrypted, tmp_path / "refused", "teams_is_refused_480", **as_user) as sipp:
            sipp.finished()
        with calling(encrypted, tmp_path / "help", "teams_calls", called="112", **as_user) as sipp:
            sipp.finished()
        assert encrypted.stage.received("carrier-a", "112").final_code == 200
        call.hangup()
        call.wait("ended", 20)
        first.finished()
        assert not any(each.received for each in other.messages())


def test_options_go_both_ways(tmp_path: Path) -> None:
    """Each side asks whether the other is there; ours with our host name in From, Via and Contact."""
    carrier = tmp_path / "carrier.yaml"
    carrier.write_text(CARRIER.read_text().replace("ping_s: 3600", "ping_s: 5"))
    with ExitStack() as held:
        encrypted = held.enter_context(encrypted_exchange(tmp_path, carrier))
        asked = [
            held.enter_context(microsoft(encrypted, "teams_is_asked", tmp_path, host)) for host in TEAMS_HOSTS
        ]
        to_us = client_side(encrypted.authority.file, encrypted.microsoft)
        gate = held.enter_context(Gate(("127.0.0.1", encrypted.ports.teams), connect=to_us))
        asks = Sipp("teams_asks", tmp_path, free_port(), gate.port, gateport=str(gate.port))
        held.enter_context(asks).finished()
        for each in asked:
            each.finished()
            options = each.received("OPTIONS")
            for name in ("Via", "From", "Contact"):
                assert "sbc.teams.carrier.example" in options.header(name)
        found = {each["name"]: each for each in encrypted.running.doctor()}
        assert found["certificate"]["state"] == "ok", found["certificate"]
