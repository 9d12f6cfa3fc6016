"""One call from files to a checked configuration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from provisioning.checks import run_checks
from provisioning.errors import MAX_COUNTED, ConfigProblem, Problems
from provisioning.schema import Config
from provisioning.tree import Places
from provisioning.validate import Parts, validate
from provisioning.yaml_source import Source, read_documents, read_paths


@dataclass(frozen=True, slots=True)
class CheckedConfig:
    """A configuration without errors. `places` finds the file and line of any path in it."""

    config: Config
    warnings: tuple[ConfigProblem, ...]
    places: Places
    files: tuple[str, ...]


def load(paths: Sequence[Path], strict: bool = False) -> CheckedConfig:
    """Read, check and cross-check files and directories. Raise `ConfigInvalid` with all problems.

    `strict` refuses a configuration with warnings too; they are then among the problems.
    """
    problems = Problems()
    return _checked(read_paths(paths, problems), problems, strict)


def load_documents(documents: Iterable[tuple[str, bytes]], strict: bool = False) -> CheckedConfig:
    """The same for (name, content) pairs that are in memory already."""
    problems = Problems()
    return _checked(read_documents(documents, problems), problems, strict)


def _checked(source: Source, problems: Problems, strict: bool) -> CheckedConfig:
    parts = Parts()
    problems.find(validate(source.tree, parts, complete=source.complete), source.places.problem)
    if problems.more < MAX_COUNTED:
        problems.find(run_checks(parts), source.places.problem)
    problems.raise_if_any(strict=strict)
    warnings = tuple(sorted(problems.warnings, key=lambda each: each.order))
    return CheckedConfig(parts.config(), warnings, source.places, source.files)
