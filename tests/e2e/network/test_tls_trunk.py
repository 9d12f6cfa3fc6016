"""A customer's telephone system by TLS with SRTP, against real FreeSWITCH (B1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.network.conftest import Encrypted
from tests.e2e.network.sipp import Sipp
from tests.e2e.network.tls_gate import Gate, server_side
from tests.ports import free_port

pytestmark = pytest.mark.freeswitch


def test_a_call_to_a_telephone_system_by_tls_is_encrypted(encrypted: Encrypted, tmp_path: Path) -> None:
    """Its certificate is checked; keys are offered, none in clear."""
    network = encrypted.running.settings.lab_network
    assert network is not None
    port, plain = network["198.51.100.20:5061"][1], free_port()
    pbx = encrypted.authority.sign("anlage", ["127.0.0.1"])
    with (
        Sipp("teams_rings", tmp_path, plain, gateport=str(port)) as sipp,
        Gate(("127.0.0.1", plain), port=port, accept=server_side(pbx)),
    ):
        report = encrypted.stage.call("carrier-a", "+492214710100", talk_ms=100).wait("ended", 20)
        sipp.finished()
        invite = sipp.received("INVITE")
    assert report.final_code == 200
    assert "RTP/SAVP" in invite.text


def test_a_telephone_system_with_a_strangers_certificate_is_not_called(
    encrypted: Encrypted, tmp_path: Path
) -> None:
    """Its name is not that of the trunk's address: somebody may stand in between."""
    network = encrypted.running.settings.lab_network
    assert network is not None
    port, plain = network["198.51.100.20:5061"][1], free_port()
    stranger = encrypted.authority.sign("stranger", ["fremd.example"])
    with (
        Sipp("teams_rings", tmp_path, plain, gateport=str(port)) as sipp,
        Gate(("127.0.0.1", plain), port=port, accept=server_side(stranger)),
    ):
        report = encrypted.stage.call("carrier-a", "+492214710100", talk_ms=100).wait("ended", 30)
        # Nobody there speaks to us: FreeSWITCH gives up after timer-T1X64.
        assert report.final_code == 408
        assert not any(each.received for each in sipp.messages())
