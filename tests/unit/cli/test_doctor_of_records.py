"""What the doctor says of records and their rating: a worker that is down, files that nobody takes in."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.bootstrap import message_dir, now
from cli.explaining.findings import State
from cli.explaining.record_checks import rating_finding, recordings, spool
from cli.lab_settings import lab_settings
from cli.layout import EXAMPLE_CARRIER
from cli.settings import Settings
from store.rating_waiting import Backlog

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
NOTHING = Backlog(0, None, 0)

Made = Callable[..., Settings]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    def settings(*, lab: bool = False) -> Settings:
        found = lab_settings(tmp_path, EXAMPLE_CARRIER)
        found.node.cdr_dir.mkdir(exist_ok=True)
        return found if lab else found.model_copy(update={"lab_network": None})

    return settings


def test_rating_that_is_down_or_behind_is_named_with_how_long(made: Made) -> None:
    """Issue 7: the doctor names each fault that is injected."""
    settings = made()
    fresh = rating_finding(settings, 3, Backlog(7, AT - timedelta(minutes=9), 0), AT)
    assert (fresh.state, fresh.next_step) == (State.OK, "")
    late = rating_finding(settings, 3, Backlog(7, AT - timedelta(minutes=11), 0), AT)
    assert late.state is State.WARNING
    assert late.seen == "7 calls to rate, 0 legs in quarantine, since 2026-11-22 09:49:00"
    assert "fernamt rate run --follow" in late.next_step


def test_a_worker_that_is_down_is_told_though_legs_wait_for_a_person_too(made: Made) -> None:
    both = rating_finding(made(), 3, Backlog(7, AT - timedelta(hours=1), 2), AT)
    assert "fernamt rate run --follow" in both.next_step
    assert "2 legs in quarantine" in both.seen
    waiting = rating_finding(made(), 3, Backlog(0, None, 2), AT)
    assert (waiting.state, waiting.next_step) == (State.WARNING, "fernamt rate quarantine list")


def test_without_a_price_list_only_a_lab_is_content(made: Made) -> None:
    found = rating_finding(made(), 0, NOTHING, AT)
    assert found.state is State.WARNING
    assert "fernamt tariff import" in found.next_step
    assert rating_finding(made(lab=True), 0, NOTHING, AT).state is State.OK


def test_records_that_nobody_takes_in_are_told_with_their_age(made: Made) -> None:
    """An intake that is down, or a database that takes nothing."""
    settings = made()
    assert spool(settings).state is State.OK
    file = settings.node.cdr_dir / "a.cdr.json"
    file.touch()
    assert spool(settings).state is State.OK, "taken in within a second or two"
    long_ago = (now() - timedelta(minutes=3)).timestamp()
    os.utime(file, (long_ago, long_ago))
    found = spool(settings)
    assert found.state is State.WARNING
    assert "1 records wait" in found.seen
    assert "fernamt cdr intake" in found.next_step


def test_a_record_that_cannot_be_opened_is_a_fault_with_its_place(made: Made) -> None:
    settings = made()
    (settings.node.cdr_dir / "a.cdr.json").mkdir()
    found = spool(settings)
    assert found.state is State.FAULT
    assert "a.cdr.json" in found.seen
    assert found.next_step == "docs/runbooks/records-stuck.md"


def test_a_recording_that_nobody_encrypts_is_a_fault_with_its_place(made: Made) -> None:
    """C4: an intake that is down, a key that cannot be read."""
    settings = made()
    assert recordings(settings).state is State.OK
    sound = message_dir(settings) / "recordings" / "r-1.wav"
    sound.parent.mkdir(parents=True)
    sound.touch()
    assert recordings(settings).state is State.OK, "the conversation goes on"
    long_ago = (now() - timedelta(minutes=4)).timestamp()
    os.utime(sound, (long_ago, long_ago))
    found = recordings(settings)
    assert found.state is State.FAULT
    assert "1 conversations" in found.seen
    assert str(sound) in found.seen
    assert found.next_step == "docs/runbooks/recordings-in-clear.md"
