"""A4: a number that was linked to a Microsoft tenant can never be moved to another one."""

from __future__ import annotations

from collections.abc import Callable

from provisioning.checks.tenants import moved_tenants
from provisioning.errors import Severity
from provisioning.load import CheckedConfig

Accept = Callable[..., CheckedConfig]
Change = Callable[..., str]

ONE = "00000000-0000-4000-8000-000000000001"
TWO = "00000000-0000-4000-8000-000000000002"


def linked(tenant: str) -> tuple[str, str]:
    """A change of the valid configuration that links its numbers to this tenant."""
    return ('last: "0221 4710-199",', f'last: "0221 4710-199", tenant_id: {tenant}, consent: 2026-01-01,')


def test_a_number_stays_with_its_tenant(accepted: Accept, changed: Change) -> None:
    config = accepted(changed(linked(ONE))).config
    assert list(moved_tenants(config, config)) == []


def test_a_number_may_be_linked_to_its_first_tenant(accepted: Accept, changed: Change) -> None:
    old, new = accepted(changed()).config, accepted(changed(linked(ONE))).config
    assert list(moved_tenants(old, new)) == []


def test_a_number_that_goes_to_another_tenant_is_an_error(accepted: Accept, changed: Change) -> None:
    old, new = accepted(changed(linked(ONE))), accepted(changed(linked(TWO)))
    (finding,) = moved_tenants(old.config, new.config)
    assert str(new.places.problem(finding)) == (
        "a.yaml:18:68: customers[0].numbers[0].tenant_id: +492214710100 to +492214710199 was linked to "
        f"another tenant and can never be moved (A4), found {TWO}; allowed: tenant_id: {ONE}, or another "
        "number [config.tenant-moved]"
    )


def test_a_number_that_loses_its_tenant_is_a_warning(accepted: Accept, changed: Change) -> None:
    old, new = accepted(changed(linked(ONE))), accepted(changed())
    (finding,) = moved_tenants(old.config, new.config)
    assert (finding.id, finding.severity) == ("config.tenant-removed", Severity.WARNING)


def test_one_number_of_a_range_is_found_in_another_customer(accepted: Accept, changed: Change) -> None:
    """The rule is about the number, whoever has it."""
    other = (
        "customers:\n",
        "customers:\n  - id: andere\n    name: x\n    main_number: '0221 4710-150'\n    trunks:\n"
        '      - {id: x, address: "198.51.100.30:5060"}\n    numbers:\n'
        f"      - {{number: '0221 4710-150', trunks: [x], tenant_id: {TWO}, consent: 2026-01-01}}\n",
    )
    shorter = ('last: "0221 4710-199"', 'last: "0221 4710-149"')
    old, new = accepted(changed(linked(ONE))), accepted(changed(other, shorter))
    found = list(moved_tenants(old.config, new.config))
    assert [(each.id, each.path) for each in found] == [
        ("config.tenant-removed", ("customers", 1, "numbers", 0)),
        ("config.tenant-moved", ("customers", 0, "numbers", 0, "tenant_id")),
    ]
    assert found[1].message.startswith("+492214710150 was linked")
