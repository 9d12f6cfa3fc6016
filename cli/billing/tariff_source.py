"""Where the commands about prices look: the tariff in force in the database, or a directory of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from cli.billing.rate_terms import ConfiguredTariff
from cli.billing.tariff_directory import read_tariff
from cli.bootstrap import engine
from cli.layout import effective
from cli.settings import Settings
from rating.notice import NOTICE_DAYS
from rating.tariff import Tariff

SOURCE: Final = click.option(
    "--config",
    "directory",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Directory with lists.csv, models.csv, customers.csv and the price files. Default: what was "
    "imported, with the terms of all contracts.",
)


def chosen_tariff(
    settings: Callable[[], Settings], directory: Path | None, notice_days: int = NOTICE_DAYS
) -> Tariff:
    """`notice_days` holds for files; for what was imported those of the carrier's configuration.

    Raise TariffRefused, DirectoryUnreadable, OSError, StoreError's children (TariffMissing before an import).
    """
    if directory is not None:
        return read_tariff(directory, notice_days)
    database = engine(effective(settings()), "fernamt tariff")
    return ConfiguredTariff(database).current().tariff
