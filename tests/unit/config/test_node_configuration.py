"""What is sent to a node when its trunks and phones change: as little as possible, in the right order."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, replace
from datetime import date
from pathlib import Path

import pytest
import structlog

from cli.wiring.applied import AppliedCarrier
from cli.wiring.node_configuration import NodeConfiguration
from controller.errors import NodeAway
from dialplan.carrier import Credentials, Registration
from dialplan.snapshot import Snapshot
from freeswitch.commands import ApiCall
from freeswitch.errors import CommandFailed, NotConnected
from freeswitch.settings import EventSocketAddress, SwitchSettings
from provisioning.canonical import items_of
from provisioning.network import RealNetwork
from provisioning.secrets import Secrets
from store.config_items import ItemChanges
from tests.unit.config.test_plan import Change, config


class FakeNode:
    """A node's API: notes what it is asked, fails when told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False
        self.lacks = ""

    def api(self, call: ApiCall, timeout_s: float) -> str:
        assert timeout_s > 0
        if self.away:
            raise NotConnected("no connection")
        self.asked.append(f"{call.name} {call.argument}".strip())
        if call.name == "load" and self.lacks:
            return f"+OK Reloading XML\n-ERR [{self.lacks}]\n"
        if "killgw unknown" in call.argument:
            raise CommandFailed("-ERR no such gateway.")
        return "+OK"

    def take(self) -> list[str]:
        asked, self.asked = self.asked, []
        return asked


def settings(tmp_path: Path) -> SwitchSettings:
    return SwitchSettings(
        node="node-1",
        carrier_port=5060,
        trunk_port=5070,
        phone_port=5080,
        event_socket=EventSocketAddress("127.0.0.1", 8021, "geheim"),
        controllers=(("127.0.0.1", 8084),),
        cdr_dir=tmp_path / "cdr",
    )


def snapshot(*changes: Change) -> Snapshot:
    carrier = AppliedCarrier(RealNetwork(), lambda: Secrets({}, Path(), lab=True), lambda: date(2026, 11, 22))
    found = carrier.compile(ItemChanges(1, tuple(items_of(config(*changes)).values()), whole=True))
    phones = {name: replace(each, codecs=("PCMA",)) for name, each in found.phones.items()}
    return replace(found, phones=phones)


@pytest.fixture
def fake() -> FakeNode:
    return FakeNode()


@pytest.fixture
def node(fake: FakeNode, tmp_path: Path) -> NodeConfiguration:
    """A node that was started with the example's configuration."""
    NodeConfiguration(tmp_path, settings(tmp_path), fake.api).write(snapshot())
    return NodeConfiguration(tmp_path, settings(tmp_path), fake.api)


NUMBERS = ('last: "0221 4710-199"', 'last: "0221 4710-209"')
NEW_TRUNK = ("id: bau-2", "id: bau-3"), ("[bau-1, bau-2]", "[bau-1, bau-3]")


def test_a_node_that_was_started_with_it_is_asked_nothing(node: NodeConfiguration, fake: FakeNode) -> None:
    node.prepare(snapshot())
    node.retire(snapshot())
    assert fake.take() == []


def test_a_line_that_moves_and_an_area_that_changes_are_rendered_for_calls_without_a_controller(
    node: NodeConfiguration, fake: FakeNode, tmp_path: Path
) -> None:
    """Guarantee 1: address and code of emergency calls stand in the switch's own configuration."""
    for change, told in (
        (("street: Musterweg", "street: Anderweg"), "Anderweg"),
        (("request_uri: dialled", "request_uri: code"), "49CC05315A112"),
    ):
        node.prepare(snapshot(change))
        assert "reloadxml" in " ".join(fake.take())
        assert told in (tmp_path / "freeswitch.xml").read_text()


def test_new_numbers_are_no_matter_of_the_node(
    node: NodeConfiguration, fake: FakeNode, tmp_path: Path
) -> None:
    before = (tmp_path / "freeswitch.xml").read_text()
    node.prepare(snapshot(NUMBERS))
    node.retire(snapshot(NUMBERS))
    assert fake.take() == []
    assert (tmp_path / "freeswitch.xml").read_text() == before


def test_a_gateway_comes_first_and_the_one_it_replaces_goes_last(
    node: NodeConfiguration, fake: FakeNode, tmp_path: Path
) -> None:
    fresh = snapshot(*NEW_TRUNK)
    node.prepare(fresh)
    assert fake.take() == ["reloadxml", "reloadacl", "sofia profile trunk rescan"]
    assert 'name="bau-3"' in (tmp_path / "freeswitch.xml").read_text()
    node.retire(fresh)
    assert fake.take() == ["sofia profile trunk killgw bau-2"]
    node.prepare(fresh)
    node.retire(fresh)
    assert fake.take() == []


def test_a_changed_gateway_is_exchanged_under_its_name(node: NodeConfiguration, fake: FakeNode) -> None:
    fresh = snapshot(("192.0.2.11:5060", "192.0.2.11:5062"))
    node.prepare(fresh)
    assert fake.take()[2:] == ["sofia profile carrier killgw carrier-b", "sofia profile carrier rescan"]
    node.retire(fresh)
    assert fake.take() == []


def test_a_trunk_that_registers_from_now_on_gets_a_gateway_for_it(
    node: NodeConfiguration, fake: FakeNode
) -> None:
    """Before the version with such calls is in force; it goes with the registration."""
    at = "      address: 192.0.2.10:5060\n"
    registering = snapshot((at, at + "      registration: { username: konto, secret: { lab: geheim } }\n"))
    node.prepare(registering)
    assert fake.take()[2:] == ["sofia profile carrier killgw carrier-a", "sofia profile carrier rescan"]
    node.retire(registering)
    assert fake.take() == []
    node.prepare(snapshot())
    fake.take()
    node.retire(snapshot())
    assert fake.take() == ["sofia profile carrier killgw carrier-a.R"]


def test_a_trunk_that_an_earlier_release_registered_gets_two_gateways_and_calls_keep_the_name(
    fake: FakeNode, tmp_path: Path
) -> None:
    """Decision 0044: whoever decides calls dials the name that every release has rendered."""
    found = snapshot()
    trunk = replace(
        found.trunks["carrier-b"], registration=Registration("konto", Credentials("konto", "nur-im-labor"))
    )
    fresh = replace(found, trunks={**found.trunks, trunk.id: trunk})
    node = NodeConfiguration(tmp_path, settings(tmp_path), fake.api)
    node.write(fresh)
    loaded = tmp_path / ".loaded.json"
    state = json.loads(loaded.read_text())
    registered = astuple(Registration("konto", Credentials("konto", "nur-im-labor")))
    facts = (str(trunk.address), "udp", registered, trunk.ping_s)
    earlier = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    assert state["carrier"].pop("carrier-b.R") != state["carrier"]["carrier-b"] != earlier
    state["carrier"]["carrier-b"] = earlier
    loaded.write_text(json.dumps(state))
    node.prepare(fresh)
    assert fake.take()[2:] == ["sofia profile carrier killgw carrier-b", "sofia profile carrier rescan"]
    node.retire(fresh)
    assert fake.take() == []


def test_a_removed_phone_rings_no_more(node: NodeConfiguration, fake: FakeNode) -> None:
    fresh = snapshot(("id: kanzlei-2\n", "id: kanzlei-9\n"), ("[kanzlei-1, kanzlei-2]", "[kanzlei-1]"))
    node.prepare(fresh)
    assert fake.take() == ["reloadxml", "reloadacl"]
    node.retire(fresh)
    assert fake.take() == ["sofia profile phone flush_inbound_reg kanzlei-2@phones.fernamt.invalid"]


def test_what_a_node_missed_is_made_up_for_by_whoever_comes_next(
    node: NodeConfiguration, fake: FakeNode, tmp_path: Path
) -> None:
    fresh = snapshot(*NEW_TRUNK)
    fake.away = True
    with pytest.raises(NodeAway):
        node.prepare(fresh)
    fake.away = False
    node.prepare(fresh)
    assert fake.take() == ["reloadxml", "reloadacl", "sofia profile trunk rescan"]
    fake.away = True
    with pytest.raises(NodeAway):
        node.retire(fresh)
    fake.away = False
    another = NodeConfiguration(tmp_path, settings(tmp_path), fake.api)
    another.prepare(fresh)
    another.retire(fresh)
    assert "sofia profile trunk killgw bau-2" in fake.take()


def test_a_gateway_that_is_gone_already_is_no_failure(fake: FakeNode, tmp_path: Path) -> None:
    node = NodeConfiguration(tmp_path, settings(tmp_path), fake.api)
    node.write(snapshot(("id: bau-2", "id: unknown"), ("[bau-1, bau-2]", "[bau-1, unknown]")))
    node.prepare(snapshot())
    node.retire(snapshot())
    assert fake.take()[-1] == "sofia profile trunk killgw unknown"


def with_codecs(*codecs: str) -> Snapshot:
    found = snapshot()
    trunk = found.trunks["carrier-b"]
    return replace(found, trunks={**found.trunks, trunk.id: replace(trunk, codecs=codecs)})


def test_a_codec_that_no_trunk_spoke_before_is_loaded_once(
    node: NodeConfiguration, fake: FakeNode, tmp_path: Path
) -> None:
    fresh = with_codecs("OPUS", "G722", "PCMA")
    node.prepare(fresh)
    assert fake.take() == ["reloadxml", "reloadacl", "load mod_opus", "load mod_spandsp"]
    node.retire(fresh)
    node.prepare(snapshot(NUMBERS))
    node.retire(snapshot(NUMBERS))
    assert fake.take() == ["reloadxml", "reloadacl"]
    NodeConfiguration(tmp_path, settings(tmp_path), fake.api).write(fresh)
    NodeConfiguration(tmp_path, settings(tmp_path), fake.api).prepare(fresh)
    assert fake.take() == [], "a node that starts with it loads it by itself"


def test_a_module_that_is_not_installed_is_told_and_keeps_nothing_else_from_the_node(
    node: NodeConfiguration, fake: FakeNode, tmp_path: Path
) -> None:
    fake.lacks = "(mod_spandsp.so): cannot open shared object file"
    with structlog.testing.capture_logs() as logs:
        node.prepare(with_codecs("G722"))
    (told,) = [each for each in logs if each["log_level"] == "error"]
    assert told["module"] == "mod_spandsp"
    assert "install freeswitch-mod-spandsp" in told["next_step"]
    assert "mod_spandsp" in (tmp_path / "freeswitch.xml").read_text()
    fake.lacks = "Module already loaded"
    with structlog.testing.capture_logs() as logs:
        node.prepare(with_codecs("OPUS"))
    assert logs == []
