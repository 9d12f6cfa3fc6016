"""A sign of life while something takes long: on the terminal only, never in what programs read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def working(text: str, shown_on: Console | None = None) -> Iterator[None]:
    """Show `text` with a spinner and the time that has passed, on standard error, until it is done."""
    where = shown_on or Console(stderr=True)
    if not where.is_terminal:
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=where, transient=True) as shown:
        shown.add_task(text, total=None)
        yield
