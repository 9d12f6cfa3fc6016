"""What the doctor says of the switch, the controllers and the probes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.bootstrap import attempt_files
from cli.doctor import _emergency
from cli.explaining.exchange_checks import (
    centres_finding,
    controllers_finding,
    guard_finding,
    not_probed,
    probes_finding,
    switch_finding,
    trunks_finding,
    web_finding,
)
from cli.explaining.findings import State
from cli.lab_settings import lab_settings
from cli.layout import EXAMPLE_CARRIER
from cli.settings import GuardEntry, Settings
from dialplan.trunks.status import TrunkState, TrunkStatus
from store.availability_book import Probe
from tests.architecture.program import ROOT
from tests.integration.store.test_emergency_attempts import ATTEMPT

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
CARRIERS = ("carrier-a", "carrier-b")
STATUS = """UP 0 years, 0 days, 1 hour, 2 minutes, 3 seconds, 4 milliseconds, 5 microseconds
FreeSWITCH (Version 1.11.3-dev) is {}
9 session(s) since startup
2 session(s) - peak 4, last 5min 3
"""

Made = Callable[..., Settings]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    def settings(*, lab: bool, trunks: tuple[str, ...] = ()) -> Settings:
        tree: dict[str, Any] = lab_settings(tmp_path, EXAMPLE_CARRIER).model_dump(
            mode="json", exclude_none=True
        )
        if not lab:
            del tree["lab_network"]
        if trunks:
            probed = dict.fromkeys(trunks, "0221 4710-999")
            tree["probes"] = {"customer": "kunde-bau", "trunks": probed}
        return Settings.model_validate(tree)

    return settings


def probe(trunk: str, *, reached: bool = True, node: str = "node-1") -> Probe:
    return Probe(NOW - timedelta(minutes=1), node, trunk, reached, "PROGRESS_TIMEOUT", 100)


@pytest.mark.parametrize(
    ("word", "drained", "state", "seen"),
    [
        ("ready", "false", State.OK, "FreeSWITCH (Version 1.11.3-dev) is ready"),
        ("ready", "true", State.WARNING, "drained"),
        ("not ready", "false", State.FAULT, "not ready"),
        ("not ready", "true", State.FAULT, "not ready"),
    ],
)
def test_a_switch_that_says_not_ready_is_a_fault(word: str, drained: str, state: State, seen: str) -> None:
    found = switch_finding(STATUS.format(word), drained, "node-1")
    assert found.state is state
    assert seen in found.seen
    assert bool(found.next_step) is (state is not State.OK)


def test_one_dead_controller_of_two_is_named() -> None:
    """Calls go on with the other one: nobody would notice, and nobody may be lost then."""
    both = controllers_finding({"127.0.0.1:8084": True, "127.0.0.1:8085": True})
    assert (both.state, both.next_step) == (State.OK, "")
    one = controllers_finding({"127.0.0.1:8084": True, "127.0.0.1:8085": False})
    assert one.state is State.WARNING
    assert one.seen == "127.0.0.1:8085 takes none; 1 of 2 take calls: 127.0.0.1:8084"
    assert one.next_step
    assert controllers_finding({"127.0.0.1:8084": False}).state is State.FAULT


def test_a_carriers_trunk_that_is_down_wants_attention_and_a_customers_system_is_only_named() -> None:
    up, down = (
        TrunkStatus("carrier-a", TrunkState.UP),
        TrunkStatus("carrier-b", TrunkState.DOWN, why="no answer"),
    )
    system = TrunkStatus("anlage", TrunkState.DOWN, why="not registered")
    off = trunks_finding([up, system], {"anlage", "other"})
    assert (off.state, off.next_step) == (State.OK, "")
    assert off.seen == "2 known, no other is down; customers' systems that are away: anlage (not registered)"
    one = trunks_finding([up, down, system], {"anlage"})
    assert one.state is State.WARNING
    assert one.seen.startswith("carrier-b is down (no answer); customers' systems that are away: anlage")
    whole = trunks_finding([down, TrunkStatus("anlage", TrunkState.UP)], {"anlage"})
    assert whole.state is State.FAULT, "no way out is left, though a customer's system answers"
    assert trunks_finding([up], ()).seen == "1 known, none is down"


def told(**changes: Any) -> dict[str, Any]:
    """What a guard tells that stands well."""
    return {"barrier": "sockets", "doors": 3, "banned": 2, "slowed": 1, "problem": "", **changes}


def test_a_guard_that_is_silent_or_whose_barrier_does_not_stand_is_a_fault(made: Made) -> None:
    """Issue 7: the doctor names each fault that is injected; a flood that the guard keeps out is none."""
    guarded = made(lab=False).model_copy(update={"guard": GuardEntry()})
    well = guard_finding(guarded, told())
    assert (well.state, well.seen) == (State.OK, "2 addresses banned, 1 slowed")
    silent = guard_finding(guarded, None)
    assert (silent.state, silent.next_step) == (State.FAULT, "See that `fernamt guard run` runs")
    open_ = guard_finding(guarded, told(problem="no program listens on 5060"))
    assert (open_.state, open_.seen) == (State.FAULT, "no program listens on 5060")
    assert (ROOT / open_.next_step).exists()


def test_no_guard_at_all_is_a_warning_but_in_the_lab(made: Made) -> None:
    found = guard_finding(made(lab=False), None)
    assert found.state is State.WARNING
    assert "guard: {}" in found.next_step
    assert guard_finding(made(lab=True), None).state is State.OK


def test_a_contact_centre_that_nobody_leads_is_a_fault() -> None:
    """Its new callers take the overflow while agents wait."""
    assert centres_finding([], set()).seen == "there are none"
    assert centres_finding(["kunde-a", "kunde-b"], {"kunde-a", "kunde-b"}).state is State.OK
    alone = centres_finding(["kunde-a", "kunde-b"], {"kunde-b"})
    assert (alone.state, alone.seen) == (State.FAULT, "nobody leads kunde-a: new callers take the overflow")


def test_an_http_interface_that_does_not_answer_is_named_with_its_address() -> None:
    assert web_finding(("127.0.0.1", 8090), there=True).state is State.OK
    away = web_finding(("127.0.0.1", 8090), there=False)
    assert (away.state, away.seen) == (State.WARNING, "nobody answers at 127.0.0.1:8090: screens wait")
    assert "fernamt web run" in away.next_step


def test_attempts_to_reach_112_that_wait_for_the_database_are_counted(made: Made) -> None:
    """B8: they are on disk, and nobody may forget them there."""
    settings = made(lab=False)
    before = _emergency(settings).seen
    assert "0 attempts wait for the database" in before
    attempt_files(settings).write(ATTEMPT)
    found = _emergency(settings)
    assert found.state is State.WARNING
    assert "1 attempts wait for the database" in found.seen


def test_an_emergency_trunk_whose_name_the_dns_does_not_know_is_a_fault(made: Made, tmp_path: Path) -> None:
    """B8: calls over it wait for an address in vain. RFC 6761: no name ends in .invalid."""
    carrier = Path(shutil.copytree(EXAMPLE_CARRIER, tmp_path / "carrier"))
    text = (carrier / "carrier.yaml").read_text()
    old = "address: 192.0.2.11:5060"
    assert old in text
    named = "address: sip.carrier.invalid:5060\n      accepts_from: [192.0.2.11]"
    (carrier / "carrier.yaml").write_text(text.replace(old, named, 1))
    settings = made(lab=False).model_copy(update={"carrier": (carrier,)})
    found = _emergency(settings)
    assert found.state is State.FAULT
    assert "no address is found for sip.carrier.invalid" in found.seen
    assert _emergency(made(lab=False)).state is State.OK


def test_no_probes_are_a_warning_but_in_the_lab(made: Made) -> None:
    """F1: without them nobody measures the availability that is promised."""
    found = probes_finding(made(lab=False), CARRIERS, (), NOW)
    assert found.state is State.WARNING
    assert "docs/availability.md" in found.next_step
    assert probes_finding(made(lab=True), CARRIERS, (), NOW).state is State.OK


def test_a_carriers_trunk_that_is_never_probed_is_named(made: Made) -> None:
    """F1: a minute in which only that trunk carries calls would count as an outage."""
    settings = made(lab=False, trunks=("carrier-a",))
    assert not_probed(settings, CARRIERS) == ("carrier-b",)
    found = probes_finding(settings, CARRIERS, (probe("carrier-a"),), NOW)
    assert (found.state, found.seen) == (
        State.WARNING,
        "get through over carrier-a; never over carrier-b",
    )
    whole = made(lab=False, trunks=CARRIERS)
    well = probes_finding(whole, CARRIERS, (probe("carrier-a"), probe("carrier-b")), NOW)
    assert (well.state, well.seen) == (State.OK, "get through over carrier-a, carrier-b")


def test_a_probe_that_fails_from_one_node_is_told_though_it_succeeds_from_another(made: Made) -> None:
    settings = made(lab=False, trunks=("carrier-a",))
    newest = (probe("carrier-a", reached=False), probe("carrier-a", node="node-2"))
    for order in (newest, newest[::-1]):
        found = probes_finding(settings, ("carrier-a",), order, NOW)
        assert (found.state, found.seen) == (State.WARNING, "carrier-a from node-1: PROGRESS_TIMEOUT")
    late = probes_finding(settings, ("carrier-a",), newest, NOW + timedelta(minutes=9))
    assert late.seen == "no probe of late over carrier-a"
