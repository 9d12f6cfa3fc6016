"""One switch of each kind and one robots' process for all tests of this folder."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.robots import RobotPhone, Robots
from tests.integration.lab_switch.switch_process import Controller, InboundSocket, SwitchUnderTest, running

NewPhone = Callable[..., RobotPhone]

SWITCHES = ["lab", pytest.param("freeswitch", marks=pytest.mark.freeswitch)]


@pytest.fixture(scope="session", params=SWITCHES)
def switch(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SwitchUnderTest]:
    """The lab; and FreeSWITCH where it is installed, so that the lab can be compared with it."""
    program: str = request.param
    if program == "freeswitch" and shutil.which("freeswitch") is None:
        pytest.skip("there is no program freeswitch on the PATH")
    with running(program, tmp_path_factory.mktemp(program)) as started:
        yield started


@pytest.fixture
def own_lab(tmp_path: Path) -> Iterator[SwitchUnderTest]:
    """A lab switch for one test that ends or torments it."""
    with running("lab", tmp_path) as started:
        yield started


@pytest.fixture(scope="session")
def robots() -> Iterator[Robots]:
    with Robots.start() as process:
        yield process


_names = itertools.count(1)


@pytest.fixture
def new_phone(robots: Robots) -> Iterator[NewPhone]:
    phones: list[RobotPhone] = []

    def open_phone(**settings: object) -> RobotPhone:
        phone = robots.phone(f"robot-{next(_names)}", **settings)  # type: ignore[arg-type]
        phones.append(phone)
        return phone

    yield open_phone
    for phone in phones:
        phone.close()


@pytest.fixture
def caller(new_phone: NewPhone) -> RobotPhone:
    return new_phone()


@pytest.fixture
def peer(switch: SwitchUnderTest, new_phone: NewPhone) -> RobotPhone:
    """What listens where the gateway `gut` leads."""
    return new_phone(port=switch.ports.peer)


@pytest.fixture
def events(switch: SwitchUnderTest) -> Iterator[InboundSocket]:
    with InboundSocket(switch.ports.event_socket) as client:
        yield client


@pytest.fixture
def controller(switch: SwitchUnderTest) -> Iterator[Controller]:
    with Controller(switch.ports.controller) as listening:
        yield listening
