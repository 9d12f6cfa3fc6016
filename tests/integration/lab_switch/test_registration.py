"""Phones that register, and who may call at all."""

from __future__ import annotations

import pytest

from freeswitch.gateway_state import GatewayState, state_of_status
from lab.robots import Answer, RegistrationError, Reject, RobotPhone, RobotsTimeoutError
from tests.integration.lab_switch.configuration import DOMAIN, PHONE_PASSWORD
from tests.integration.lab_switch.switch_process import InboundSocket, SwitchUnderTest, wait_until
from tests.integration.lab_switch.test_calls import dial

from .conftest import NewPhone


def registrar(switch: SwitchUnderTest) -> tuple[str, int]:
    return "127.0.0.1", switch.ports.phone


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_registered_phone_is_called_and_its_removal_counts(
    switch: SwitchUnderTest, new_phone: NewPhone, caller: RobotPhone, events: InboundSocket, transport: str
) -> None:
    events.command("event plain CUSTOM sofia::register sofia::unregister")
    phone = new_phone(username="tisch1", password=PHONE_PASSWORD, transport=transport)
    phone.on_call(Answer())
    assert phone.register(registrar(switch), DOMAIN, 300) == 300
    told = events.event("CUSTOM", Event_Subclass="sofia::register")
    assert (told["from-user"], told["from-host"]) == ("tisch1", DOMAIN)
    call = dial(switch, caller, "leg-phone-x")
    call.wait("answered")
    assert "tisch1@" in phone.incoming().report().request_uri
    call.hangup()
    call.wait("ended")
    phone.register(registrar(switch), DOMAIN, 0)
    events.event("CUSTOM", Event_Subclass="sofia::unregister")
    report = dial(switch, caller, "leg-phone-x").wait("ended")
    variables = switch.leg_record(report.sip_call_id)["variables"]
    assert (report.final_code, variables["hangup_cause"]) == (480, "USER_NOT_REGISTERED")


def test_a_wrong_password_is_refused(switch: SwitchUnderTest, new_phone: NewPhone) -> None:
    phone = new_phone(username="tisch2", password="geraten")
    with pytest.raises(RegistrationError):
        phone.register(registrar(switch), DOMAIN, 300)


def test_a_phones_call_is_challenged_and_carries_its_users_variables(
    switch: SwitchUnderTest, new_phone: NewPhone, peer: RobotPhone
) -> None:
    phone = new_phone(username="tisch1", password=PHONE_PASSWORD)
    call = phone.call(f"sip:ziel@127.0.0.1:{switch.ports.phone}", from_user="tisch1", from_host=DOMAIN)
    call.wait("answered")
    peer.incoming().hangup()
    report = call.wait("ended")
    variables = switch.leg_record(report.sip_call_id)["variables"]
    assert (variables["sip_authorized"], variables["sip_auth_username"]) == ("true", "tisch1")
    assert (variables["fernamt_phone"], variables["user_name"]) == ("tisch-1", "tisch1")


def test_a_phone_without_the_password_cannot_call(switch: SwitchUnderTest, new_phone: NewPhone) -> None:
    phone = new_phone(username="tisch1", password="falsch")
    report = phone.call(f"sip:ziel@127.0.0.1:{switch.ports.phone}", from_user="tisch1").wait("ended")
    assert report.final_code == 403


def test_a_stranger_is_kept_out_of_the_carriers_profile(switch: SwitchUnderTest, new_phone: NewPhone) -> None:
    stranger = new_phone(local_ip="127.0.0.2")
    report = dial(switch, stranger, "hangup-USER_BUSY").wait("ended")
    assert report.final_code == 403


def test_the_carriers_profile_takes_no_registrations(switch: SwitchUnderTest, new_phone: NewPhone) -> None:
    phone = new_phone(username="tisch1", password=PHONE_PASSWORD)
    with pytest.raises(RegistrationError):
        phone.register(("127.0.0.1", switch.ports.carrier), DOMAIN, 300)


def test_a_gateway_registers_and_meets_the_challenges_of_its_calls(
    own_lab: SwitchUnderTest, caller: RobotPhone, new_phone: NewPhone
) -> None:
    """`selbst` is registered with the switch's own profile for phones (FreeSWITCH waits 30 s for that)."""
    peer = new_phone(port=own_lab.ports.peer)
    with InboundSocket(own_lab.ports.event_socket) as client:
        wait_until(lambda: "REGED" in client.api("sofia status gateway selbst"), "the registration")
        assert client.api("sofia profile carrier killgw gut") == "+OK gateway marked for deletion.\n"
        assert "Invalid" in client.api("sofia status gateway gut")
        assert client.api("sofia profile carrier rescan").startswith("+OK")
        assert "UP" in client.api("sofia status gateway gut")
    call = dial(own_lab, caller, "leg-self-x")
    call.wait("answered")
    assert peer.incoming().report().request_uri.startswith("sip:ziel@")
    call.hangup()
    b_leg = own_lab.other_leg_record(own_lab.leg_record(call.wait("ended").sip_call_id), gateway="selbst")
    assert b_leg["variables"]["hangup_cause"] == "NORMAL_CLEARING"


@pytest.mark.parametrize(
    ("uri", "to"),
    [
        ("gw+amt@127.0.0.1:{};gw=amt", "hangup-USER_BUSY"),
        ("gw+fest@127.0.0.1:{};gw=fest", "ziel"),
        ("hangup-USER_BUSY@127.0.0.1:{};gw=amt", "ziel"),
    ],
    ids=["by To", "a gateway without extension: its user name", "by the Request-URI"],
)
def test_a_call_to_the_contact_that_a_gateway_registered(
    switch: SwitchUnderTest, caller: RobotPhone, uri: str, to: str
) -> None:
    """Carriers call the Contact as it is (RFC 3261 section 16.5), and say in To which number was dialled."""
    port = switch.ports.carrier
    call = caller.call(f"sip:{uri.format(port)}", headers={"To": f"<sip:{to}@127.0.0.1:{port}>"})
    assert call.wait("ended").final_code == 486


def test_a_gateway_that_answers_no_pings_is_down(switch: SwitchUnderTest, caller: RobotPhone) -> None:
    with InboundSocket(switch.ports.event_socket) as client:
        wait_until(lambda: "DOWN" in client.api("sofia status gateway stumm"), "the pings to fail")
    report = dial(switch, caller, "leg-pinged-x").wait("ended")
    assert report.final_code == 503
    assert switch.leg_record(report.sip_call_id)["variables"]["hangup_cause"] == "GATEWAY_DOWN"


@pytest.mark.usefixtures("peer")
def test_every_answer_to_a_watched_gateways_pings_is_told_and_it_is_never_down(
    switch: SwitchUnderTest, events: InboundSocket
) -> None:
    """What freeswitch.gateway_state relies on."""
    events.command("event plain CUSTOM sofia::gateway_state")
    wanted = {"Event_Subclass": "sofia::gateway_state", "Ping_Status": "UP", "State": "NOREG"}
    answered = events.event("CUSTOM", Gateway="gefragt", **wanted, Status="200")
    silent = events.event("CUSTOM", Gateway="taub", **wanted)
    assert (answered["Phrase"], silent["Status"]) == ("OK", "503")
    found = {
        name: state_of_status(events.api(f"sofia status gateway {name}")) for name in ("gefragt", "taub")
    }
    assert found["gefragt"] == GatewayState("gefragt", True, "answers OPTIONS")
    # It never answered: that is only known by the event.
    assert found["taub"] is None
    assert "UP" in events.api("sofia status gateway taub")


def test_a_gateway_over_tcp(switch: SwitchUnderTest, caller: RobotPhone, new_phone: NewPhone) -> None:
    peer = new_phone(port=switch.ports.peer, transport="tcp")
    call = dial(switch, caller, "leg-tcp-x")
    call.wait("answered")
    taken = peer.incoming()
    assert taken.report().request_uri == f"sip:ziel@127.0.0.1:{switch.ports.peer};transport=tcp"
    taken.hangup()
    assert call.wait("ended").ended_by == "peer"


def test_a_gateway_over_tcp_that_is_closed_fails_at_once(switch: SwitchUnderTest, caller: RobotPhone) -> None:
    report = dial(switch, caller, "leg-tcp-x").wait("ended", 5)
    variables = switch.leg_record(report.sip_call_id)["variables"]
    assert (report.final_code, variables["hangup_cause"]) == (503, "NORMAL_TEMPORARY_FAILURE")


def test_the_way_that_a_call_names_counts_more_than_the_registration(
    switch: SwitchUnderTest, new_phone: NewPhone, events: InboundSocket
) -> None:
    """What a system that must be called by TLS relies on: its call does not leave by UDP instead."""
    phone = new_phone(username="tisch1", password=PHONE_PASSWORD)
    elsewhere = new_phone()
    elsewhere.on_call(Reject(486))
    phone.register(registrar(switch), DOMAIN, 300)
    there = f"sip_route_uri=sip:127.0.0.1:{elsewhere.port}"
    leg = f"sofia/phone/tisch1%{DOMAIN} &park()"
    assert events.api(f"originate [{there};transport=tls]{leg}") == "-ERR NORMAL_TEMPORARY_FAILURE\n"
    assert events.api(f"originate [{there}]{leg}") == "-ERR USER_BUSY\n"
    assert "tisch1@" in elsewhere.incoming().report().request_uri
    with pytest.raises(RobotsTimeoutError):
        phone.incoming(0.2)
    phone.register(registrar(switch), DOMAIN, 0)
