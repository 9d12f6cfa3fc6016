"""What `fernamt doctor` finds: one dependency, its state, what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from cli.settings import Settings


class State(StrEnum):
    """`ok` needs nothing; `warning` works but wants attention; `fault` does not work."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One dependency: what was looked at, what was seen, what to do about it ("" for nothing)."""

    name: str
    state: State
    seen: str
    next_step: str = ""


def outside_the_lab(settings: Settings, finding: Finding) -> Finding:
    """The lab does without speech and e-mail: told, and nothing to be done."""
    return finding if settings.lab_network is None else replace(finding, state=State.OK)
