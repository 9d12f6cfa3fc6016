"""Wideband sound where both sides have it, G.711 on both sides elsewhere, against FreeSWITCH (B1)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.robots import Answer
from tests.e2e.network.conftest import Encrypted
from tests.e2e.network.test_teams import calling
from tests.e2e.network.test_wideband_trunk import installed
from tests.e2e.network.tls_gate import client_side
from tests.e2e.network.tls_system import TlsSystem, sdp

pytestmark = pytest.mark.freeswitch

ABROAD, COLLEAGUE = "+4915228817386", "+492214710220"
G722, PCMA, G729 = "9", "8", "18"


def phone(encrypted: Encrypted, user: str, password: str) -> TlsSystem:
    installed(encrypted.running, "mod_spandsp")
    node = encrypted.running.settings.node
    at, context = (node.sip_ip, encrypted.ports.phone_tls), client_side(encrypted.authority.file)
    return TlsSystem(at, context, user, password, node.domain)


@pytest.fixture
def caller(encrypted: Encrypted) -> Iterator[TlsSystem]:
    with phone(encrypted, "tisch", "nur-im-labor-1") as found:
        yield found


@pytest.fixture
def colleague(encrypted: Encrypted) -> Iterator[TlsSystem]:
    with phone(encrypted, "flur", "nur-im-labor-4") as found:
        assert found.register(300).startswith("SIP/2.0 200")
        yield found
        assert found.register(0).startswith("SIP/2.0 200")


def formats(message: str) -> list[str]:
    """The payload types of the sound in a message, its codecs first."""
    (media,) = [line for line in message.splitlines() if line.startswith("m=audio")]
    return media.split()[3:]


def takes(system: TlsSystem, with_codec: str) -> str:
    """The call that reaches it, which it answers with one codec."""
    invite = system.heard("INVITE")
    system.answer(invite, "200 OK", sdp("RTP/AVP", formats=with_codec))
    return invite


def test_two_phones_with_g722_speak_it(caller: TlsSystem, colleague: TlsSystem) -> None:
    with ThreadPoolExecutor(1) as pool:
        answered = pool.submit(takes, colleague, G722)
        answer = caller.call(COLLEAGUE, "tisch", sdp("RTP/AVP", formats=f"{G722} {PCMA}"))
        invite = answered.result(20)
    assert formats(invite)[:2] == [G722, PCMA]
    assert formats(answer)[0] == G722
    caller.hang_up()
    colleague.answer(colleague.heard("BYE"), "200 OK")


def test_a_phone_that_prefers_g722_has_g711_with_one_that_takes_nothing_else(
    caller: TlsSystem, colleague: TlsSystem
) -> None:
    with ThreadPoolExecutor(1) as pool:
        answered = pool.submit(takes, colleague, PCMA)
        answer = caller.call(COLLEAGUE, "tisch", sdp("RTP/AVP", formats=f"{G722} {PCMA}"))
        answered.result(20)
    assert formats(answer)[0] == PCMA
    caller.hang_up()
    colleague.answer(colleague.heard("BYE"), "200 OK")


def test_a_phone_that_prefers_g722_has_g711_with_a_carriers_trunk(
    encrypted: Encrypted, caller: TlsSystem
) -> None:
    """Both sides alike, so that FreeSWITCH converts nothing."""
    encrypted.stage.robot("carrier-a").on_call(Answer(talk_ms=50), ABROAD)
    answer = caller.call(ABROAD, "tisch", sdp("RTP/AVP", formats=f"{G722} {PCMA}"))
    assert formats(answer)[0] == PCMA
    caller.answer(caller.heard("BYE"), "200 OK")
    seen = encrypted.stage.received("carrier-a", ABROAD)
    assert "PCMA" in seen.body
    assert "G722" not in seen.body


def test_a_phone_without_a_codec_of_ours_is_refused_before_anybody_is_called(
    encrypted: Encrypted, caller: TlsSystem
) -> None:
    answer = caller.call(ABROAD, "tisch", sdp("RTP/AVP", formats=G729))
    assert answer.startswith("SIP/2.0 488")
    assert not encrypted.stage.has_received("carrier-a", ABROAD)


def test_teams_and_a_phone_speak_g722(encrypted: Encrypted, colleague: TlsSystem, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        answered = pool.submit(takes, colleague, G722)
        offer = f"{G722} {PCMA}"
        with calling(encrypted, tmp_path, "teams_calls", called=COLLEAGUE, formats=offer) as sipp:
            invite = answered.result(20)
            colleague.answer(colleague.heard("BYE"), "200 OK")
            sipp.finished()
            answer = sipp.received("SIP/2.0 200").text
    assert formats(invite)[:2] == [G722, PCMA]
    assert formats(answer)[0] == G722
    assert "RTP/SAVP" in answer


def test_teams_has_g711_with_a_carriers_trunk(encrypted: Encrypted, tmp_path: Path) -> None:
    encrypted.stage.robot("carrier-a").on_call(Answer(), ABROAD)
    with calling(encrypted, tmp_path, "teams_calls", formats=f"{G722} {PCMA}") as sipp:
        sipp.finished()
        answer = sipp.received("SIP/2.0 200").text
    assert formats(answer)[0] == PCMA
    assert "G722" not in encrypted.stage.received("carrier-a", ABROAD).body
