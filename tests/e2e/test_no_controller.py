"""What calls do when no controller answers (guarantee 1; architecture.md, "When the controller is gone")."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.demonstration.stage import Stage, staged
from cli.layout import EXAMPLE_CARRIER
from lab.robots import Answer, CallReport, Ignore, Reject
from tests.e2e.exchange import Exchange, eventually, exchange


@pytest.fixture(scope="module")
def alone(switch: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """The example carrier, one of whose customers has a second site."""
    directory = Path(shutil.copytree(EXAMPLE_CARRIER, tmp_path_factory.mktemp("alone") / "carrier"))
    customer = directory / "kunde-bau.yaml"
    text = customer.read_text()
    for old, new in (
        ('last: "0221 4710-199"', 'last: "0221 4710-189"'),
        ("    numbers:\n", f"    numbers:\n{_IN_THE_STORE}"),
        ("    sites:\n", f"    sites:\n{_STORE}"),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    customer.write_text(text)
    with exchange(switch, controllers=0, carrier=directory) as found:
        yield found


#: Another address in the same town, and ten of the numbers there.
_STORE = """\
      - id: lager
        address:
          { street: Lagerstieg, house_number: "3", postcode: "50668", town: Köln, state: NW, ags: "05315000" }
        area_code: "0221"
        evidence: [{ kind: lease, dated: 2025-12-01, document: archiv/bau/mietvertrag.pdf }]
"""
_IN_THE_STORE = """\
      - { first: "0221 4710-190", last: "0221 4710-199", site: lager, trunks: [bau-1, bau-2] }
"""


@pytest.fixture(scope="module")
def world(alone: Exchange) -> Iterator[Stage]:
    with staged(alone.settings) as found:
        yield found


@pytest.mark.parametrize(
    ("who", "dialled", "called", "line", "town"),
    [
        ("kanzlei-1", "112", "112", "+493023125001", "Berlin"),
        ("kanzlei-2", "110", "110", "+493023125002", "Berlin"),
        ("bau-2", "112", "112", "+492214710100", "K&#246;ln"),
        ("praxis-anlage", "110", "110", "+496990009000", "Frankfurt am Main"),
        ("bau-1", "112555", "112", "+492214710100", "K&#246;ln"),
        ("bau-1", "01033110", "110", "+492214710100", "K&#246;ln"),
        ("bau-2", "112;phone-context=+49", "112", "+492214710100", "K&#246;ln"),
    ],
)
def test_an_emergency_call_goes_out_with_the_lines_number(
    alone: Exchange, world: Stage, who: str, dialled: str, called: str, line: str, town: str
) -> None:
    """B8: with the first trunk refusing, over the second; number, address and headers rendered beforehand."""
    world.robot("carrier-a").on_call(Reject(503), called)
    world.robot("carrier-b").on_call(Answer(after_ms=50), called)
    call = world.call(who, dialled, headers={"Privacy": "id"}, talk_ms=300)
    assert call.wait("ended", 20).final_code == 200
    callee = world.received("carrier-b", called)
    assert line in " ".join(callee.asserted_identities)
    (body,) = [part for part in callee.parts if part.content_type.startswith("application/pidf+xml")]
    assert f'entity="tel:{line}"' in body.content
    assert f"<ca:A3>{town}</ca:A3>" in body.content
    assert dict(body.headers)["Content-ID"][1:-1] in (callee.header("Geolocation") or "")
    assert "id" not in (callee.privacy or "")
    sip_id = call.report().sip_call_id
    eventually(
        lambda: any(leg["sip_call_id"] == sip_id and leg["side"] == "a" for leg in alone.legs()),
        15,
        "the call's record",
    )
    (record,) = [leg for leg in alone.legs() if leg["sip_call_id"] == sip_id]
    assert record["reason_id"] == "static.emergency"
    assert record["direction"] == "emergency"


def test_who_calls_from_another_site_gets_that_site_s_control_centre(world: Stage) -> None:
    """B8: the number is the caller's own, the address is the number's, not the main number's."""
    world.all_received("carrier-a")  # calls of tests before
    world.robot("carrier-a").on_call(Answer(after_ms=20), "112")
    asserted = {"P-Asserted-Identity": "<sip:+492214710195@198.51.100.20>"}
    call = world.call("bau-1", "112", from_user="anonymous", headers=asserted, talk_ms=50)
    assert call.wait("ended", 20).final_code == 200
    callee = world.received("carrier-a", "112")
    assert "+492214710195" in " ".join(callee.asserted_identities)
    (body,) = [part for part in callee.parts if part.content_type.startswith("application/pidf+xml")]
    assert 'entity="tel:+492214710195"' in body.content
    assert "Lagerstieg" in body.content
    user_to_user = (callee.header("User-to-User") or "").partition(";")[0]
    assert bytes.fromhex(user_to_user[2:]).decode().endswith(";+492214710195")


def test_a_slow_trunk_is_waited_for_and_a_dead_one_is_left(world: Stage) -> None:
    """B8: both at the same time; the slow one has answered 100 Trying."""
    for carrier in ("carrier-a", "carrier-b"):
        world.all_received(carrier)  # calls of tests before
    world.robot("carrier-a").on_call(Answer(after_ms=3_500, ring=False), "112")
    world.robot("carrier-a").on_call(Ignore(), "110")
    for digits in ("110", "112"):
        world.robot("carrier-b").on_call(Answer(after_ms=20), digits)
    slow, dead = world.call("kanzlei-1", "112", talk_ms=20), world.call("kanzlei-2", "110", talk_ms=20)
    assert [each.wait("ended", 20).final_code for each in (slow, dead)] == [200, 200]
    world.received("carrier-a", "112")
    assert not world.has_received("carrier-b", "112")
    assert (dead.report().answered_ms or 0) <= 4_000
    world.received("carrier-b", "110")


def test_carriers_that_are_starting_again_get_the_call_when_they_are_there(world: Stage) -> None:
    """B8: two rounds are refused at once, and the third one comes after a rest."""
    for carrier in ("carrier-a", "carrier-b"):
        world.all_received(carrier)  # calls of tests before
        world.robot(carrier).on_call(Reject(503), "110")
    call = world.call("kanzlei-1", "110", talk_ms=20)
    refused: list[CallReport] = []

    def twice() -> bool:
        refused.extend(world.all_received("carrier-b"))
        return len(refused) == 2

    eventually(twice, 10, "two rounds to be refused")
    world.robot("carrier-a").on_call(Answer(after_ms=20), "110")
    report = call.wait("ended", 20)
    assert report.final_code == 200
    assert (report.answered_ms or 0) >= 4_000, "a second of rest, then three"


def test_a_frozen_controller_does_not_hold_up_an_emergency_call(switch: str) -> None:
    """It accepts connections (its kernel does) and says nothing: it is found out, killed and replaced."""
    with exchange(switch) as running, staged(running.settings) as stage:
        stage.robot("carrier-a").on_call(Answer(after_ms=20), "112")
        os.kill(running.processes()["controller-1"], signal.SIGSTOP)
        call = stage.call("kanzlei-1", "112", talk_ms=100)
        report = call.wait("ended", 30)
        assert report.final_code == 200
        assert report.answered_ms is not None
        assert report.answered_ms < 10_000


def test_any_other_call_hears_a_tone_and_is_refused_as_a_passing_fault(alone: Exchange, world: Stage) -> None:
    call = world.call("bau-1", "015228817386")
    report = call.wait("ended", 30)
    assert report.final_code == 503
    assert report.heard(950, min_ms=150)
    sip_id = report.sip_call_id
    eventually(lambda: any(leg["sip_call_id"] == sip_id for leg in alone.legs()), 15, "the call's record")
    (record,) = [leg for leg in alone.legs() if leg["sip_call_id"] == sip_id]
    assert record["reason_id"] == "static.no-controller"
    assert record["q850"] == 41
