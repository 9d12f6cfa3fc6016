"""A customer's contact centre with what is around it: `TenantSpec` alone is what `step` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from acd.announcing import Announcing
from acd.spec import Skill, TenantSpec
from acd.whispering import Whisper


@dataclass(frozen=True, slots=True)
class RecordingRules:
    """Queues whose conversations are recorded, agents who agreed to it, days that it is kept (C4).

    `spoken`: agents may ask, and confirm a spoken yes.
    """

    queues: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    retention_days: int = 30
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class Centre:
    """`needs`: what callers of a queue need, by queue; `phones`: the phone of every agent, by agent.

    `supervisors`: the phone of everybody who may attend to conversations (C8); `signalled`: whether those who
    talk hear that somebody does (TDDDG § 12(3)); it is logged in any case. `announcing`: what
    callers of a queue are told, by queue."""

    spec: TenantSpec
    needs: Mapping[str, tuple[Skill, ...]]
    phones: Mapping[str, str]
    supervisors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    signalled: bool = True
    announcing: Mapping[str, Announcing] = field(default_factory=dict)
    recording: RecordingRules = field(default_factory=RecordingRules)
    whispers: Mapping[str, Whisper] = field(default_factory=dict)
