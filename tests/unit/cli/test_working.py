"""A sign of life on the terminal, and nothing where programs read."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from cli.working import working


def test_a_terminal_shows_what_takes_long() -> None:
    shown = StringIO()
    with working("reading the configuration", Console(file=shown, force_terminal=True, width=80)):
        pass
    assert "reading the configuration" in shown.getvalue()


def test_nothing_is_written_where_there_is_no_terminal() -> None:
    shown = StringIO()
    with working("reading the configuration", Console(file=shown)):
        pass
    assert shown.getvalue() == ""
