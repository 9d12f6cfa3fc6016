"""The doctor names each fault that is put in, with its place and the next step (issue 7)."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.bootstrap import ban_store, call_traces, engine, trunk_board
from cli.doctor import _guard, examine
from cli.explaining.findings import Finding, State
from cli.layout import EXAMPLE_CARRIER
from cli.settings import Settings, settings_from
from dialplan.trunks.status import TrunkState, TrunkStatus
from store.acd_journals import LOST
from store.availability_book import AvailabilityBook, Probe
from store.cdr_repository import CdrRepository
from tests.e2e.exchange import Exchange, eventually

#: Faults of the parts around the switch, which are the same on every switch: once is enough.
pytestmark = pytest.mark.parametrize("switch", ["lab"], indirect=True, scope="session")

#: Nobody listens there.
NOWHERE = "127.0.0.1:1"


def faulty(running: Exchange, amend: Callable[[dict[str, Any]], None], place: Path) -> Settings:
    """The running exchange's settings with something wrong in them."""
    tree = running.settings.model_dump(mode="json", exclude_none=True)
    tree["state_dir"] = str(place)
    amend(tree)
    return settings_from(json.dumps(tree), "faulty.json")


def found(settings: Settings) -> dict[str, Finding]:
    return {each.name: each for each in examine(settings)}


def test_servers_that_are_away_are_named_each_by_itself(
    running: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    def amend(tree: dict[str, Any]) -> None:
        tree["database"] = {"url": f"postgresql://fernamt@{NOWHERE}/fernamt"}
        tree["redis"] = {"url": f"redis://{NOWHERE}/0"}
        tree["controllers"] = [NOWHERE]
        tree["smtp"] = {"address": NOWHERE, "sender": "exchange@example.com", "starttls": False}
        node = tree["node"]
        node["cdr_dir"] = str(tmp_path / "nowhere")
        node["program"] = "freeswitch"
        password = node["event_socket_password"]
        node["event_socket"] = NOWHERE
        tree["other_nodes"] = [
            {"name": "node-9", "event_socket": NOWHERE, "event_socket_password": password, "sip": NOWHERE}
        ]

    wrong = found(faulty(running, amend, tmp_path))
    faults = {name for name, each in wrong.items() if each.state is State.FAULT}
    assert {
        "database", "applied version", "redis", "switch", "other nodes", "controllers", "CDR spool",
        "freeswitch program",
    } <= faults  # fmt: skip
    assert wrong["mail server"].state is State.WARNING
    for name, place in {
        "switch": NOWHERE, "other nodes": "node-9", "CDR spool": "nowhere", "freeswitch program": "PATH",
    }.items():  # fmt: skip
        assert place in wrong[name].seen, wrong[name]
    for name in ("database", "redis", "other nodes", "controllers", "freeswitch program", "mail server"):
        assert wrong[name].next_step, wrong[name]
    assert wrong["configuration"].state is State.OK, "what is right is not blamed"


def test_a_wrong_password_of_the_event_socket_is_a_fault_of_the_switch(
    running: Exchange, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("wrong")

    def amend(tree: dict[str, Any]) -> None:
        tree["node"]["event_socket_password"] = {"file": str(password)}

    settings = faulty(running, amend, tmp_path)

    def only_the_switch() -> bool:
        return {each.name for each in examine(settings) if each.state is State.FAULT} == {"switch"}

    eventually(only_the_switch, 60, "the doctor to blame the switch alone")


def test_broken_files_of_the_carrier_are_told_with_their_place(running: Exchange, tmp_path: Path) -> None:
    broken = tmp_path / "carrier.yaml"
    broken.write_text("carrier:\n  trunks: [\n")

    def amend(tree: dict[str, Any]) -> None:
        tree["carrier"] = [str(broken)]

    wrong = found(faulty(running, amend, tmp_path))
    assert wrong["configuration"].state is State.FAULT
    assert f"{broken}:" in wrong["configuration"].seen


def test_what_waits_or_cannot_be_read_is_counted(
    running: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spool that fills, a record in quarantine, a full disk, lost entries."""
    for number in range(1_001):
        (tmp_path / f"{number}.cdr.json").touch()
    monkeypatch.setattr(
        "os.statvfs", lambda _: os.statvfs_result((4096, 4096, 250_000, 250, 250, 0, 0, 0, 0, 255))
    )
    database = engine(running.settings, "test")
    CdrRepository(database).quarantine("a.cdr.json", "cdr.not-json", "not JSON", b"{")
    redis = call_traces(running.settings)._client
    redis.hset(LOST, "kunde-test", "7")
    try:
        wrong = found(faulty(running, lambda tree: tree["node"].update(cdr_dir=str(tmp_path)), tmp_path))
    finally:
        redis.hdel(LOST, "kunde-test")
        for each in running.json("cdr", "quarantine"):  # tests of the same exchange look at it too
            running.run("cdr", "quarantine", "settle", str(each["id"]), "--reason", "of a test")
    assert (wrong["CDR spool"].state, wrong["disk"].state) == (State.WARNING, State.FAULT)
    assert "1001 records" in wrong["CDR spool"].seen
    assert "records, state, messages, logs: 1 MB free" in wrong["disk"].seen
    assert wrong["CDR quarantine"].seen == "1 records"
    assert "7 found no room" in wrong["contact centres' log"].seen
    database.dispose()


def test_parts_that_do_not_run_are_named_each_by_itself(running: Exchange, tmp_path: Path) -> None:
    """The guard, the HTTP interface, and a contact centre that no controller leads."""
    carrier = Path(shutil.copytree(EXAMPLE_CARRIER, tmp_path / "carrier"))
    for path in carrier.glob("*.yaml"):
        path.write_text(path.read_text().replace("kunde-praxis", "kunde-fern"))

    def amend(tree: dict[str, Any]) -> None:
        tree["guard"] = {}
        tree["web"] = {"listen": NOWHERE}
        tree["carrier"] = [str(carrier)]
        tree["node"]["name"] = "node-of-nobody"

    settings = faulty(running, amend, tmp_path)
    wrong = found(settings)
    assert (wrong["guard"].state, wrong["guard"].seen) == (State.FAULT, "it is silent")
    assert wrong["screens"].state is State.WARNING
    assert NOWHERE in wrong["screens"].seen
    assert wrong["contact centres"].state is State.FAULT
    assert "nobody leads kunde-fern" in wrong["contact centres"].seen
    assert all(wrong[each].next_step for each in ("guard", "screens", "contact centres"))
    ban_store(settings).tell("node-of-nobody", {"problem": "no program listens on 5060"})
    assert "no program listens on 5060" in _guard(settings).seen


def test_a_trunk_that_is_down_is_named_with_its_reason(running: Exchange) -> None:
    board = trunk_board(running.settings)
    down = TrunkStatus("carrier-z", TrunkState.DOWN, why="no answer to OPTIONS")

    def told() -> bool:
        board.put("a test", [down])  # it is forgotten after a few seconds
        return "carrier-z is down (no answer to OPTIONS)" in found(running.settings)["trunks"].seen

    eventually(told, 60, "the trunk to be named")


def test_trunks_that_no_probe_gets_through_are_named(running: Exchange, tmp_path: Path) -> None:
    """F1: a minute without any probe counts as an outage."""

    def amend(tree: dict[str, Any]) -> None:
        tree["probes"] = {"customer": "kunde-bau", "trunks": {"carrier-a": "0221 4710-999"}}

    settings = faulty(running, amend, tmp_path)
    assert "no probe of late over carrier-a" in found(settings)["probes"].seen
    minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
    book = AvailabilityBook(engine(settings, "test"))
    book.note([Probe(minute, "node-1", "carrier-a", False, "PROGRESS_TIMEOUT", 4_000)])
    wrong = found(settings)["probes"]
    assert (wrong.state, wrong.seen) == (State.FAULT, "carrier-a from node-1: PROGRESS_TIMEOUT")
    book.note([Probe(minute, "node-1", "carrier-a", True, "NORMAL_CLEARING", 100)])
    assert found(settings)["probes"].state is State.OK
