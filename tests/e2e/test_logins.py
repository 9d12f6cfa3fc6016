"""A customer's telephone system that logs in: it calls, and is called with every number (B1, B2, B8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.bootstrap import trunk_board
from cli.demonstration.stage import Inbox, Stage, staged
from cli.settings import Settings
from lab.robots import Answer, RegistrationError, RobotCall, RobotPhone, RobotsTimeoutError
from tests.e2e.attacker import Attacker
from tests.e2e.exchange import Exchange, eventually, exchange

CALLER = "+4915228817386"
CALLED = "+494066969901"
MAIN, EXTENSION, OTHERS = "+492214710100", "+492214710142", "+492214710300"
TO_ZWEITE = "+492214710150"
TO_GEHEIM, ONLY_GEHEIM = "+492214710190", "+492214710195"
USER, PASSWORD = "anlage-koeln", "nur-im-labor-1"
DESK = "empfang"
TONE = "%(10000,0,620)"


@pytest.fixture(scope="module")
def running(switch: str) -> Iterator[Exchange]:
    with exchange(switch, carrier=Path(__file__).parent / "logins.yaml") as found:
        yield found


@pytest.fixture(scope="module")
def stage(running: Exchange) -> Iterator[Stage]:
    with staged(running.settings) as found:
        found.robot("carrier-a").on_call(Answer(talk_ms=50))
        yield found


@pytest.fixture(scope="module")
def system(stage: Stage) -> RobotPhone:
    """The customer's system, registered."""
    robot = stage.robots.phone("anlage", username=USER, password=PASSWORD)
    register(stage.settings, robot)
    return robot


def register(settings: Settings, robot: RobotPhone, seconds: int = 300) -> int:
    return robot.register((settings.node.sip_ip, settings.node.ports.phone), settings.node.domain, seconds)


def dial(stage: Stage, robot: RobotPhone, number: str = CALLED, from_user: str = EXTENSION) -> RobotCall:
    """A call that the robot places over the port of the phones."""
    node = stage.settings.node
    return robot.call(f"sip:{number}@{node.sip_ip}:{node.ports.phone}", from_user=from_user, talk_ms=50)


def leave(running: Exchange, stage: Stage, robot: RobotPhone) -> None:
    """The second system is registered nowhere any more."""
    register(stage.settings, robot)
    register(stage.settings, robot, 0)
    stands(running, "down")
    robot.close()


def stands(running: Exchange, state: str) -> None:
    eventually(lambda: state_of(running, "zweite") == state, 20, f"the second system's trunk to be {state}")


def state_of(running: Exchange, trunk: str) -> str:
    views = trunk_board(running.settings).all().values()
    return next((each.state.value for view in views for each in view if each.trunk_id == trunk), "")


def test_the_system_calls_with_any_number_of_its_customer(
    running: Exchange, stage: Stage, system: RobotPhone
) -> None:
    call = dial(stage, system)
    assert call.wait("ended", 20).final_code == 200
    assert EXTENSION in stage.received("carrier-a", CALLED).from_header
    sip_id = call.report().sip_call_id
    eventually(lambda: sip_id in {leg["sip_call_id"] for leg in running.legs()}, 15, "its record")
    (leg,) = [leg for leg in running.legs() if leg["sip_call_id"] == sip_id]
    assert (leg["customer_id"], leg["trunk_id"], leg["phone_id"]) == ("kunde", "anlage", None)


@pytest.mark.parametrize("number", [MAIN, EXTENSION])
def test_one_registration_takes_the_calls_to_all_numbers(
    stage: Stage, system: RobotPhone, number: str
) -> None:
    """The number that was called stands in Request-URI and To."""
    inbox = Inbox(system)
    system.on_call(Answer(talk_ms=50))
    assert stage.call("carrier-a", number, from_user=CALLER).wait("ended", 20).final_code == 200
    report = inbox.received(number, 10).wait("ended", 10)
    assert f"sip:{number}@" in report.to_header
    assert CALLER in report.from_header
    assert report.final_code == 200


def test_who_logs_in_does_not_call_as_another_customer(stage: Stage, system: RobotPhone) -> None:
    assert dial(stage, system, from_user=OTHERS).wait("ended", 20).final_code == 200
    received = stage.received("carrier-a", CALLED)
    assert OTHERS not in received.from_header
    assert MAIN in received.from_header


def test_emergency_calls_of_the_system_get_through(stage: Stage, system: RobotPhone) -> None:
    assert dial(stage, system, "112").wait("ended", 20).final_code == 200
    assert EXTENSION in stage.received("carrier-a", "112").from_header


def test_a_system_need_not_be_registered_to_call(stage: Stage) -> None:
    """Digest on each INVITE, from any address."""
    robot = stage.robots.phone("anderswo", username=USER, password=PASSWORD, local_ip="127.0.0.9")
    assert dial(stage, robot).wait("ended", 20).final_code == 200
    assert EXTENSION in stage.received("carrier-a", CALLED).from_header
    robot.close()


@pytest.mark.parametrize(
    ("user", "password", "code"),
    [(USER, "geraten", 403), ("nobody", PASSWORD, 403), ("zweite", PASSWORD, 403), (None, None, 407)],
    ids=["a wrong password", "an unknown user", "the password of another trunk", "no password at all"],
)
def test_without_the_password_nobody_gets_in(
    stage: Stage, user: str | None, password: str | None, code: int
) -> None:
    robot = stage.robots.phone("fremd", username=user, password=password)
    with pytest.raises(RegistrationError):
        register(stage.settings, robot)
    assert dial(stage, robot).wait("ended", 20).final_code == code
    assert not stage.has_received("carrier-a", CALLED)
    robot.close()


def test_the_port_of_known_addresses_knows_no_logins(stage: Stage, system: RobotPhone) -> None:
    node = stage.settings.node
    call = system.call(f"sip:{CALLED}@{node.sip_ip}:{node.ports.trunk}", from_user=EXTENSION)
    assert call.wait("ended", 20).final_code == 403


def test_a_trunk_is_up_while_its_system_is_registered_and_the_next_one_takes_its_calls_else(
    running: Exchange, stage: Stage
) -> None:
    stands(running, "down")
    assert (
        stage.call("carrier-a", TO_ZWEITE, from_user=CALLER, talk_ms=20).wait("ended", 20).final_code == 200
    )
    assert stage.received("bau-1", TO_ZWEITE).final_code == 200
    robot = stage.robots.phone("zweite", username="zweite", password="nur-im-labor-2")
    assert register(stage.settings, robot, 60) >= 60
    stands(running, "up")
    shown = running.json("trunk", "show", "zweite")
    assert (shown["why"], shown["address"]) == ("registered with node-1", "registration of zweite")
    inbox = Inbox(robot)
    assert (
        stage.call("carrier-a", TO_ZWEITE, from_user=CALLER, talk_ms=20).wait("ended", 20).final_code == 200
    )
    assert inbox.received(TO_ZWEITE, 10).wait("ended", 10).final_code == 200
    leave(running, stage, robot)


def test_a_system_that_registers_by_tcp_is_called_over_that_connection(
    running: Exchange, stage: Stage
) -> None:
    robot = stage.robots.phone("tcp", username="zweite", password="nur-im-labor-2", transport="tcp")
    register(stage.settings, robot)
    stands(running, "up")
    inbox = Inbox(robot)
    assert (
        stage.call("carrier-a", TO_ZWEITE, from_user=CALLER, talk_ms=20).wait("ended", 20).final_code == 200
    )
    assert inbox.received(TO_ZWEITE, 10).wait("ended", 10).final_code == 200
    leave(running, stage, robot)


class BehindNat(Attacker):
    """A system whose Contact is of its own network."""

    def request(self, method: str, port: int, *headers: str, agent: str = "phone", user: str = "100") -> str:
        text = super().request(method, port, *headers, agent=agent, user=user)
        return text.replace(f"@{self.here}>", "@10.20.30.40:5060>")


@pytest.mark.long
def test_a_system_behind_a_nat_is_called_where_its_register_came_from(
    running: Exchange, stage: Stage
) -> None:
    """And one that says nothing is given up for the next trunk."""
    settings = stage.settings
    with BehindNat("127.0.0.8", settings) as nat:
        said = nat.guess(settings.node.ports.phone, "zweite", "nur-im-labor-2", 5)
        assert said == "SIP/2.0 200 OK"
        stands(running, "up")
        call = stage.call("carrier-a", TO_ZWEITE, from_user=CALLER, talk_ms=20)
        assert call.wait("ended", 30).final_code == 200
        assert stage.received("bau-1", TO_ZWEITE).final_code == 200
        assert any(re.match(rf"INVITE sip:\{TO_ZWEITE}@", each) for each in nat.heard(0.5))
    leave(running, stage, stage.robots.phone("wieder", username="zweite", password="nur-im-labor-2"))


@pytest.fixture
def inside(stage: Stage) -> Iterator[RobotPhone]:
    """The phone `empfang` behind a NAT: its Contact and Via are of its own network, its sound comes from
    elsewhere than its SDP says."""
    robot = stage.robots.phone("innen", username=DESK, password="nur-im-labor-3", behind_nat=True)
    register(stage.settings, robot)
    yield robot
    robot.close()
    register(stage.settings, stage.robot(DESK))


def test_a_phone_behind_a_nat_rings_talks_and_hears_who_hangs_up(stage: Stage, inside: RobotPhone) -> None:
    inside.on_call(Answer(play=TONE))
    inbox = Inbox(inside)
    call = stage.call("carrier-a", OTHERS, from_user=CALLER, play=TONE)
    taken = inbox.received(DESK, 10)
    call.wait_heard(620)
    taken.wait_heard(620)
    call.hangup()
    assert taken.wait("ended", 10).ended_by == "peer"


def test_what_follows_in_a_call_of_a_phone_behind_a_nat_reaches_it(stage: Stage, inside: RobotPhone) -> None:
    """The carrier hangs up: the BYE goes where the INVITE came from."""
    node = stage.settings.node
    call = inside.call(f"sip:{CALLED}@{node.sip_ip}:{node.ports.phone}", from_user=DESK)
    report = call.wait("ended", 20)
    assert (report.final_code, report.ended_by) == (200, "peer")
    assert OTHERS in stage.received("carrier-a", CALLED).from_header


def test_a_system_whose_calls_must_be_encrypted_is_refused_without(running: Exchange, stage: Stage) -> None:
    """By UDP and in clear: 488. 112 gets through."""
    robot = stage.robots.phone("geheim", username="geheim", password="nur-im-labor-4")
    call = dial(stage, robot, from_user=TO_GEHEIM)
    assert call.wait("ended", 20).final_code == 488
    assert not stage.has_received("carrier-a", CALLED)
    sip_id = call.report().sip_call_id
    eventually(lambda: sip_id in {leg["sip_call_id"] for leg in running.legs()}, 15, "its record")
    (leg,) = [leg for leg in running.legs() if leg["sip_call_id"] == sip_id]
    assert leg["reason_id"] == "out.not-encrypted"
    assert dial(stage, robot, "112", from_user=TO_GEHEIM).wait("ended", 20).final_code == 200
    assert TO_GEHEIM in stage.received("carrier-a", "112").from_header
    robot.close()


def test_such_a_system_is_not_called_while_it_has_registered_without_tls(
    running: Exchange, stage: Stage
) -> None:
    """The next trunk of the number takes the call, else it ends; 112 from it gets through."""
    robot = stage.robots.phone("geheim-klar", username="geheim", password="nur-im-labor-4")
    register(stage.settings, robot, 60)
    why = "registered with node-1 without TLS, and its calls must be encrypted: it is not called"

    def reasons() -> list[str]:
        """Of the list: one trunk cannot be shown while no controller has told of it yet."""
        return [each["why"] for each in running.json("trunk", "list") if each["trunk"] == "geheim"]

    eventually(lambda: reasons() == [why], 20, "the reason to be told")
    assert state_of(running, "geheim") == "down"
    overflown = stage.call("carrier-a", TO_GEHEIM, from_user=CALLER, talk_ms=20)
    assert overflown.wait("ended", 20).final_code == 200
    assert stage.received("bau-1", TO_GEHEIM).final_code == 200
    ended = stage.call("carrier-a", ONLY_GEHEIM, from_user=CALLER).wait("ended", 20)
    assert ended.final_code == 480
    sip_id = ended.sip_call_id
    eventually(lambda: sip_id in {leg["sip_call_id"] for leg in running.legs()}, 15, "its record")
    (leg,) = [leg for leg in running.legs() if leg["sip_call_id"] == sip_id]
    assert leg["reason_id"] == "in.trunk-in-clear"
    asked = ("--incoming", "--trunk", "carrier-a", "--from", CALLER, "--to", ONLY_GEHEIM)
    explained = running.json("route", "explain", *asked)
    assert explained["reason"]["id"] == "in.trunk-in-clear"
    assert f"Trunk geheim is down and not called: {why}" in explained["notes"]
    assert dial(stage, robot, "112", from_user=ONLY_GEHEIM).wait("ended", 20).final_code == 200
    assert ONLY_GEHEIM in stage.received("carrier-a", "112").from_header
    with pytest.raises(RobotsTimeoutError):
        robot.incoming(0.2)
    register(stage.settings, robot, 0)
    robot.close()


@pytest.mark.parametrize(
    ("offered", "taken"), [(("PCMA", "PCMU"), "PCMU"), (("PCMA",), "PCMA")], ids=["its own", "another"]
)
def test_calls_from_a_system_are_taken_with_its_trunks_codecs(
    stage: Stage, offered: tuple[str, ...], taken: str
) -> None:
    """Whatever the caller prefers; G.711 is always taken, or 110 could fail for a codec."""
    robot = stage.robots.phone("zweite-ruft", username="zweite", password="nur-im-labor-2", codecs=offered)
    call = dial(stage, robot, from_user=TO_ZWEITE).wait("ended", 20)
    assert (call.final_code, call.codec) == (200, taken)
    assert TO_ZWEITE in stage.received("carrier-a", CALLED).from_header
    robot.close()


def test_calls_from_a_trunk_with_an_address_are_taken_with_its_codecs(stage: Stage) -> None:
    """Without any login: the access list knows whose address it is."""
    call = stage.call("bau-1", CALLED, from_user=TO_ZWEITE, talk_ms=50).wait("ended", 20)
    assert (call.final_code, call.codec) == (200, "PCMU")
    assert TO_ZWEITE in stage.received("carrier-a", CALLED).from_header


@pytest.mark.long
def test_the_way_to_a_phone_behind_a_nat_is_kept_open(running: Exchange, stage: Stage, switch: str) -> None:
    """By OPTIONS, answered or not; it stays registered for as long as it asked."""
    if switch == "lab":
        pytest.skip("the lab has no NATs and sends no OPTIONS to phones")
    settings = stage.settings
    with BehindNat("127.0.0.7", settings) as nat:
        assert nat.guess(settings.node.ports.phone, DESK, "nur-im-labor-3", 5) == "SIP/2.0 200 OK"
        asked: list[str] = []

        def heard() -> bool:
            asked.extend(each for each in nat.heard(1.0) if each.startswith("OPTIONS "))
            return bool(asked)

        eventually(heard, 40, "the first OPTIONS")
    register(settings, stage.robot(DESK))
