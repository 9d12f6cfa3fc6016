"""What is kept encrypted and heard by people: decrypted into a file of theirs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from cli.whole_files import write_parts

#: Of commands that decrypt.
OUTPUT: Final = click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="WAV file to write; only its owner can read it.",
)


def write_sound(output: Path, parts: Iterable[bytes]) -> None:
    """For its owner alone, also where a file was there before; whole, or not at all. Raises OSError and what
    `parts` raises."""
    write_parts(output, parts)
    click.echo(f"{output} written; delete it when it was heard.")
