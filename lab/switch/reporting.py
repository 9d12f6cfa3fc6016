"""The end of a leg: its times and figures as variables, the record, the last events."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from lab.switch.cdr import write_record
from lab.switch.channel import Channel
from lab.switch.clock import local_stamp
from lab.switch.dialplan import compiled
from lab.switch.media import LegMedia

log = logging.getLogger(__name__)


def report(channel: Channel) -> None:
    """Set what FreeSWITCH sets at the end of a call, write the record, fire CHANNEL_HANGUP_COMPLETE."""
    cause = channel.cause
    channel.set("hangup_cause", cause.name)
    channel.set("hangup_cause_q850", str(cause.value if cause.is_q850 else 16))
    channel.set("digits_dialed", _dialed(channel))
    for name, value in _times(channel):
        channel.variables.set(name, value)
    if channel.app_log:
        last = channel.app_log[-1]
        channel.set("last_app", last.name)
        channel.set("last_arg", last.data)
    profile = channel.profile
    channel.set("caller_id", f'"{profile.caller_id_name}" <{profile.caller_id_number}>')
    for name, value in _durations(channel):
        channel.variables.set(name, value)
    media = channel.leg.media if channel.leg else None
    figures = figures_of(media) if media is not None and channel.has_media else {}
    if figures:
        for direction, counted in figures.items():
            for name, number in counted.items():
                text = f"{number:.2f}" if isinstance(number, float) else str(number)
                prefix = "rtp_audio_" if name.startswith("rtcp") else f"rtp_audio_{direction}_"
                channel.set(prefix + name, text)
    channel.switch.count_ended(channel)
    write_record(channel, figures)
    channel.fire("CHANNEL_HANGUP_COMPLETE")


def _times(channel: Channel) -> Iterator[tuple[str, str]]:
    times = channel.profile.times
    first = channel.profiles[-1].times
    moments = {
        "start": first.created,
        "profile_start": times.profile_created,
        "answer": times.answered,
        "bridge": times.bridged,
        "last_hold": times.last_hold,
        "resurrect": times.resurrected,
        "progress": times.progress,
        "progress_media": times.progress_media,
        "end": times.hungup,
    }
    yield from ((f"{name}_stamp", local_stamp(us)) for name, us in moments.items() if us)
    for name, us in moments.items():
        yield f"{name}_epoch", str(us // 1_000_000)
        yield f"{name}_uepoch", str(us)
        if name == "last_hold":
            for unit, divisor in (("seconds", 1_000_000), ("usec", 1), ("ms", 1000)):
                yield f"hold_accum_{unit}", str(times.hold_accum // divisor)


def _dialed(channel: Channel) -> str:
    """The digits; X for those that digits_dialed_filter matches (read: switch_channel_set_timestamps)."""
    digits = "".join(channel.digits_dialed)
    expression = compiled(channel.get("digits_dialed_filter") or "")
    found = expression.search(digits) if expression is not None and expression.pattern else None
    for part in (found[0], *found.groups()) if found is not None else ():
        digits = digits.replace(part, "X" * len(part)) if part else digits
    return digits or "none"


def _durations(channel: Channel) -> Iterator[tuple[str, str]]:
    times, start = channel.profile.times, channel.profiles[-1].times.created
    spans = {
        "bill": times.hungup - times.answered if times.answered else 0,
        "progress": times.progress - start if times.progress else 0,
        "answer": times.answered - start if times.answered else 0,
        "wait": times.bridged - start if times.bridged else 0,
        "progress_media": times.progress_media - start if times.progress_media else 0,
        "flow_bill": times.hungup - start,
    }
    whole = times.hungup - start
    seconds = {name: us // 1_000_000 for name, us in spans.items()}
    if times.answered:  # by the second hand, as FreeSWITCH counts
        seconds["bill"] = times.hungup // 1_000_000 - times.answered // 1_000_000
    yield "duration", str(times.hungup // 1_000_000 - start // 1_000_000)
    yield from ((f"{name}sec", str(value)) for name, value in seconds.items())
    yield "mduration", str(whole // 1000)
    yield from ((f"{name}msec", str(us // 1000)) for name, us in spans.items())
    yield "uduration", str(whole)
    yield from ((f"{name}usec", str(us)) for name, us in spans.items())


def figures_of(media: LegMedia) -> dict[str, dict[str, int | float]]:
    """RTP figures by direction, under FreeSWITCH's names. MOS falls with loss as FreeSWITCH's does."""
    stats = media.rtp.stats
    seen = stats.packets_received + stats.packets_lost
    loss = stats.packets_lost / seen if seen else 0.0
    quality = round(100.0 * (1 - loss), 2)
    return {
        "in": {
            "raw_bytes": media.bytes_in + 12 * stats.packets_received,
            "media_bytes": media.bytes_in,
            "packet_count": stats.packets_received,
            "media_packet_count": media.frames_in,
            "skip_packet_count": stats.packets_lost,
            "jitter_packet_count": 0,
            "dtmf_packet_count": media.digits_in,
            "cng_packet_count": 0,
            "flush_packet_count": 0,
            "largest_jb_size": 0,
            "jitter_min_variance": 0.0,
            "jitter_max_variance": float(stats.jitter_ms),
            "jitter_loss_rate": round(100.0 * loss, 2),
            "jitter_burst_rate": 0.0,
            "mean_interval": 20.0 if media.frames_in > 1 else 0.0,
            "flaw_total": stats.packets_lost,
            "quality_percentage": quality,
            "mos": round(_mos(quality), 2),
        },
        "out": {
            "raw_bytes": 172 * stats.packets_sent,
            "media_bytes": 160 * stats.packets_sent,
            "packet_count": stats.packets_sent,
            "media_packet_count": stats.packets_sent,
            "skip_packet_count": 0,
            "dtmf_packet_count": 0,
            "cng_packet_count": 0,
            "rtcp_packet_count": 0,
            "rtcp_octet_count": 0,
        },
    }


def _mos(quality_percentage: float) -> float:
    """From the R value as ITU-T G.107 annex B maps it, R being the quality percentage."""
    r_value = min(max(quality_percentage, 0.0), 100.0)
    mos = 1 + 0.035 * r_value + 7e-6 * r_value * (r_value - 60) * (100 - r_value)
    return min(4.5, max(1.0, mos))
