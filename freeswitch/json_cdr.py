"""mod_json_cdr's files: one leg each, read into a `LegRecord`.

Times come from the `*_uepoch` variables (microseconds since 1970 UTC, "0" for never), which FreeSWITCH sets
before it writes the file. Decision facts come from the `fernamt_*` variables that the controller set
(decided_facts.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dialplan.call import MAX_TEXT
from dialplan.causes import Cause
from dialplan.cdr import HungUpBy, LegRecord, LegSide, Quality, RecordUnreadable
from freeswitch.decided_facts import FACTS, unpacked

#: A record has 15 to 60 KB; what is larger than this is not a record.
MAX_BYTES: Final = 4 * 1024 * 1024

_LEG_ID: Final = re.compile(r"[0-9a-fA-F-]{8,64}\Z", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BY_NAME: Final = {cause.switch_name: cause for cause in Cause}
_NOT_Q850: Final = 128


def parse(content: bytes) -> LegRecord:
    """One file's content. Raises RecordUnreadable saying what is wrong with which field."""
    if len(content) > MAX_BYTES:
        raise RecordUnreadable("cdr.too-large", f"record of {len(content)} bytes, limit {MAX_BYTES}")
    try:
        document = json.loads(content.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError) as error:
        raise RecordUnreadable("cdr.not-json", f"not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("variables"), dict):
        raise RecordUnreadable("cdr.no-variables", "JSON without an object 'variables'")
    variables = {str(k): str(v) for k, v in document["variables"].items()}
    decided = {f"fernamt_{name}": value for name, value in unpacked(variables.get(FACTS)).items()}
    return _record(document, decided | variables)


def _record(document: Mapping[str, Any], get: Mapping[str, str]) -> LegRecord:
    leg_id = get.get("uuid", "")
    if not _LEG_ID.match(leg_id):
        raise RecordUnreadable("cdr.no-leg-id", f"variable uuid is no leg id: {leg_id[:64]!r}")
    started, ended = _time(get, "start_uepoch"), _time(get, "end_uepoch")
    if started is None or ended is None or ended < started:
        raise RecordUnreadable("cdr.times", f"leg {leg_id} without a start and a later end")
    answered = _time(get, "answer_uepoch")
    if answered is not None and not started <= answered <= ended:
        raise RecordUnreadable("cdr.times", f"leg {leg_id} answered outside its own time")
    side = LegSide.B if get.get("direction") == "outbound" else LegSide.A
    cause = get.get("hangup_cause") or "NORMAL_UNSPECIFIED"
    profile = _first_profile(document)
    return LegRecord(
        leg_id=leg_id,
        call_id=get.get("fernamt_call") or leg_id,
        side=side,
        node=str(document.get("switchname", ""))[:MAX_TEXT],
        customer_id=get.get("fernamt_customer"),
        direction=get.get("fernamt_direction", "none"),
        trunk_id=get.get("fernamt_trunk"),
        phone_id=get.get("fernamt_phone"),
        a_network=get.get("fernamt_a_network"),
        a_presented=_presented(get, profile),
        b_dialled=_clean(profile.get("destination_number")) or "",
        b_number=get.get("fernamt_b_number"),
        started_at=started,
        ringing_at=_earliest(_time(get, "progress_uepoch"), _time(get, "progress_media_uepoch")),
        answered_at=answered,
        ended_at=ended,
        billed_ms=(ended - answered) // timedelta(milliseconds=1) if answered else 0,
        q850=_q850(get, cause),
        cause=cause[:64],
        sip_code=_sip_code(get, side, cause, answered=answered is not None),
        hung_up_by=_hung_up_by(get),
        reason_id=get.get("fernamt_reason"),
        config_version=_whole(get.get("fernamt_version")) or None,  # 0: started without the database
        sip_call_id=_clean(get.get("sip_call_id")),
        quality=_quality(document, get),
        queue_id=get.get("fernamt_queue"),
        agent_id=get.get("fernamt_agent"),
    )


def _time(get: Mapping[str, str], name: str) -> datetime | None:
    text = get.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 17):
        raise RecordUnreadable("cdr.times", f"variable {name} is no time: {text[:32]!r}")
    microseconds = int(text)
    if microseconds == 0:
        return None
    return _EPOCH + timedelta(milliseconds=microseconds // 1000)


def _presented(get: Mapping[str, str], profile: Mapping[str, Any]) -> str | None:
    """As decided (nothing when withheld); as the caller sent it when nobody decided."""
    if "fernamt_reason" in get:
        return get.get("fernamt_a_presented")
    return _clean(profile.get("caller_id_number"))


def _earliest(*times: datetime | None) -> datetime | None:
    return min((time for time in times if time), default=None)


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _number(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if 0 <= number < 1e12 else None


def _clean(value: object) -> str | None:
    """A text that a caller wrote, fit for a database and a terminal: no control characters, bounded."""
    if not isinstance(value, str) or not value:
        return None
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value[:MAX_TEXT])


def _first_profile(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The caller profile the leg began with: FreeSWITCH lists the newest first."""
    flow = document.get("callflow")
    if isinstance(flow, list) and flow and isinstance(flow[-1], dict):
        profile = flow[-1].get("caller_profile")
        if isinstance(profile, dict):
            return profile
    return {}


def _q850(get: Mapping[str, str], cause: str) -> int:
    """The cause's number; FreeSWITCH's own causes above 127 are no Q.850 and count as 31, unspecified."""
    number = _whole(get.get("hangup_cause_q850"))
    if number is None:
        number = _BY_NAME[cause].q850 if cause in _BY_NAME else 31
    return number if number < _NOT_Q850 else 31


def _sip_code(get: Mapping[str, str], side: LegSide, cause: str, *, answered: bool) -> int | None:
    """The final SIP response of the leg: received on a B leg, sent on an A leg."""
    if answered:
        return 200
    if side is LegSide.B:
        return _whole(get.get("sip_invite_failure_status")) or _whole(get.get("sip_term_status"))
    if get.get("sip_hangup_disposition") == "recv_cancel":
        return 487
    passed_on = get.get("last_bridge_proto_specific_hangup_cause", "")
    if passed_on.startswith("sip:"):
        return _whole(passed_on[4:])
    chosen = _whole(get.get("fernamt_sip_code", "").partition(" ")[0])
    return chosen or (_BY_NAME[cause].sip_code if cause in _BY_NAME else 480)


def _hung_up_by(get: Mapping[str, str]) -> HungUpBy:
    disposition = get.get("sip_hangup_disposition", "")
    return HungUpBy.PEER if disposition.startswith("recv_") else HungUpBy.SWITCH


def _quality(document: Mapping[str, Any], get: Mapping[str, str]) -> Quality:
    """FreeSWITCH's MOS estimate and packet count. Its jitter figures are variances of another kind than
    RFC 3550's, and its skipped packets are not lost ones: what it does not measure stays None."""
    stats = document.get("callStats")
    audio = stats.get("audio") if isinstance(stats, dict) else None
    found = audio.get("inbound") if isinstance(audio, dict) else None
    inbound: Mapping[str, Any] = found if isinstance(found, dict) else {}
    received = _number(get.get("rtp_audio_in_media_packet_count", inbound.get("media_packet_count")))
    if not received:
        return Quality()
    mos = _number(get.get("rtp_audio_in_mos", inbound.get("mos")))
    return Quality(mos=mos if mos is not None and mos <= 5 else None, packets_received=int(received))
