"""Checks across the models: pure functions from the valid parts to findings.

Each module checks one noun; `run_checks` is the list of all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from provisioning.checks.caller_ids import check_caller_ids
from provisioning.checks.carrier_routes import check_carrier_routes
from provisioning.checks.contracts import check_contracts
from provisioning.checks.emergency import check_emergency
from provisioning.checks.ids import check_ids
from provisioning.checks.limits import check_limits
from provisioning.checks.numbers import check_numbers
from provisioning.checks.plans import check_plans
from provisioning.checks.queues import check_queues
from provisioning.checks.references import check_references
from provisioning.checks.sites import check_sites
from provisioning.checks.sources import check_sources
from provisioning.checks.targets import check_targets
from provisioning.checks.tenants import check_tenants
from provisioning.checks.trunks import check_trunks
from provisioning.checks.users import check_users
from provisioning.errors import Finding
from provisioning.validate import Parts

CHECKS: Final[tuple[Callable[[Parts], Iterator[Finding]], ...]] = (
    check_ids,
    check_trunks,
    check_sources,
    check_carrier_routes,
    check_caller_ids,
    check_targets,
    check_references,
    check_limits,
    check_numbers,
    check_sites,
    check_emergency,
    check_tenants,
    check_users,
    check_contracts,
    check_plans,
    check_queues,
)


def run_checks(parts: Parts) -> Iterator[Finding]:
    """All findings of all checks. Checks that need the carrier say nothing while that is not valid."""
    for check in CHECKS:
        yield from check(parts)
