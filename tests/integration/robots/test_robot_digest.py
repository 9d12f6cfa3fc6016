"""REGISTER and INVITE with digest authentication."""

from collections.abc import Iterator

import pytest

from lab.robots import RegistrationError
from tests.registrar import Registrar

from .conftest import NewPhone


@pytest.fixture
def registrar() -> Iterator[Registrar]:
    one = Registrar({"agent1": "geheim"})
    yield one
    one.close()


def test_a_phone_registers_and_takes_it_back(new_phone: NewPhone, registrar: Registrar) -> None:
    phone = new_phone(username="agent1", password="geheim")
    address = ("127.0.0.1", registrar.port)
    assert phone.register(address, "example.org", 300) == 120
    assert registrar.bindings == {"agent1": f"<{phone.uri}>"}
    assert phone.register(address, "example.org", 0) == 0
    assert registrar.bindings == {}
    numbers = [int((request.get_header("CSeq") or "").split()[0]) for request in registrar.requests]
    assert numbers == sorted(set(numbers))


def test_a_wrong_password_is_a_clear_error(new_phone: NewPhone, registrar: Registrar) -> None:
    phone = new_phone(username="agent1", password="falsch")
    with pytest.raises(RegistrationError, match=r"answered 401 Beispiel to phone-\d+; check name"):
        phone.register(("127.0.0.1", registrar.port), "example.org")
    assert len(registrar.requests) == 2


def test_a_challenged_invite_is_sent_again_with_all_its_headers(
    new_phone: NewPhone, registrar: Registrar
) -> None:
    phone = new_phone(username="agent1", password="geheim")
    made = phone.call(f"sip:1@127.0.0.1:{registrar.port}", headers={"X-Beispiel": "bleibt"})
    report = made.wait("ended", 5)
    assert (report.final_code, report.header("X-Beispiel")) == (486, "bleibt")
    first, second = registrar.requests
    assert second.call_id == first.call_id
    assert (first.get_header("CSeq"), second.get_header("CSeq")) == ("1 INVITE", "2 INVITE")


def test_a_phone_without_a_password_ends_with_the_challenge(
    new_phone: NewPhone, registrar: Registrar
) -> None:
    report = new_phone().call(f"sip:1@127.0.0.1:{registrar.port}").wait("ended", 5)
    assert (report.final_code, len(registrar.requests)) == (407, 1)
