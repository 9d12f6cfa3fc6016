"""Barring profiles of the YAML reach the calls. B6."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from cli.layout import EXAMPLE_CARRIER
from dialplan.barring.bars import BarringProfile
from dialplan.snapshot import Snapshot
from numbering.classes import NumberClass
from numbering.dial import Dialled, Line, normalise
from provisioning.compile import compile_snapshot
from provisioning.load import load
from provisioning.network import RealNetwork
from provisioning.secrets import Secrets

NIGHT = datetime(2026, 11, 18, 21, 30, tzinfo=UTC)


def example() -> Snapshot:
    config = load([EXAMPLE_CARRIER]).config
    secrets = Secrets({}, Path("/nonexistent"), lab=True)
    return compile_snapshot(config, version=1, network=RealNetwork(), secrets=secrets)


def dialled(number: str) -> Dialled:
    found = normalise(number, Line("221"))
    assert isinstance(found, Dialled)
    return found


def test_the_carriers_profiles_are_found_by_name_and_own_ones_are_the_customers() -> None:
    snapshot = example()
    assert snapshot.customers["kunde-bau"].barring == ("no-foreign-mobile",)
    assert snapshot.barring["no-foreign-mobile"].bars(dialled("+8816 12345678"), NIGHT) == "class satellite"
    assert snapshot.barring["night"].bars(dialled("+53 7 1234567"), NIGHT) == "country CU"


def test_a_phone_has_its_own_profiles_and_those_of_the_agents_who_work_with_it() -> None:
    snapshot = example()
    assert snapshot.phones["kanzlei-1"].barring == ("night",)
    (own,) = snapshot.phones["praxis-1"].barring
    assert isinstance(own, BarringProfile)
    assert own.bars(dialled("015228817386"), NIGHT) == "class mobile"


def test_a_lifted_bar_keeps_who_lifted_it_when_and_why() -> None:
    (lifted,) = example().customers["kunde-bau"].lifted_bars
    assert lifted.number_class is NumberClass.DIRECTORY
    assert (lifted.since, lifted.until) == (date(2026, 1, 2), date(2027, 12, 31))
    assert lifted.operator == "Kundendienst"
    assert "29.12.2025" in lifted.reason
