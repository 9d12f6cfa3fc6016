"""One robots' process for all tests of this folder; every test opens phones with names of its own."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from lab.robots import RobotPhone, Robots

NewPhone = Callable[..., RobotPhone]


@pytest.fixture(scope="session")
def robots() -> Iterator[Robots]:
    with Robots.start() as process:
        yield process


_numbers = itertools.count(1)


@pytest.fixture
def new_phone(robots: Robots) -> Iterator[NewPhone]:
    """Opens a phone; all are closed after the test."""
    phones: list[RobotPhone] = []

    def open_phone(**settings: object) -> RobotPhone:
        phone = robots.phone(f"phone-{next(_numbers)}", **settings)  # type: ignore[arg-type]
        phones.append(phone)
        return phone

    yield open_phone
    for phone in phones:
        phone.close()
