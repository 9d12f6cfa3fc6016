"""mod_json_cdr's files: real ones are read whole, damaged ones are refused with the field's name."""

from __future__ import annotations

import copy
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.cdr import HungUpBy, LegRecord, LegSide, RecordUnreadable
from freeswitch.json_cdr import MAX_BYTES, parse

CALLS = Path(__file__).parents[2] / "calls"
FILES = sorted(CALLS.glob("*/leg-*.cdr.json"))
ANSWERED = (CALLS / "in-answered" / "leg-a.cdr.json").read_bytes()
DOCUMENT: dict[str, Any] = json.loads(ANSWERED)
SMALL = {
    "switchname": "node-1",
    "variables": {
        "uuid": "5a06864a-4727-4a80-af89-ecb17ecc9887",
        "direction": "inbound",
        "start_uepoch": "1795324103678495",
        "answer_uepoch": "0",
        "end_uepoch": "1795324103698495",
        "hangup_cause": "USER_BUSY",
    },
}


def changed(base: dict[str, Any] = SMALL, **variables: Any) -> bytes:
    """The record with other variables; None takes one away."""
    document = copy.deepcopy(base)
    document["variables"].update(variables)
    document["variables"] = {
        name: value for name, value in document["variables"].items() if value is not None
    }
    return json.dumps(document).encode()


def refusal(content: bytes) -> str:
    """The reason id of a record that cannot be read."""
    with pytest.raises(RecordUnreadable) as caught:
        parse(content)
    assert str(caught.value)
    return caught.value.reason_id


def read(content: bytes) -> LegRecord | None:
    """The record, or None when it is refused as it should be; anything else fails the test."""
    try:
        return parse(content)
    except RecordUnreadable:
        return None


def test_there_are_real_records_to_read() -> None:
    assert len(FILES) >= 12


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_real_record_is_read_whole(path: Path) -> None:
    leg = parse(path.read_bytes())
    assert leg.side.value == path.name[4]
    assert leg.started_at.tzinfo is UTC
    assert leg.started_at <= leg.ended_at
    assert leg.billed_ms == (
        (leg.ended_at - leg.answered_at) / timedelta(milliseconds=1) if leg.answered_at else 0
    )
    assert leg.customer_id
    assert leg.reason_id
    assert leg.node == "node-1"


def test_a_record_that_is_cut_anywhere_is_refused_or_read() -> None:
    """A file read while FreeSWITCH writes it: every cut of the file is no JSON."""
    content = json.dumps(json.loads((CALLS / "busy" / "leg-b1.cdr.json").read_bytes())).encode()
    for size in range(len(content)):
        assert refusal(content[:size]) == "cdr.not-json"


def test_an_empty_file_is_no_record() -> None:
    assert refusal(b"") == "cdr.not-json"
    assert refusal(b"\0" * 4096) == "cdr.not-json"


@pytest.mark.parametrize("content", [b"[]", b"1", b'"x"', b"null", b"{}", b'{"variables": []}', b"NaN"])
def test_json_that_is_no_record_is_refused(content: bytes) -> None:
    assert refusal(content) == "cdr.no-variables"


@pytest.mark.parametrize("uuid", [None, "", "x", "../../etc/passwd", "5a06864a\n", "a" * 65, 7, [], "٣" * 36])
def test_a_record_without_a_leg_id_is_refused(uuid: object) -> None:
    assert refusal(changed(uuid=uuid)) == "cdr.no-leg-id"


@pytest.mark.parametrize(
    "times",
    [
        {"start_uepoch": None},
        {"end_uepoch": None},
        {"end_uepoch": "0"},
        {"end_uepoch": "1795324103678494", "start_uepoch": "1795324103698495"},
        {"answer_uepoch": "1"},
        {"answer_uepoch": "9795324103698495"},
        {"start_uepoch": "-1"},
        {"start_uepoch": "1e9"},
        {"start_uepoch": "9" * 18},
        {"start_uepoch": "9" * 4_000},
        {"start_uepoch": "١٧٩٥"},
        {"start_uepoch": {"a": 1}},
        {"start_uepoch": 1.5},
        {"progress_uepoch": "soon"},
    ],
)
def test_times_that_cannot_be_are_refused(times: dict[str, Any]) -> None:
    assert refusal(changed(**times)) == "cdr.times"


def test_the_largest_time_that_is_read_does_not_overflow() -> None:
    leg = parse(changed(end_uepoch="9" * 17))
    assert leg.ended_at.year == 5138


def test_times_are_cut_to_milliseconds_and_a_talk_is_billed_by_them() -> None:
    leg = parse(changed(answer_uepoch="1795324103680999", end_uepoch="1795324104681000"))
    assert leg.started_at == datetime(2026, 11, 22, 5, 8, 23, 678_000, tzinfo=UTC)
    assert leg.answered_at == datetime(2026, 11, 22, 5, 8, 23, 680_000, tzinfo=UTC)
    assert leg.billed_ms == 1001


def test_a_record_above_the_limit_is_refused_before_it_is_read() -> None:
    assert refusal(b" " * (MAX_BYTES + 1)) == "cdr.too-large"
    assert refusal(b'{"variables": {"x": "' + b"a" * 5_000_000 + b'"}}') == "cdr.too-large"


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_a_deeply_nested_record_is_refused(opening: bytes) -> None:
    assert refusal(opening * 100_000) == "cdr.not-json"


def test_a_record_as_deep_as_the_reader_can_go_is_read_or_refused() -> None:
    """The text of a nested value needs as much depth as reading it did."""
    limit = sys.getrecursionlimit()
    for depth in range(limit - 120, limit + 10, 3):
        nested = b"[" * depth + b"]" * depth
        read(changed().replace(b'"USER_BUSY"', nested))


def test_bytes_that_are_no_utf_8_are_replaced() -> None:
    leg = parse(changed(sip_call_id="a\x7fb@x").replace(b"a\\u007fb", b"a\xff\xfeb"))
    assert leg.sip_call_id == "a\ufffd\ufffdb@x"


@pytest.mark.parametrize("text", ["\x00", "\x1b", "\u2028", "\ud800", "\u202e"])
def test_what_a_caller_dialled_is_fit_for_a_terminal_and_a_database(text: str) -> None:
    document: dict[str, Any] = copy.deepcopy(SMALL)
    document["callflow"] = [{"caller_profile": {"destination_number": f"1{text}2", "caller_id_number": text}}]
    leg = parse(json.dumps(document).encode())
    assert leg.b_dialled == "1\ufffd2"
    assert leg.a_presented == "\ufffd"


def test_long_texts_are_cut() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["callflow"][-1]["caller_profile"]["destination_number"] = "9" * 10_000
    document["switchname"] = "n" * 10_000
    leg = parse(json.dumps(document).encode())
    assert len(leg.b_dialled) == len(leg.node) == 256


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(DOCUMENT["variables"])), values, max_size=5))
def test_variables_of_any_type_are_read_or_refused(variables: dict[str, Any]) -> None:
    read(changed(DOCUMENT, **variables))


@given(st.fixed_dictionaries(dict.fromkeys(("callflow", "callStats", "switchname"), values)))
def test_other_parts_of_any_type_are_read_or_refused(rest: dict[str, Any]) -> None:
    leg = read(json.dumps({**SMALL, **rest}).encode())
    assert leg is not None


@given(st.binary(max_size=200), st.integers(0, len(ANSWERED)), st.integers(0, 50))
def test_a_record_damaged_anywhere_is_read_or_refused(noise: bytes, at: int, lost: int) -> None:
    read(ANSWERED[:at] + noise + ANSWERED[at + lost :])


@pytest.mark.parametrize(
    ("variables", "q850", "cause"),
    [
        ({"hangup_cause_q850": "17"}, 17, "USER_BUSY"),
        ({"hangup_cause_q850": "607", "hangup_cause": "PROGRESS_TIMEOUT"}, 31, "PROGRESS_TIMEOUT"),
        ({"hangup_cause": "PROGRESS_TIMEOUT"}, 31, "PROGRESS_TIMEOUT"),
        ({"hangup_cause": "USER_BUSY"}, 17, "USER_BUSY"),
        ({"hangup_cause": "SOMETHING_NEW"}, 31, "SOMETHING_NEW"),
        ({"hangup_cause": None}, 31, "NORMAL_UNSPECIFIED"),
        ({"hangup_cause_q850": "x"}, 17, "USER_BUSY"),
        ({"hangup_cause_q850": "9" * 30}, 17, "USER_BUSY"),
    ],
)
def test_the_switchs_own_causes_are_no_q850(variables: dict[str, Any], q850: int, cause: str) -> None:
    leg = parse(changed(**variables))
    assert (leg.q850, leg.cause) == (q850, cause)


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"answer_uepoch": "1795324103688495"}, 200),
        ({"sip_hangup_disposition": "recv_cancel"}, 487),
        ({"last_bridge_proto_specific_hangup_cause": "sip:486"}, 486),
        ({"last_bridge_proto_specific_hangup_cause": "sip:x", "fernamt_sip_code": "404"}, None),
        ({"fernamt_sip_code": "404"}, 404),
        ({"fernamt_sip_code": "433 Anonymity Disallowed"}, 433),
        ({}, 486),
        ({"hangup_cause": "SOMETHING_NEW"}, 480),
        ({"direction": "outbound", "sip_invite_failure_status": "603"}, 603),
        ({"direction": "outbound", "sip_term_status": "503"}, 503),
        ({"direction": "outbound"}, None),
    ],
)
def test_the_sip_code_is_the_final_response_of_the_leg(variables: dict[str, Any], code: int | None) -> None:
    assert parse(changed(**variables)).sip_code == code


@pytest.mark.parametrize(
    ("disposition", "who"),
    [("recv_bye", HungUpBy.PEER), ("recv_cancel", HungUpBy.PEER), ("send_bye", HungUpBy.SWITCH)],
)
def test_who_hung_up_is_told_by_the_direction_of_the_bye(disposition: str, who: HungUpBy) -> None:
    assert parse(changed(sip_hangup_disposition=disposition)).hung_up_by is who


def test_a_leg_that_no_controller_decided_is_a_call_of_its_own() -> None:
    leg = parse(changed())
    assert leg.call_id == leg.leg_id
    assert (leg.side, leg.reason_id, leg.config_version, leg.customer_id) == (LegSide.A, None, None, None)
    assert leg.direction == "none"


def test_a_call_carried_out_under_version_zero_has_no_version() -> None:
    assert parse(changed(fernamt_version="0")).config_version is None
    assert parse(changed(fernamt_version="7")).config_version == 7


def test_quality_is_none_where_no_packet_came() -> None:
    assert parse(changed(rtp_audio_in_media_packet_count="0", rtp_audio_in_mos="4.5")).quality.mos is None
    measured = parse(
        changed(
            rtp_audio_in_media_packet_count="35",
            rtp_audio_in_mos="4.5",
            rtp_audio_in_skip_packet_count="2",
            rtp_audio_in_jitter_max_variance="nan",
        )
    ).quality
    assert (measured.mos, measured.packets_received, measured.packets_lost) == (4.5, 35, None)
    assert measured.jitter_ms is None
