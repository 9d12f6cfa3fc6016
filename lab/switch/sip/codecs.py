"""Which codecs a leg speaks: `absolute_codec_string`, or the profile's list; and whose order counts."""

from __future__ import annotations

from collections.abc import Iterable

from lab.media.g711 import Codec


def named(wanted: str | None, default: tuple[Codec, ...]) -> tuple[Codec, ...]:
    """Those of absolute_codec_string that the lab has; `^^X` in front makes X the separator."""
    if not wanted:
        return default
    separator, text = (
        (wanted[2], wanted[3:]) if wanted.startswith("^^") and len(wanted) > 2 else (",", wanted)
    )
    names = [name.split("@")[0].strip().upper() for name in text.split(separator)]
    return tuple(Codec[name] for name in names if name in Codec.__members__) or default


def in_common(ours: tuple[Codec, ...], offered: Iterable[Codec], *, greedy: bool) -> tuple[Codec, ...]:
    """Those of both, the chosen one first: in our order when `greedy` (`rtp_codec_negotiation`)."""
    theirs = tuple(offered)
    if greedy:
        return tuple(codec for codec in ours if codec in theirs)
    return tuple(codec for codec in theirs if codec in ours)
