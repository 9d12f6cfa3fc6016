"""Tariff files from a directory: the same CSV files offline, in an import, and in tests."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from cli.errors import ProgramError
from rating.notice import NOTICE_DAYS
from rating.strict_csv import MAX_BYTES
from rating.tariff import Tariff
from rating.tariff_files import tariff_of

MAX_FILES: Final = 1_000


class DirectoryUnreadable(ProgramError):
    """The directory as a whole cannot be used."""

    id = "program.tariff-directory"


def read_tariff(directory: Path, notice_days: int = NOTICE_DAYS) -> Tariff:
    """All `*.csv` files of a directory. Raise TariffRefused, DirectoryUnreadable, OSError."""
    paths = sorted(directory.glob("*.csv"))
    if len(paths) > MAX_FILES:
        raise DirectoryUnreadable(f"{directory}: more than {MAX_FILES} files. Keep old versions elsewhere")
    for path in paths:
        if path.stat().st_size > MAX_BYTES:
            raise DirectoryUnreadable(f"{path}: larger than {MAX_BYTES >> 20} MiB. Split the list")
    return tariff_of({path.name: path.read_bytes() for path in paths}, notice_days)


CONFIG: Final = click.option(
    "--config",
    "directory",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    required=True,
    help="Directory with lists.csv, models.csv, customers.csv and the price files.",
)
NOTICE: Final = click.option(
    "--notice-days",
    type=click.IntRange(7, 365),
    default=NOTICE_DAYS,
    show_default=True,
    help="Days of notice before foreign prices change (E4).",
)
