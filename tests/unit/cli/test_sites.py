"""The settings of two sites that come with the program: each names the other one as that names itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cli.settings import Settings, load_settings

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


def test_both_sites_share_the_stores_and_have_two_controllers(sites: tuple[Settings, Settings]) -> None:
    here, there = sites
    assert here.mailbox_key == there.mailbox_key is not None, "each hears what the other one took"
    assert (here.database, here.redis, here.carrier) == (there.database, there.redis, there.carrier)
    assert len(here.controllers) == 2


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
    assert (here.guard is not None) is (("guard", "run") in started)
