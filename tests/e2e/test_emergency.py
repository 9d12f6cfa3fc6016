"""Calls to 110 and 112 end to end, as the control centre's side sees them (B8, B9, guarantee 1)."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from cli.bootstrap import engine, now
from cli.demonstration.stage import Stage
from lab.robots import Answer, CallReport, Ignore, Reject
from lab.robots.report import BodyPart
from store.emergency_attempts import EmergencyAttempts, EmergencyReport
from store.errors import StoreError
from tests.e2e.changes import changed
from tests.e2e.exchange import Exchange, eventually

_CIVIC = "{urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr}"
_PIDF = "application/pidf+xml"
#: From the INVITE to the answer when the first trunk is silent (issue 4).
LIMIT_MS = 4_000
#: Longer than a trunk that says nothing at all has, and than any trunk had before.
SLOW_MS = 5_500
BERLIN = {"country": "DE", "A1": "BE", "A3": "Berlin", "HNO": "7", "PC": "10115", "RD": "Beispielufer"}
KOELN = {
    "country": "DE",
    "A1": "NW",
    "A3": "Köln",
    "HNO": "10",
    "HNS": "a",
    "PC": "50667",
    "RD": "Musterweg",
}


def locations(report: CallReport) -> list[BodyPart]:
    """The bodies with a location."""
    return [part for part in report.parts if part.content_type.startswith(_PIDF)]


def civic(part: BodyPart) -> dict[str, str]:
    """The civic address in a body."""
    found = ElementTree.fromstring(part.content).iter()  # noqa: S314 - made by ourselves
    return {each.tag.removeprefix(_CIVIC): each.text or "" for each in found if each.tag.startswith(_CIVIC)}


def address(part: BodyPart) -> dict[str, str]:
    return {name: text for name, text in civic(part).items() if name != "civicAddress"}


def attempts(running: Exchange) -> list[EmergencyReport]:
    """All attempts so far, the newest last."""
    until = now() + timedelta(minutes=1)
    reader = EmergencyAttempts(engine(running.settings, "fernamt test"))
    return list(reader.report(until - timedelta(hours=1), until))


def attempt_of(running: Exchange, number: str) -> EmergencyReport:
    """The newest attempt from a line that a controller decided, once it is recorded."""

    def found() -> list[EmergencyReport]:
        return [each for each in attempts(running) if each.attempt and each.number == number]

    eventually(lambda: bool(found()), 15, "the attempt to be recorded")
    return found()[-1]


@pytest.mark.parametrize(
    ("who", "written", "called", "line", "place"),
    [
        ("kanzlei-1", "112", "112", "+493023125001", BERLIN),
        ("kanzlei-2", "110", "110", "+493023125002", BERLIN),
        ("bau-1", "112555", "112", "+492214710100", KOELN),
        ("bau-2", "*31#112", "112", "+492214710100", KOELN),
        ("bau-1", "01033112", "112", "+492214710100", KOELN),
    ],
)
def test_an_emergency_call_arrives_with_number_and_address(
    running: Exchange, stage: Stage, who: str, written: str, called: str, line: str, place: dict[str, str]
) -> None:
    """NotrufV § 4(4), (5); RFC 6442, RFC 4119."""
    stage.robot("carrier-a").on_call(Answer(after_ms=20), called)
    call = stage.call(who, written, headers={"Privacy": "id"}, talk_ms=50)
    assert call.wait("ended", 20).final_code == 200
    seen = stage.received("carrier-a", called)
    (body,) = locations(seen)
    assert address(body) == place
    content_id = dict(body.headers)["Content-ID"]
    assert seen.header("Geolocation") == f"<cid:{content_id[1:-1]}>;loc-src=carrier.example"
    assert seen.header("Geolocation-Routing") == "yes"
    assert seen.header("X-Provider-Id") == "BSP-0001"
    assert line in " ".join(seen.asserted_identities)
    assert line in seen.from_header
    assert seen.privacy in (None, "none")
    uui = seen.header("User-to-User") or ""
    assert bytes.fromhex(uui.partition(";")[0][2:]).decode().endswith(f";{line}")


@pytest.mark.parametrize("written", ["0221112", "0112", "+49112", "0049112", "0221110555"])
def test_what_only_ends_like_an_emergency_number_reaches_nobody(stage: Stage, written: str) -> None:
    """NotrufV § 4(5) sentence 1."""
    carriers = ("carrier-a", "carrier-b")
    assert stage.call("kanzlei-1", written).wait("ended", 20).final_code in (403, 404, 484)
    assert not any(stage.all_received(carrier) for carrier in carriers)


def test_a_location_that_the_callers_system_sends_is_kept_but_not_passed_on(
    running: Exchange, stage: Stage
) -> None:
    """B8, TC 6.4: as Teams does; the contract address alone is sent."""
    stage.robot("carrier-a").on_call(Answer(after_ms=20), "112")
    theirs = BodyPart(_PIDF, "<presence>Anderswo</presence>", (("Content-ID", "<a@example.com>"),))
    own = {"Geolocation": "<cid:a@example.com>", "User-to-User": "00FF;encoding=hex"}
    stage.call("bau-1", "112", parts=[theirs], headers=own, talk_ms=50).wait("ended", 20)
    seen = stage.received("carrier-a", "112")
    (body,) = locations(seen)
    assert address(body) == KOELN
    assert "Anderswo" not in seen.body
    assert len(seen.header_values("Geolocation")) == 1
    assert "00FF" not in (seen.header("User-to-User") or "")

    eventually(
        lambda: any(
            "Anderswo" in (each.attempt.claimed_location or "") for each in attempts(running) if each.attempt
        ),
        15,
        "the attempt to be recorded",
    )


def test_a_silent_trunk_costs_less_than_four_seconds(stage: Stage) -> None:
    """B8: over all emergency trunks, soon."""
    stage.robot("carrier-a").on_call(Ignore(), "110")
    stage.robot("carrier-b").on_call(Answer(after_ms=20), "110")
    report = stage.call("kanzlei-1", "110", talk_ms=50).wait("ended", 20)
    assert report.final_code == 200
    assert report.answered_ms is not None
    assert report.answered_ms <= LIMIT_MS
    assert address(locations(stage.received("carrier-b", "110"))[0]) == BERLIN


def test_a_slow_trunk_is_not_taken_for_a_dead_one(stage: Stage) -> None:
    """B8: 100 Trying at once and then nothing until the answer, which is what set-up by ISUP looks like; nor
    are other calls given up while their network searches."""
    urgent, ordinary = "112", "+494066969123"
    for carrier in ("carrier-a", "carrier-b"):
        for number in (urgent, ordinary):
            stage.robot(carrier).on_call(Answer(after_ms=SLOW_MS, ring=False), number)
    calls = [stage.call("kanzlei-1", urgent, talk_ms=20), stage.call("bau-1", "04066969123", talk_ms=20)]
    assert [each.wait("ended", 30).final_code for each in calls] == [200, 200]
    for number in (urgent, ordinary):
        stage.received("carrier-a", number)
    assert not stage.all_received("carrier-b")


def test_when_all_trunks_have_failed_they_are_tried_twice_more(stage: Stage) -> None:
    carriers = ("carrier-a", "carrier-b")
    for carrier in carriers:
        stage.robot(carrier).on_call(Reject(486), "110")
    assert stage.call("kanzlei-2", "110").wait("ended", 20).final_code == 486
    assert [len(stage.all_received(carrier)) for carrier in carriers] == [3, 3]


def test_carriers_that_are_starting_again_get_the_call_when_they_are_there(stage: Stage) -> None:
    """Two rounds are refused at once; who is back within seconds is asked again."""
    stage.robot("carrier-a").on_call(Reject(503), "112")
    stage.robot("carrier-b").on_call(Reject(503), "112")
    call = stage.call("kanzlei-2", "112", talk_ms=50)
    refused: list[CallReport] = []

    def twice() -> bool:
        refused.extend(stage.all_received("carrier-b"))
        return len(refused) == 2

    eventually(twice, 10, "two rounds to be refused")
    stage.robot("carrier-a").on_call(Answer(after_ms=20), "112")
    report = call.wait("ended", 20)
    assert report.final_code == 200
    assert (report.answered_ms or 0) >= 4_000, "a second of rest, then three"


@pytest.mark.parametrize("code", [486, 404, 603, 500, 480])
def test_whatever_the_first_trunk_says_the_second_one_is_asked(stage: Stage, code: int) -> None:
    stage.robot("carrier-a").on_call(Reject(code), "110")
    stage.robot("carrier-b").on_call(Answer(after_ms=20), "110")
    assert stage.call("kanzlei-2", "110", talk_ms=20).wait("ended", 20).final_code == 200
    stage.received("carrier-b", "110")


@pytest.fixture(scope="module")
def other(
    changeable: tuple[Exchange, Stage], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Exchange, Stage]]:
    """A carrier whose first trunk is narrow and wants codes, and a phone without a line of its own."""
    second = "priority: 20\n      emergency: true\n"
    changes = {
        "carrier.yaml": (
            ("capacity: 480", "capacity: 1"),
            ("request_uri: dialled", "request_uri: code"),
            (second, f"{second}      emergency_invite: {{ location: false }}\n"),
        ),
        "kunde-kanzlei.yaml": (("own_line: true", "own_line: false"),),
    }
    with changed(changeable[0], tmp_path_factory.mktemp("emergency"), changes):
        yield changeable


def test_a_full_trunk_ends_another_call_for_an_emergency_call(other: tuple[Exchange, Stage]) -> None:
    """TKG § 164: priority over all other calls."""
    running, stage = other
    mobile, code = "+4915228817386", "49CC11C112"
    stage.robot("carrier-a").on_call(Answer(), mobile)
    stage.robot("carrier-a").on_call(Answer(after_ms=20), code)
    talk = stage.call("bau-1", mobile)
    talk.wait("answered", 30)
    report = stage.call("kanzlei-2", "112", talk_ms=50).wait("ended", 20)
    assert report.final_code == 200
    ended = talk.wait("ended", 30)
    assert ended.ended_by == "peer"
    assert ended.q850_cause == 45
    seen = stage.received("carrier-a", code)
    assert seen.request_uri.startswith(f"sip:{code}@")
    assert "user=phone" in seen.request_uri
    assert address(locations(seen)[0]) == BERLIN
    found = attempt_of(running, "+493023125002").attempt
    assert found is not None
    assert len(found.pre_empted) == 1
    assert found.area_code == code
    assert found.sent[0].request_uri.startswith(f"sip:{code}@")
    eventually(lambda: attempt_of(running, "+493023125002").trunk_id == "carrier-a", 15, "its record")
    (reported,) = [each for each in running.json("emergency", "report") if each["call_id"] == found.call_id]
    assert reported["attempt"]["sent"][0]["bodies"] == list(found.sent[0].bodies)


def test_each_trunk_gets_the_call_as_it_wants_it(other: tuple[Exchange, Stage]) -> None:
    """A code and the address for the first one, what was dialled without an address for the second."""
    _, stage = other
    stage.robot("carrier-a").on_call(Reject(503), "49CC05315A112")
    stage.robot("carrier-b").on_call(Answer(after_ms=20), "112")
    assert stage.call("bau-1", "112", talk_ms=50).wait("ended", 20).final_code == 200
    assert locations(stage.received("carrier-a", "49CC05315A112"))
    second = stage.received("carrier-b", "112")
    assert locations(second) == []
    assert second.header("Geolocation") is None


def test_a_phone_without_a_line_hears_what_to_do_instead(other: tuple[Exchange, Stage], switch: str) -> None:
    """B9: an announcement in early media, then a refusal; never silence. It lasts 11 s: heard to its end on
    FreeSWITCH only."""
    running, stage = other
    call = stage.call("kanzlei-1", "112")
    eventually(lambda: call.report().rtp.packets_received > 50, 20, "the announcement")
    if switch != "freeswitch":
        call.hangup()
    report = call.wait("ended", 30)
    assert report.answered_ms is None
    assert any(each.early_media for each in report.provisionals)
    if switch == "freeswitch":
        assert report.final_code == 403
        assert report.rtp.packets_received > 450
    assert attempt_of(running, "+493023125001").outcome == "announce"


def test_neither_database_nor_redis_is_needed_and_the_attempt_is_recorded_later(
    other: tuple[Exchange, Stage],
) -> None:
    """Guarantee 1: both killed at once; the record waits in a file."""
    running, stage = other
    stage.robot("carrier-a").on_call(Answer(after_ms=20), "49CC06412B112")
    parts = running.processes()
    for name in ("postgres", "redis"):
        os.kill(parts[name], signal.SIGKILL)
    report = stage.call("praxis-1", "112", talk_ms=50).wait("ended", 20)
    assert report.final_code == 200
    assert report.answered_ms is not None
    assert report.answered_ms < LIMIT_MS
    eventually(lambda: running.processes()["postgres"] != parts["postgres"], 40, "PostgreSQL to be back")

    def recorded() -> bool:
        try:
            return any(each.attempt for each in attempts(running) if each.number == "+496990009050")
        except StoreError:
            return False

    eventually(recorded, 40, "the attempt to be recorded")


def test_a_call_whose_controller_died_makes_room_too(other: tuple[Exchange, Stage]) -> None:
    """TKG § 164: the new controller learns of it from the switch's list and the live calls."""
    running, stage = other
    mobile, code = "+4915228817386", "49CC11C112"
    stage.robot("carrier-a").on_call(Answer(), mobile)
    stage.robot("carrier-a").on_call(Answer(after_ms=20), code)
    talk = stage.call("bau-1", mobile)
    talk.wait("answered", 30)
    stage.robot("carrier-a").on_call(Answer(after_ms=20), "112")  # while there is no controller
    stage.robot("carrier-b").on_call(Answer(after_ms=20), "112")
    eventually(
        lambda: [each["b_number"] for each in running.json("call", "list")] == [mobile],
        30,
        "this call alone to be noted",
    )
    running.kill_part("controller-1")

    def made_room() -> bool:
        stage.call("kanzlei-2", "112", talk_ms=20).wait("ended", 20)
        return talk.report().state == "ended"

    eventually(made_room, 20, "the call to be ended for an emergency call")
    assert talk.report().q850_cause == 45


def test_a_frozen_controller_does_not_hold_up_an_emergency_call(running: Exchange, stage: Stage) -> None:
    """It accepts connections (its kernel does) and says nothing: it is found out, killed and replaced."""
    stage.robot("carrier-a").on_call(Answer(after_ms=20), "112")
    frozen = running.processes()["controller-1"]
    os.kill(frozen, signal.SIGSTOP)
    report = stage.call("kanzlei-1", "112", talk_ms=100).wait("ended", 30)
    assert report.final_code == 200
    assert report.answered_ms is not None
    assert report.answered_ms < 10_000
    eventually(
        lambda: running.processes().get("controller-1") not in (None, frozen), 30, "another controller"
    )
