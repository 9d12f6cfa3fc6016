"""What calls do when no controller answers (guarantee 1; architecture.md, "When the controller is gone")."""

from __future__ import annotations

import pytest

from cli.demonstration.stage import Stage
from lab.robots import Answer, CallReport, Ignore, Reject
from tests.e2e.exchange import Exchange, eventually


@pytest.fixture
def alone(without_controller: tuple[Exchange, Stage]) -> Exchange:
    return without_controller[0]


@pytest.fixture
def world(without_controller: tuple[Exchange, Stage]) -> Stage:
    return without_controller[1]


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
