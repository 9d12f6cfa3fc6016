"""Controllers on another machine than the switch: FreeSWITCH waits for it as long as its kernel."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cli.explaining.far_controllers import far_controllers, syn_retries, with_far
from cli.explaining.findings import Finding, State
from cli.lab_settings import lab_settings
from cli.layout import EXAMPLE_CARRIER
from cli.settings import Settings
from freeswitch.render import render
from tests.unit.dialplan.carriers import snapshot
from tests.unit.freeswitch.node import SETTINGS

NEAR = (("127.0.0.1", 8084), ("192.0.2.10", 8085), ("::1", 8084), ("localhost", 8084), ("10.99.0.1", 8084))
FAR = ("10.99.0.2", 8084)


def settings(tmp_path: Path, *controllers: tuple[str, int], lab: bool = False) -> Settings:
    known = lab_settings(tmp_path, EXAMPLE_CARRIER)
    node = known.node.model_copy(update={"sip_ip": "192.0.2.10", "event_socket": ("10.99.0.1", 8021)})
    network = known.lab_network if lab else None
    return known.model_copy(update={"controllers": controllers, "node": node, "lab_network": network})


def test_controllers_on_the_nodes_machine_cost_nothing(tmp_path: Path) -> None:
    assert far_controllers(settings(tmp_path, *NEAR), retries=6) is None


def test_what_one_elsewhere_costs_and_what_to_do_is_told(tmp_path: Path) -> None:
    found = far_controllers(settings(tmp_path, NEAR[0], FAR), retries=6)
    assert found is not None
    assert found.state is State.WARNING
    assert found.seen == (
        "not on the switch's machine: 10.99.0.2:8084; while that one is off each call waits 127 s"
    )
    assert found.next_step.startswith("sysctl net.ipv4.tcp_syn_retries=1 makes it 3 s (docs/operation.md")


def test_one_elsewhere_alone_is_never_well(tmp_path: Path) -> None:
    found = far_controllers(settings(tmp_path, FAR), retries=1)
    assert found is not None
    assert found.state is State.WARNING
    assert found.next_step.startswith("run controllers on the machine of node-1 too")


@pytest.mark.parametrize("controllers", [(NEAR[0], FAR), (FAR, NEAR[0]), (NEAR[0], FAR, NEAR[1])])
def test_one_elsewhere_beside_the_others_is_well_when_the_kernel_gives_up_early(
    tmp_path: Path, controllers: tuple[tuple[str, int], ...]
) -> None:
    found = far_controllers(settings(tmp_path, *controllers), retries=1)
    assert found is not None
    assert (found.state, found.next_step) == (State.OK, "")
    assert "waits 3 s" in found.seen


def test_a_name_counts_as_another_machine(tmp_path: Path) -> None:
    found = far_controllers(settings(tmp_path, NEAR[0], ("controller.carrier.example", 8084)), retries=1)
    assert found is not None
    assert "controller.carrier.example:8084" in found.seen


def test_the_doctor_says_both_who_is_dead_and_who_is_far(tmp_path: Path) -> None:
    dead = Finding("controllers", State.WARNING, "10.99.0.2:8084 takes none", "Start it")
    far = far_controllers(settings(tmp_path, FAR), retries=6)
    both = with_far(dead, far)
    assert both.state is State.WARNING
    assert both.seen.startswith("10.99.0.2:8084 takes none; not on the switch's machine")
    assert both.next_step.startswith("Start it; run controllers on the machine")
    well = Finding("controllers", State.OK, "1 of 1 take calls")
    assert with_far(well, far).state is State.WARNING
    assert with_far(well, None) is well


def test_the_kernels_patience_is_read_and_linux_own_assumed_where_it_is_not_told(tmp_path: Path) -> None:
    path = tmp_path / "tcp_syn_retries"
    assert syn_retries(path) == 6
    path.write_text("2\n")
    assert syn_retries(path) == 2


def test_the_kernel_gives_a_silent_machine_up_no_earlier_than_is_told() -> None:
    """One whose queue of connections is full drops further SYNs, as a machine does that is off."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as late:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())
        late.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            late.connect(full.getsockname())
        assert 3 <= time.monotonic() - began < 10


def test_every_call_asks_those_beside_the_switch_first_whatever_the_order_says() -> None:
    """112 as all others: one controller knows of call-backs and of the room on emergency trunks."""
    node = replace(SETTINGS, controllers=(FAR, ("127.0.0.1", 8084), ("127.0.0.1", 8085)))
    tree = ElementTree.fromstring(render(snapshot(), node))  # noqa: S314 - made by ourselves
    asked = {each.get("data") for each in tree.iter("action") if each.get("application") == "socket"}
    assert asked == {"127.0.0.1:8084|127.0.0.1:8085|10.99.0.2:8084"}
