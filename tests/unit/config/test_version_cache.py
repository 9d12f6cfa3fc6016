"""The file that a controller starts from without the database: whole or not used."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.errors import CacheUnusable
from cli.wiring.version_cache import read_cache, write_cache
from store.config_items import CUSTOMER, ConfigItem

ITEMS = tuple(ConfigItem.of(CUSTOMER, f"kunde-{n}", f'{{"name":"Bäcker\u2028{n}"}}') for n in range(250))


def test_what_was_written_reads_back_and_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "cache"
    breaths = []
    write_cache(path, 7, ITEMS, breathe=lambda: breaths.append(1))
    assert read_cache(path) == (7, ITEMS)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(breaths) >= 2, "calls are taken between"
    write_cache(path, 8, ITEMS[:1])
    assert read_cache(path) == (8, ITEMS[:1])
    assert [each.name for each in path.parent.iterdir()] == ["cache"]


@pytest.mark.parametrize("at", [0, 1, 20, 1_000, -2, -30])
def test_a_damaged_file_is_not_used(tmp_path: Path, at: int) -> None:
    path = tmp_path / "cache"
    write_cache(path, 7, ITEMS)
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    with pytest.raises(CacheUnusable):
        read_cache(path)


@pytest.mark.parametrize("kept", [0, 1, 100, 5_000])
def test_half_a_file_is_not_used(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cache"
    write_cache(path, 7, ITEMS)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CacheUnusable):
        read_cache(path)


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CacheUnusable, match="No such file"):
        read_cache(tmp_path / "cache")
