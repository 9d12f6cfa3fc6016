"""What is kept encrypted and heard by people: decrypted into a file of theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

#: Of commands that decrypt.
OUTPUT: Final = click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="WAV file to write; only its owner can read it.",
)


def write_sound(output: Path, sound: bytes) -> None:
    """For its owner alone, also where the file was there before. Raises OSError."""
    output.touch(mode=0o600)
    output.chmod(0o600)
    output.write_bytes(sound)
    click.echo(f"{output} written; delete it when it was heard.")
