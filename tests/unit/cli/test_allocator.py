"""Which allocator FreeSWITCH is started with."""

from __future__ import annotations

import pytest

from cli.wiring import allocator


def test_jemalloc_is_taken_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    monkeypatch.setattr(allocator, "find_library", lambda _: "libjemalloc.so.2")
    assert allocator.switch_environment()["LD_PRELOAD"] == "libjemalloc.so.2"


def test_without_it_freeswitch_is_started_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    monkeypatch.setattr(allocator, "find_library", lambda _: None)
    assert "LD_PRELOAD" not in allocator.switch_environment()


def test_what_the_operator_preloads_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "libtcmalloc.so.4")
    assert allocator.switch_environment()["LD_PRELOAD"] == "libtcmalloc.so.4"
