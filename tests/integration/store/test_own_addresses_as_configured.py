"""The guard knows the addresses of every trunk that an operator can write, whatever keys it has."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from cli.wiring.guarding import OwnAddresses
from provisioning.canonical import items_of
from provisioning.load import load
from store.config_versions import ConfigStore
from tests.integration.store.test_own_addresses import SETTINGS

EXAMPLE = Path(__file__).parents[3] / "examples/carrier"
LOGINS = Path(__file__).parents[2] / "e2e/logins.yaml"


@pytest.mark.parametrize(
    ("carrier", "trunks"),
    [
        (
            EXAMPLE,
            {
                "192.0.2.11": "carrier-b",
                "198.51.100.20": "bau-1",
                "198.51.100.21": "bau-2",
            },
        ),
        (LOGINS, {"192.0.2.11": "carrier-b", "198.51.100.20": "bau-1"}),
    ],
    ids=["the example", "systems that log in beside others"],
)
def test_no_trunk_is_ever_banned(engine: Engine, carrier: Path, trunks: dict[str, str]) -> None:
    """Priorities, emergency calls, caller ids and logins are no reason to forget where a trunk is."""
    ConfigStore(engine).apply(0, list(items_of(load([carrier]).config).values()), [], author="test")
    own = OwnAddresses(SETTINGS, engine, lambda: 0.0)
    own.look()
    assert {source: own.why(source) for source in trunks} == {
        source: f"trunk {trunk}" for source, trunk in trunks.items()
    }
