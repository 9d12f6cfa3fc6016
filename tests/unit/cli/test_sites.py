"""The settings of two sites that come with the program: each names the other one as that names itself."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from cli.bootstrap import controller_name, switch_settings
from cli.settings import Settings, load_settings
from freeswitch.render import render
from provisioning.schema import SecretRef
from tests.unit.dialplan.carriers import snapshot

DEPLOY = Path(__file__).parents[3] / "deploy"


@pytest.fixture(params=[("a", "b"), ("b", "a")], ids=lambda each: each[0])
def sites(request: pytest.FixtureRequest) -> tuple[Settings, Settings]:
    here, there = (load_settings(DEPLOY / f"site-{name}.yaml") for name in request.param)
    return here, there


def test_each_site_knows_the_other_ones_node(
    sites: tuple[Settings, Settings],
) -> None:
    here, there = sites
    (other,) = here.other_nodes
    assert other.name == there.node.name
    assert other.event_socket == there.node.event_socket
    assert other.sip == (there.node.sip_ip, there.node.ports.node)


def test_an_event_socket_takes_both_ends_of_the_tunnel_and_nobody_else(
    sites: tuple[Settings, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From there come the other site's controllers and this one's own; calls come from other addresses."""
    monkeypatch.setenv("NODE_SECRET", "kein-erratbares-wort")
    here, there = sites
    secret = {"event_socket_password": SecretRef(env="NODE_SECRET")}
    settings = switch_settings(here.model_copy(update={"node": here.node.model_copy(update=secret)}))
    tree = ElementTree.fromstring(render(snapshot(), settings))  # noqa: S314 - made by ourselves
    wanted = tree.find(".//configuration[@name='event_socket.conf']//param[@name='apply-inbound-acl']")
    assert wanted is not None
    entries = tree.findall(f".//list[@name='{wanted.get('value')}']/node")
    assert {(each.get("type"), each.get("cidr")) for each in entries} == {
        ("allow", "10.99.0.1/32"),
        ("allow", "10.99.0.2/32"),
        ("allow", "127.0.0.0/8"),
    }
    peers = [each.get("cidr") for each in tree.findall(".//list[@name='node-peers']/node")]
    assert peers == [f"{there.node.sip_ip}/32"]


def test_both_sites_share_the_stores_and_have_two_controllers(sites: tuple[Settings, Settings]) -> None:
    here, there = sites
    assert here.mailbox_key == there.mailbox_key is not None, "each hears what the other one took"
    assert (here.database, here.redis, here.carrier) == (there.database, there.redis, there.carrier)
    assert len(here.controllers) == 2
    names = {controller_name(site, listen) for site in sites for listen in site.controllers}
    assert len(names) == 4, "the names under which all controllers share what they know"


def test_whatever_prometheus_is_told_to_ask_is_started(sites: tuple[Settings, Settings]) -> None:
    here, _ = sites
    services = yaml.safe_load((DEPLOY / "site.compose.yaml").read_text())["services"].values()
    started = {
        tuple(each["command"][2:]) for each in services if "command" in each and "profiles" not in each
    }
    listens = {words[-1] for words in started if words[:3] == ("controller", "run", "--listen")}
    assert here.metrics is not None
    assert len(here.metrics.controllers) == len(here.controllers)
    assert listens == {f"{host}:{port}" for host, port in here.controllers}
    assert (here.metrics.intake is not None) is (("cdr", "intake") in started)
    assert (here.metrics.guard is not None) is (("guard", "run") in started)
    offered = {" ".join(each.get("command", [])[2:]) for each in services}
    assert (here.metrics.rating is not None) is ("rate run --follow" in offered)
    assert (here.guard is not None) is (("guard", "run") in started)
