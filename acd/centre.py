"""A customer's contact centre with what is around it: `TenantSpec` alone is what `step` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from acd.spec import Skill, TenantSpec


@dataclass(frozen=True, slots=True)
class Centre:
    """`needs`: what callers of a queue need, by queue; `phones`: the phone of every agent, by agent."""

    spec: TenantSpec
    needs: Mapping[str, tuple[Skill, ...]]
    phones: Mapping[str, str]
