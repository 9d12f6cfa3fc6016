"""A browser registers over WSS and calls through real FreeSWITCH, both ways, with sound and keys (C6)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.robots import Answer
from tests.e2e.exchange import eventually
from tests.e2e.network.browser import Softphone, chromium, softphone
from tests.e2e.network.conftest import Encrypted

pytestmark = pytest.mark.freeswitch

ABROAD = "+4915228817386"
BROWSER = "+492214710210"
TONE = "tone_stream://%(60000,0,440)"


@pytest.fixture(scope="module")
def browser(encrypted: Encrypted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Softphone]:
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium on this machine (Debian: apt install chromium)")
    settings = {
        "user": "browser",
        "password": "nur-im-labor-2",
        "domain": encrypted.running.settings.node.domain,
        "server": f"wss://127.0.0.1:{encrypted.ports.wss}",
    }
    with softphone(program, settings, tmp_path_factory.mktemp("browser")) as phone:
        phone.wait("registration", 60, state="Registered")
        yield phone


def statistics(phone: Softphone) -> dict[str, Any]:
    phone.tell("statistics")
    return phone.wait("statistics")


def sound_goes_both_ways(phone: Softphone) -> dict[str, Any]:
    """Waits until the browser has sent sound and heard a tone; its figures then."""
    seen: dict[str, Any] = {}

    def flows() -> bool:
        seen.update(statistics(phone))
        return seen.get("received", 0) > 25 and seen.get("sent", 0) > 25 and seen.get("energy", 0) > 0

    eventually(flows, 20, "sound in both directions")
    return seen


def test_a_browser_calls_the_public_network(encrypted: Encrypted, browser: Softphone) -> None:
    """C6: DTLS-SRTP, Opus towards the browser and G.711 towards the carrier, keys by RFC 4733."""
    encrypted.stage.robot("carrier-a").on_call(Answer(play=TONE), ABROAD)
    browser.tell("call", number=ABROAD)
    browser.wait("call", state="Established")
    seen = sound_goes_both_ways(browser)
    assert seen["dtls"] == "connected"
    assert seen["codec"] == "audio/opus"
    call = encrypted.stage.inbox("carrier-a").received(ABROAD, 10)
    browser.tell("dtmf", digits="159")
    assert call.wait_digits("159", 15).digits == "159"
    browser.tell("hangup")
    browser.wait("call", state="Terminated")
    report = call.wait("ended", 15)
    assert BROWSER in "".join(report.asserted_identities)
    assert report.rtp.packets_received > 25


def test_a_browser_is_called(encrypted: Encrypted, browser: Softphone) -> None:
    """C6: over the connection that the browser holds open, with ICE."""
    call = encrypted.stage.call("carrier-a", BROWSER, from_user=ABROAD, play=TONE, talk_ms=60_000)
    assert browser.wait("ringing")["from"] == ABROAD
    browser.wait("call", state="Established")
    seen = sound_goes_both_ways(browser)
    assert seen["codec"] == "audio/opus"
    call.wait("answered", 10)
    eventually(lambda: call.report().rtp.packets_received > 25, 20, "the browser's sound")
    call.hangup()
    browser.wait("call", state="Terminated")


def test_a_wrong_password_is_not_let_in_by_wss(encrypted: Encrypted, tmp_path: Path) -> None:
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium on this machine (Debian: apt install chromium)")
    settings = {
        "user": "browser",
        "password": "falsch",
        "domain": encrypted.running.settings.node.domain,
        "server": f"wss://127.0.0.1:{encrypted.ports.wss}",
    }
    with softphone(program, settings, tmp_path) as phone:
        phone.wait("registration", 60, state="Unregistered")
