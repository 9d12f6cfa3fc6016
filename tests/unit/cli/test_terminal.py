"""What callers write is shown, and never carried out by a terminal."""

from __future__ import annotations

import pytest
from rich.table import Table

from cli.terminal import console, visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x9b31mred", "\\x9b31mred"),
        ("a\u202eb\u2028c", "a\\u202eb\\u2028c"),
        ("two\nlines\tMüller", "two\nlines\tMüller"),
        ("half \ud800", "half \\ud800"),
    ],
)
def test_control_characters_are_shown(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_a_table_shows_what_a_caller_wrote_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("from", title="[/title]")
    table.add_row("[/] [bold]x[/bold] :warning: \x1b]0;owned\x07")
    console().print(table)
    seen = capsys.readouterr().out
    assert "[/] [bold]x[/bold] :warning: \\x1b]0;owned\\x07" in seen
    assert "[/title]" in seen
    assert "\x1b" not in seen
