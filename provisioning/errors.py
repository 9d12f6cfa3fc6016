"""What can be wrong with a configuration, as values that name the place and the next step.

    ProvisioningError
    └── ConfigInvalid   the configuration is refused; holds every problem found

A problem's `id` (`config.number-twice`) never changes its meaning; its words may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

#: Problems kept of one run; the rest is counted.
MAX_PROBLEMS: Final = 200
#: Problems counted of one run; then the run ends.
MAX_COUNTED: Final = 10_000
#: Characters of the configuration's own text shown in a message.
MAX_FOUND: Final = 60

#: Keys whose values, and all below them, are never shown.
_SECRET_KEYS: Final = frozenset({"secret", "password", "registration", "lab"})

#: From the outermost key inwards; a number is the index in a list.
KeyPath = tuple[str | int, ...]


class Severity(StrEnum):
    """An error refuses the configuration, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem by its path in the configuration, before its place in a file is looked up.

    `at_key`: the place is the key itself, not its value. `other`: a second path that takes part in the
    problem (the first use of a number that comes twice). `choices`: the names that would be right.
    """

    id: str
    path: KeyPath
    message: str
    found: str | None = None
    allowed: str | None = None
    choices: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR
    at_key: bool = False
    other: KeyPath | None = None


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One problem at one place. `line` and `column` count from 1; 0 where there is no text behind it."""

    file: str
    line: int
    column: int
    path: str
    id: str
    message: str
    found: str | None = None
    allowed: str | None = None
    nearest: str | None = None
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: "
        text = place if self.file else ""
        if self.severity is Severity.WARNING:
            text += "warning: "
        text += f"{self.path}: {self.message}" if self.path else self.message
        if self.found is not None:
            text += f", found {self.found}"
        if self.allowed is not None:
            text += f"; allowed: {self.allowed}"
        if self.nearest is not None:
            text += f"; did you mean {self.nearest!r}?"
        return f"{text} [{self.id}]"

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Sort key: by place, then id and path."""
        return (self.file, self.line, self.column, self.id, self.path)


class ProvisioningError(Exception):
    """Root of this package's errors."""

    id = "provisioning"


class ConfigInvalid(ProvisioningError):
    """The configuration is refused and nothing was changed. `problems` is sorted by place.

    `more` counts the problems beyond `MAX_PROBLEMS`, which are not kept.
    """

    id = "config.invalid"

    def __init__(self, problems: Iterable[ConfigProblem], more: int = 0) -> None:
        self.problems: tuple[ConfigProblem, ...] = tuple(sorted(problems, key=lambda each: each.order))
        self.more = more
        super().__init__(self.problems, more)

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems]
        if self.more:
            at_least = "at least " if self.more >= MAX_COUNTED else ""
            lines.append(f"and {at_least}{self.more} more problems")
        return "\n".join(lines)


@dataclass(slots=True)
class Problems:
    """Collects the problems of one run; bounded, so a file full of mistakes costs no memory."""

    errors: list[ConfigProblem] = field(default_factory=list)
    warnings: list[ConfigProblem] = field(default_factory=list)
    more: int = 0

    def add(self, problem: ConfigProblem) -> None:
        """Keep the problem, or count it when `MAX_PROBLEMS` of its kind are kept already."""
        if problem.severity is Severity.WARNING:
            if len(self.warnings) < MAX_PROBLEMS:
                self.warnings.append(problem)
        elif len(self.errors) < MAX_PROBLEMS:
            self.errors.append(problem)
        else:
            self.more += 1

    def find(self, findings: Iterable[Finding], locate: Callable[[Finding], ConfigProblem]) -> None:
        """Add findings with their places; those beyond the bound are counted without looking for a place.

        Ends early at `MAX_COUNTED`: who has that many mends some first.
        """
        for finding in findings:
            if finding.severity is Severity.ERROR and len(self.errors) >= MAX_PROBLEMS:
                self.more += 1
            else:
                self.add(locate(finding))
            if self.more >= MAX_COUNTED:
                return

    def raise_if_any(self, *, strict: bool = False) -> None:
        """Raise `ConfigInvalid` when there is an error; warnings count when it is strict."""
        if strict and self.warnings:
            raise ConfigInvalid([*self.errors, *self.warnings], self.more)
        if self.errors:
            raise ConfigInvalid(self.errors, self.more)


def path_text(path: KeyPath) -> str:
    """`customers[2].phones[0].number`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{cut(step)}" if text else cut(step)
    return text


def is_secret(path: KeyPath) -> bool:
    """Whether values at this path must not be shown."""
    return any(step in _SECRET_KEYS for step in path)


def found_text(value: object, path: KeyPath) -> str:
    """A value as the message shows it: text quoted and cut, collections by their size, secrets not at all."""
    if is_secret(path):
        return "a value that is not shown (secret)"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(cut(value))
    if isinstance(value, int | Decimal):
        return str(getattr(value, "text", value))[:MAX_FOUND]
    if isinstance(value, Mapping):
        return f"a mapping with {len(value)} keys"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return f"a {type(value).__name__}"


def cut(text: str) -> str:
    """The text in at most `MAX_FOUND` printable characters on one line."""
    short = text if len(text) <= MAX_FOUND else text[: MAX_FOUND - 1] + "…"
    return short if short.isprintable() else short.encode("unicode_escape").decode("ascii")[:MAX_FOUND]
