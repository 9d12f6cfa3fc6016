"""The journal: what is written is read again, whole or not at all; a successor has the same state."""

from __future__ import annotations

import json
from itertools import islice

import pytest

from acd.errors import RecordRefused
from acd.events import CallerJoined, Configured, StatusChosen
from acd.journal import checkpoint, read, replayed, restored, written
from acd.names import AgentStatus
from acd.spec import Skill, TenantSpec
from acd.state import State
from tests.unit.acd.world import worlds


def test_a_successor_has_the_same_state_from_a_checkpoint_and_the_journal() -> None:
    for world in islice(worlds(7), 5):
        world.run(400)
        start = checkpoint(world.checkpoint)
        records = [written(event, at_ms) for event, at_ms in world.journal]
        assert replayed(restored(start), records) == world.state
        assert restored(checkpoint(world.state)) == world.state


def test_a_record_reads_as_it_was_written() -> None:
    event = CallerJoined("c1", "verkauf", 3, (Skill("en", 80),), None, 17)
    assert read(written(event, 42)) == (event, 42)
    assert json.loads(written(event, 42))["is"] == "CallerJoined"


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no object"),
        ("{}", "without a known kind"),
        ('{"at":1,"is":"Exec"}', "without a known kind"),
        ('{"at":"1","is":"TimePassed"}', "without its time"),
        ('{"at":1,"is":"CallerLeft"}', "member_id"),
        ('{"at":1,"is":"CallerLeft","member_id":7}', "is no str"),
        ('{"at":1,"is":"CallerLeft","member_id":"c","reason":"WHIM"}', "WHIM"),
        ('{"at":1,"is":"CallerLeft","member_id":"c","more":1}', "unknown field"),
        ('{"at":1,"is":"CallerJoined","member_id":"c","queue_id":"q","skills":[["en"]]}', "no object"),
        ('{"at":1,"is":"CallerJoined","member_id":"c","queue_id":"q","priority":true}', "is no int"),
        ('{"at":1,"is":"Compared","member_ids":{},"offer_ids":[],"as_of_ms":1}', "no list"),
    ],
)
def test_what_cannot_be_read_is_refused(record: str, why: str) -> None:
    with pytest.raises(RecordRefused, match=why):
        read(record)


def test_a_record_cut_anywhere_is_refused_and_never_half_read() -> None:
    record = written(Configured(TenantSpec("beispiel")), 5)
    for length in range(len(record)):
        with pytest.raises(RecordRefused):
            read(record[:length])


def test_a_replay_stops_at_the_first_record_that_cannot_be_read() -> None:
    good = written(StatusChosen("anna", AgentStatus.AVAILABLE), 5)
    with pytest.raises(RecordRefused):
        replayed(State(TenantSpec("beispiel")), [good, good[:-1]])
