"""The generated tables are what the tool makes of the metadata."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import phonenumbers
import pytest

from numbering import data_countries, data_onkz

ROOT = Path(__file__).resolve().parents[3]


def test_generating_the_tables_again_gives_the_same_files() -> None:
    if phonenumbers.__version__ != data_countries.SOURCE_VERSION:
        pytest.skip(
            f"tables: phonenumbers {data_countries.SOURCE_VERSION}, installed: {phonenumbers.__version__}; "
            "run tools/generate_numbering.py and read the difference"
        )
    modules: Callable[[], dict[str, str]] = runpy.run_path(str(ROOT / "tools" / "generate_numbering.py"))[
        "modules"
    ]
    for name, text in modules().items():
        assert (ROOT / "numbering" / name).read_text(encoding="utf-8") == text, name


def test_both_tables_are_of_one_version() -> None:
    assert data_countries.SOURCE_VERSION == data_onkz.SOURCE_VERSION
