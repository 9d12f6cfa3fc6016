"""Channel variables: names without regard to case, the order of setting kept, arrays as `ARRAY::a|:b`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.errors import ApplicationFailedError

MAX_VARIABLES: Final = 2048
MAX_VALUE: Final = 1024 * 1024
MAX_NAME: Final = 256

_ARRAY: Final = "ARRAY::"
_SEPARATOR: Final = "|:"


class Variables:
    """One channel's variables."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[str, str]] = {}

    def get(self, name: str) -> str | None:
        found = self._values.get(name.lower())
        return found[1] if found else None

    def set(self, name: str, value: str | None) -> None:
        """Set, or delete with None or an empty value. A set variable moves to the end of the list.

        Raises ApplicationFailedError beyond the limits (2048 variables, 1 MiB, 256 characters of a name).
        """
        key = name.lower()
        self._values.pop(key, None)
        if not value or not name:
            return
        if len(self._values) >= MAX_VARIABLES or len(value) > MAX_VALUE or len(name) > MAX_NAME:
            raise ApplicationFailedError(f"variable {name[:40]!r}: too many or too large; set less")
        self._values[key] = (name, value)

    def push(self, name: str, value: str) -> None:
        """Append to an array; the first value alone is stored plainly."""
        before = self.get(name)
        if before is None:
            self.set(name, value)
        else:
            self.set(name, _SEPARATOR.join([_ARRAY + before.removeprefix(_ARRAY), value]))

    def element(self, name: str, index: int) -> str | None:
        value = self.get(name)
        if value is None or index < 0:
            return value
        if not value.startswith(_ARRAY):
            return value if index == 0 else None
        parts = value.removeprefix(_ARRAY).split(_SEPARATOR)
        return parts[index] if index < len(parts) else None

    def elements(self, name: str) -> list[str]:
        """All values of an array; a plain value alone."""
        value = self.get(name)
        return value.removeprefix(_ARRAY).split(_SEPARATOR) if value else []

    def with_prefix(self, prefix: str) -> list[tuple[str, str]]:
        lowered = prefix.lower()
        return [pair for key, pair in self._values.items() if key.startswith(lowered)]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(list(self._values.values()))


def array(*values: str) -> str:
    """Several values as one."""
    return _ARRAY + _SEPARATOR.join(values)
