"""Tables of configurations that are refused, and the one test that goes through them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

#: A sentence, replacements in the valid configuration of conftest.py, and the lines that say why not.
Case = tuple[str, list[tuple[str, str]], list[str]]


def each_is_refused(cases: list[Case]) -> Callable[..., None]:
    """The test of a table: every case is refused with these lines and no others, none with a secret."""

    @pytest.mark.parametrize(
        ("changes", "lines"), [case[1:] for case in cases], ids=[case[0] for case in cases]
    )
    def test(
        refused: Callable[..., list[str]],
        changed: Callable[..., str],
        changes: list[tuple[str, str]],
        lines: list[str],
    ) -> None:
        assert refused(changed(*changes)) == lines
        assert "geheim" not in "".join(lines)

    return test
