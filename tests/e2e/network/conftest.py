"""An exchange on FreeSWITCH with certificates, Microsoft Teams at ports of this machine, and robots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.demonstration.stage import Stage, staged
from tests.certificates import Authority, Signed
from tests.e2e.exchange import Exchange, exchange, switch_missing
from tests.ports import free_port

CARRIER = Path(__file__).with_name("carrier.yaml")
TEAMS_HOSTS = ("sip", "sip2", "sip3")


@dataclass(frozen=True, slots=True)
class Encrypted:
    """The exchange, who plays its peers, and the certificates of both sides."""

    running: Exchange
    stage: Stage
    authority: Authority
    microsoft: Signed

    @property
    def ports(self) -> Any:
        """Of the node's profiles."""
        return self.running.settings.node.ports

    def teams_port(self, host: str) -> int:
        """Where Microsoft's server of that name is on this machine."""
        found = self.running.settings.lab_network
        assert found is not None
        return found[f"{host}.pstnhub.microsoft.com:5061"][1]


def with_tls(tree: dict[str, Any], ours: Signed, authority: Authority) -> None:
    """The settings with a certificate, and free ports for it."""
    tree["node"]["tls"] = {
        "certificate": str(ours.certificate),
        "key": str(ours.key),
        "authorities": str(authority.file),
    }
    for name in ("carrier_tls", "trunk_tls", "phone_tls", "teams", "wss"):
        tree["node"]["ports"][name] = free_port()


@contextmanager
def encrypted_exchange(directory: Path, carrier: Path) -> Iterator[Encrypted]:
    """A whole exchange with this carrier and certificates of an authority of its own."""
    authority = Authority(directory)
    ours = authority.sign("node", ["sbc.teams.carrier.example", "*.teams.carrier.example", "127.0.0.1"])
    # Microsoft's servers are moved to this machine, so that is what their certificate is for.
    microsoft = authority.sign("microsoft", ["127.0.0.1", "sip.pstnhub.microsoft.com"])
    with (
        exchange(
            "freeswitch", carrier=carrier, amend=lambda tree: with_tls(tree, ours, authority)
        ) as running,
        staged(running.settings) as stage,
    ):
        yield Encrypted(running, stage, authority, microsoft)


@pytest.fixture(scope="session")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    """Skips where there is no FreeSWITCH: the lab switch speaks no TLS."""
    missing = switch_missing("freeswitch")
    if missing:
        pytest.skip(missing)
    with encrypted_exchange(tmp_path_factory.mktemp("certificates"), CARRIER) as found:
        yield found
