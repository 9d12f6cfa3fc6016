"""A6, E11: what is in service on a day is in the snapshot of that day, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from dialplan.carrier import ToPhones
from dialplan.snapshot import Snapshot
from numbering.e164 import E164
from provisioning.compile import compile_snapshot
from provisioning.load import CheckedConfig
from provisioning.network import RealNetwork
from provisioning.secrets import Secrets
from provisioning.service import next_change

Accept = Callable[..., CheckedConfig]
Change = Callable[..., str]

FIRST = E164("+492214710100")
PHONE = E164("+492214710200")


def on(config: CheckedConfig, year: int, month: int, day: int) -> Snapshot:
    """The snapshot of a day."""
    return compile_snapshot(
        config.config,
        version=1,
        network=RealNetwork(),
        secrets=Secrets({}, Path(), lab=True),
        today=date(year, month, day),
    )


def dated(dates: str) -> tuple[str, str]:
    """A change that gives the numbers of the valid configuration these dates."""
    return ('last: "0221 4710-199",', f'last: "0221 4710-199", {dates},')


def test_a_number_is_in_service_from_its_first_day_to_the_day_before_it_is_deactivated(
    accepted: Accept, changed: Change
) -> None:
    checked = accepted(changed(dated("activated: 2026-02-01, deactivated: 2026-03-01")))
    days = [(1, 31), (2, 1), (2, 28), (3, 1)]
    assert [FIRST in on(checked, 2026, *day).numbers for day in days] == [False, True, True, False]
    assert all(PHONE in on(checked, 2026, *day).numbers for day in days)


def test_numbers_begin_and_end_with_the_contract(accepted: Accept, changed: Change) -> None:
    """E11: the last day of the contract is a day of service."""
    checked = accepted(changed(("start: 2026-01-01", "start: 2026-01-01, end: 2026-12-31")))
    days = [(2025, 12, 31), (2026, 1, 1), (2026, 12, 31), (2027, 1, 1)]
    assert [FIRST in on(checked, *day).numbers for day in days] == [False, True, True, False]


def test_a_customer_whose_contract_is_over_is_known_and_has_no_lines(
    accepted: Accept, changed: Change
) -> None:
    checked = accepted(changed(("start: 2026-01-01", "start: 2026-01-01, end: 2026-12-31")))
    snapshot = on(checked, 2027, 1, 1)
    assert snapshot.customers["kunde"].blocked
    assert (dict(snapshot.phones), snapshot.trunk_at("198.51.100.20", 5060)) == ({}, None)
    assert snapshot.is_ours(FIRST)


def test_a_blocked_customer_keeps_its_lines(accepted: Accept, changed: Change) -> None:
    """A7: who is blocked still reaches 110 and 112."""
    blocked = ("    name: Beispiel Bau GmbH\n", "    name: Beispiel Bau GmbH\n    blocked: true\n")
    snapshot = on(accepted(changed(blocked)), 2026, 6, 1)
    assert snapshot.customers["kunde"].blocked
    assert FIRST in snapshot.numbers
    assert "phone-1" in snapshot.phones


def test_a_phone_rests_with_its_number(accepted: Accept, changed: Change) -> None:
    entries = (
        "    numbers:\n",
        "    numbers:\n      - {number: '0221 4710-200', phones: [phone-1], activated: 2026-02-01}\n"
        "      - {number: '0221 4710-201', phones: [phone-1]}\n",
    )
    checked = accepted(changed(entries))
    before, after = on(checked, 2026, 1, 31), on(checked, 2026, 2, 1)
    assert "phone-1" not in before.phones
    assert E164("+492214710201") not in before.numbers
    assert after.numbers[E164("+492214710201")].target == ToPhones(("phone-1",))
    assert after.phones["phone-1"].number in after.numbers


def test_without_a_day_everything_is_in(accepted: Accept, changed: Change) -> None:
    checked = accepted(changed(dated("activated: 2030-01-01")))
    secrets = Secrets({}, Path(), lab=True)
    snapshot = compile_snapshot(checked.config, version=1, network=RealNetwork(), secrets=secrets)
    assert FIRST in snapshot.numbers


def test_the_next_day_to_compile_a_customer_again(accepted: Accept, changed: Change) -> None:
    (customer,) = accepted(
        changed(
            dated("activated: 2026-02-01, deactivated: 2026-03-01"),
            ("start: 2026-01-01", "start: 2026-01-01, end: 2026-12-31"),
        )
    ).config.customers
    days = [date(2025, 1, 1)]
    while (day := next_change(customer, days[-1])) is not None:
        days.append(day)
    assert days[1:] == [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1), date(2027, 1, 1)]
