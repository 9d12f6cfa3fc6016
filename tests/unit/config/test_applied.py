"""A controller's snapshot, changed customer by customer, against one compiled anew (issue 3)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.wiring.applied import AppliedCarrier
from controller.errors import VersionRefused
from dialplan.emergency.routing import LineAddress
from dialplan.snapshot import Snapshot
from numbering.e164 import E164
from provisioning.canonical import items_of
from provisioning.compile import compile_snapshot
from provisioning.network import RealNetwork
from provisioning.plan import make_plan
from provisioning.schema import Config
from provisioning.secrets import Secrets
from store.config_items import ItemChanges
from tests.unit.config.configs import configs

DAY = date(2026, 11, 22)


class Calendar:
    """What day it is."""

    def __init__(self) -> None:
        self.day = DAY

    def today(self) -> date:
        return self.day


def secrets(**found: str) -> Secrets:
    return Secrets({"SECRET": "geheim", **found}, Path(__file__).parent, lab=True)


def tables(snapshot: Snapshot) -> tuple[object, ...]:
    """All that a snapshot says, comparable."""
    names = ("version", "blocks", "carrier_trunks", "emergency_trunks", "default_area_code")
    maps = ("customers", "trunks", "phones", "numbers", "peers")
    return tuple(getattr(snapshot, name) for name in names) + tuple(
        dict(getattr(snapshot, name).items()) for name in maps
    )


def without_files(config: Config) -> Config:
    """No secret in a file: there is none here."""
    text = config.model_dump_json(exclude_none=True).replace('{"file":"a.txt"}', '{"env":"SECRET"}')
    return Config.model_validate_json(text)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(versions=st.lists(configs().map(without_files), min_size=1, max_size=4))
def test_every_version_is_what_compiling_it_anew_gives(versions: list[Config]) -> None:
    carrier = AppliedCarrier(RealNetwork(), secrets, lambda: DAY)
    seen: list[tuple[Snapshot, tuple[object, ...]]] = []
    for version, config in enumerate(versions, start=1):
        plan = make_plan(version - 1, carrier.items, config, allow_removal=True)
        snapshot = carrier.compile(ItemChanges(version, plan.changed, plan.removed))
        network = RealNetwork()
        whole = compile_snapshot(config, version=version, network=network, secrets=secrets(), today=DAY)
        assert tables(snapshot) == tables(whole)
        assert carrier.items == items_of(config)
        seen.append((snapshot, tables(snapshot)))
    for snapshot, before in seen:
        assert tables(snapshot) == before, "a snapshot in use was changed"


def example(*changes: tuple[str, str]) -> dict[object, object]:
    from tests.unit.config.test_plan import config

    return dict(items_of(config(*changes)))  # type: ignore[arg-type]


def whole(version: int, items: dict[object, object]) -> ItemChanges:
    return ItemChanges(version, tuple(items.values()), whole=True)  # type: ignore[arg-type]


def test_a_version_that_lacks_a_secret_is_refused_and_changes_nothing() -> None:
    environment: dict[str, str] = {}
    carrier = AppliedCarrier(RealNetwork(), lambda: secrets(**environment), lambda: DAY)
    first = carrier.compile(whole(1, example()))
    changes = whole(2, example(("{ lab: nur-im-labor-2 }", "{ env: KANZLEI_2 }")))
    before = dict(carrier.items)
    with pytest.raises(VersionRefused, match=r"version 2: .*KANZLEI_2 is not set"):
        carrier.compile(changes)
    assert carrier.items == before
    assert carrier.version == first.version == 1
    environment["KANZLEI_2"] = "jetzt da"
    assert carrier.compile(changes).phones["kanzlei-2"].credentials.password == "jetzt da"


def test_a_database_that_was_set_back_takes_away_what_it_does_not_know() -> None:
    carrier = AppliedCarrier(RealNetwork(), secrets, lambda: DAY)
    carrier.compile(whole(7, example()))
    items = {key: item for key, item in example().items() if "praxis" not in str(key)}
    back = carrier.compile(whole(3, items))
    assert back.version == 3
    assert "kunde-praxis" not in back.customers
    assert E164("+496990009000") not in back.numbers


def test_a_number_begins_and_ends_on_its_day_without_a_new_version() -> None:
    """A6: compiled anew at midnight in Germany, only the customers it is about."""
    calendar = Calendar()
    carrier = AppliedCarrier(RealNetwork(), secrets, calendar.today)
    dates = "        activated: 2026-11-24\n        deactivated: 2026-11-26\n"
    items = example(('        last: "0221 4710-199"\n', f'        last: "0221 4710-199"\n{dates}'))
    number = E164("+492214710123")
    assert number not in carrier.compile(whole(1, items)).numbers
    seen = []
    for day in range(22, 29):
        calendar.day = date(2026, 11, day)
        found = carrier.due()
        if found is not None:
            seen.append((day, number in found.numbers, found.version))
            assert found.numbers[E164("+496990009000")]
    assert seen == [(24, True, 1), (26, False, 1)]


def test_switched_over_emergency_areas_reach_the_switch_without_a_new_version() -> None:
    """NotrufV § 3(3): the static dialplan is rendered anew at the minute from which an area holds."""
    moments = iter(
        [datetime(2026, 11, 22, 8, 59, tzinfo=UTC)] * 2 + [datetime(2026, 11, 22, 9, 0, tzinfo=UTC)] * 2
    )
    carrier = AppliedCarrier(RealNetwork(), secrets, lambda: DAY, clock=lambda: next(moments))
    row = '      - "11 112 49CC11C112 2026-01-01"\n'
    items = example((row, row + '      - "11 112 49CC11D112 2026-11-22T10:00"\n'))
    berlin = LineAddress("Beispielufer", "7", "10115", "Berlin", "BE")

    def static(snapshot: Snapshot) -> str | None:
        return snapshot.emergency.route(berlin, "112", snapshot.emergency.static_at).code

    assert static(carrier.compile(whole(1, items))) == "49CC11C112"
    assert carrier.due() is None
    after = carrier.due()
    assert after is not None
    assert (static(after), after.version) == ("49CC11D112", 1)
    assert carrier.due() is None


def test_a_first_version_without_a_carrier_is_refused() -> None:
    carrier = AppliedCarrier(RealNetwork(), secrets, lambda: DAY)
    with pytest.raises(VersionRefused, match="has no carrier"):
        carrier.compile(ItemChanges(1, ()))
