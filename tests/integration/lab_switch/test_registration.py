"""Phones that register, and who may call at all."""

from __future__ import annotations

import pytest

from lab.robots import Answer, RegistrationError, RobotPhone
from tests.integration.lab_switch.configuration import DOMAIN, PHONE_PASSWORD
from tests.integration.lab_switch.switch_process import InboundSocket, SwitchUnderTest
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
