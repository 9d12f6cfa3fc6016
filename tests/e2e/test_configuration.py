"""A new configuration takes effect within a second and touches no call that is up (A1-A7; guarantee 7)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from cli.bootstrap import node_connection
from cli.demonstration.stage import Stage
from freeswitch import profile_calls
from lab.robots import Answer
from tests.e2e.changes import Files, files_to_change, version_in_force
from tests.e2e.exchange import Exchange, eventually

#: From apply's return to the first call decided on the new version (issue 3).
LIMIT_S = 1.0
NEW = "+492214710204"


@pytest.fixture
def files(changeable: tuple[Exchange, Stage], tmp_path: Path) -> Iterator[Files]:
    """Files to change; the example is in force again afterwards."""
    with files_to_change(changeable[0], tmp_path) as found:
        yield found


def _is_reached(stage: Stage) -> bool:
    """Whether a call to the new number arrives at the customer's telephone system."""
    return stage.call("carrier-a", NEW, talk_ms=10).wait("ended", 30).final_code == 200


def _version_of(running: Exchange, sip_call_id: str) -> int | None:
    """The configuration version in the caller's leg of a call."""
    found = [leg for leg in running.legs() if leg["sip_call_id"] == sip_call_id and leg["side"] == "a"]
    return int(found[0]["config_version"]) if found else None


def test_a_new_number_works_within_a_second_and_running_calls_keep_their_version(
    changeable: tuple[Exchange, Stage], files: Files, record_property: Callable[[str, object], None]
) -> None:
    running, stage = changeable
    stage.robot("bau-1").on_call(Answer())
    first = version_in_force(running)
    up = stage.call("carrier-a", "+492214710160", from_user="+4915228817386")
    up.wait("answered", 30)
    assert not _is_reached(stage)

    files.change("kunde-bau.yaml", '"0221 4710-199"', '"0221 4710-209"')
    took = []
    for round_ in range(3):
        version = files.apply("--note", "ten numbers more")
        began = time.monotonic()
        eventually(lambda: _is_reached(stage), 5, "the new number to be reached")
        took.append(time.monotonic() - began)
        assert version_in_force(running) == version == first + 1 + 2 * round_
        running.run("config", "rollback", str(first), "--yes")
        eventually(lambda: not _is_reached(stage), LIMIT_S, "the rollback to take the number away")
    record_property("seconds from apply to the first call on the new version", took)
    assert max(took) <= LIMIT_S

    live = [each for each in running.json("call", "list") if each["b_number"] == "+492214710160"]
    assert [each["config_version"] for each in live] == [first]
    up.hangup()
    report = up.wait("ended", 30)
    eventually(lambda: _version_of(running, report.sip_call_id) is not None, 15, "the call's record")
    assert _version_of(running, report.sip_call_id) == first
    history = running.json("config", "history")
    assert [each["version"] for each in history][:7] == list(range(first + 6, first - 1, -1))


def test_gateways_come_and_go_while_a_call_is_up(changeable: tuple[Exchange, Stage], files: Files) -> None:
    """What is rendered for the switch follows: a new trunk is known, a removed one is not, calls stay up."""
    running, stage = changeable
    stage.robot("carrier-a").on_call(Answer())
    call = stage.call("bau-1", "04066969001")
    call.wait("answered", 30)

    def known(gateway: str) -> bool:
        with node_connection(running.settings) as connection:
            return "Invalid Gateway" not in connection.api(profile_calls.gateway_status(gateway))

    def gateways() -> set[str]:
        conf_dir = running.settings.node.conf_dir
        assert conf_dir is not None
        document = fromstring((conf_dir / "freeswitch.xml").read_text())  # noqa: S314 - rendered by us
        return {each.get("name", "") for each in document.iter("gateway")}

    assert known("bau-2")
    # The lab knows a place for each address of the example: the new trunk takes over bau-2's.
    files.change("kunde-bau.yaml", "id: bau-2", "id: bau-3")
    files.change("kunde-bau.yaml", "trunks: [bau-1, bau-2]", "trunks: [bau-1, bau-3]")
    version = files.apply()
    eventually(lambda: version_in_force(running) == version, 5, "the version to be in force")
    eventually(lambda: known("bau-3") and not known("bau-2"), 5, "the gateway to be exchanged")
    assert "bau-3" in gateways()
    assert "bau-2" not in gateways()

    # A changed gateway is exchanged under its name, though a call is up over it.
    files.change("carrier.yaml", "address: 192.0.2.10:5060", "address: 192.0.2.10:5060/tcp")
    version = files.apply()
    eventually(lambda: version_in_force(running) == version, 5, "the version to be in force")
    eventually(lambda: known("carrier-a"), 5, "the changed gateway to be there")

    assert [each["state"] for each in running.json("call", "list")] == ["answered"]
    call.hangup()
    assert call.wait("ended", 30).final_code == 200
    assert stage.received("carrier-a", "+494066969001").ended_by == "peer"


def test_a_version_that_cannot_be_used_leaves_the_old_one_in_force_and_the_doctor_says_why(
    changeable: tuple[Exchange, Stage], files: Files
) -> None:
    running, stage = changeable
    stage.robot("bau-1").on_call(Answer(after_ms=20))
    before = version_in_force(running)
    secret = "secret: {{ {} }}"
    files.change(
        "kunde-kanzlei.yaml", secret.format("lab: nur-im-labor-2"), secret.format("env: KANZLEI_2_PASSWORD")
    )
    files.change("kunde-bau.yaml", '"0221 4710-199"', '"0221 4710-209"')
    version = files.apply()

    def finding() -> dict[str, str]:
        return next(each for each in running.doctor() if each["name"] == "applied version")

    eventually(lambda: finding()["state"] == "fault", 10, "the doctor to see it")
    assert f"version {version} cannot be used, {before} is in force" in finding()["seen"]
    assert "KANZLEI_2_PASSWORD is not set" in finding()["seen"]
    assert version_in_force(running) == before
    assert not _is_reached(stage)
    assert stage.call("carrier-a", "+492214710170", talk_ms=10).wait("ended", 30).final_code == 200

    running.run("config", "rollback", str(before), "--yes")
    eventually(lambda: finding()["state"] == "ok", 15, "the doctor to be content")


def test_a_customer_that_an_operator_blocks_can_only_make_emergency_calls(
    running: Exchange, stage: Stage
) -> None:
    """A7: within moments, without touching anybody else; and all is as before once it is lifted."""
    stage.robot("carrier-a").on_call(Answer(after_ms=20), "112")
    stage.robot("carrier-a").on_call(Answer(after_ms=20), "+494066969042")

    def outcome(dialled: str) -> int | None:
        return stage.call("praxis-1", dialled, talk_ms=50).wait("ended", 20).final_code

    running.run("customer", "block", "kunde-praxis", "--reason", "end-to-end test")
    eventually(lambda: outcome("04066969042") == 403, 10, "the block to reach the calls")
    assert outcome("112") == 200
    running.run("customer", "unblock", "kunde-praxis", "--reason", "end of the test")
    eventually(lambda: outcome("04066969042") == 200, 10, "the block to be gone")


def test_a_version_that_goes_node_by_node_is_in_force_when_the_command_ends(
    changeable: tuple[Exchange, Stage], files: Files
) -> None:
    """Issue 7; what stops it: tests/integration/store/test_rollout.py."""
    running, _ = changeable
    files.change("kunde-bau.yaml", '"0221 4710-199"', '"0221 4710-209"')
    version = files.apply("--node-by-node", "--rest", "0")
    assert version_in_force(running) == version
    (node,) = running.json("config", "rollout", "--status")["nodes"]
    assert (node["node"], node["held_at"], set(node["controllers"].values())) == ("node-1", None, {version})
