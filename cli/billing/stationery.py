"""Options of commands that make PDF files: the company's paper and fonts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from documents.page import PLAIN, Stationery

Command = TypeVar("Command", bound=Callable[..., Any])
_FILE: Final = click.Path(path_type=Path, dir_okay=False, exists=True)


def with_stationery(command: Command) -> Command:
    """`--stationery`, `--font`, `--font-bold`."""
    bold = click.option("--font-bold", type=_FILE, help="Its bold face.")
    regular = click.option("--font", type=_FILE, help="TrueType font, for characters that Vera lacks.")
    paper = click.option(
        "--stationery", "background", type=_FILE, help="PDF whose first page lies behind every page."
    )
    return paper(regular(bold(command)))


def stationery_of(background: Path | None, font: Path | None, font_bold: Path | None) -> Stationery:
    """Both fonts or none; UsageError otherwise."""
    if (font is None) != (font_bold is None):
        raise click.UsageError("--font and --font-bold go together")
    behind = background.read_bytes() if background else None
    return Stationery(behind, font or PLAIN.regular, font_bold or PLAIN.bold)
