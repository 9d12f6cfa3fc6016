"""Which codecs a leg is offered: those that the caller may speak and the called party takes.

Left alone FreeSWITCH offers the caller's own, and where that is one which the called party has not, the call
fails; offered all of its own, the called party takes one that has to be converted to the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from dialplan.carrier import Phone, Trunk

#: What every call has unless a trunk or phone has codecs of its own, and every one of a phone has last.
DEFAULT_CODECS: Final = ("PCMA", "PCMU")
#: What a phone is offered and may offer.
PHONE_CODECS: Final = ("G722", *DEFAULT_CODECS)
#: The same of a browser; RFC 7874 section 3 wants Opus and G.711 of it, G.722 is there too.
WEBRTC_CODECS: Final = ("OPUS", *PHONE_CODECS)
#: Has its place in each offer to whom it is configured for: the codec of the German networks.
_EVERYWHERE: Final = "PCMA"
_KNOWN: Final = frozenset(WEBRTC_CODECS)
#: Of `ep_codec_string`, which a caller's SDP makes long.
_MAX_LISTED: Final = 2_000


def phone_codecs(phone: Phone) -> tuple[str, ...]:
    """Its own, G.711 behind them in any case; without any those of its kind."""
    own = phone.codecs or (WEBRTC_CODECS if phone.webrtc else PHONE_CODECS)
    return (*own, *(codec for codec in DEFAULT_CODECS if codec not in own))


def played_first(codecs: Iterable[str]) -> tuple[str, ...]:
    """The order in which a phone's calls are taken when we speak ourselves: our sounds have 8 kHz, and whom
    the call goes on to may have G.711 alone."""
    return (*DEFAULT_CODECS, *(codec for codec in codecs if codec not in DEFAULT_CODECS))


def caller_codecs(get: Callable[[str], str | None]) -> tuple[str, ...]:
    """What the calling channel may speak, the preferred one first: one, once FreeSWITCH has chosen it, else
    all that it offered and we take (`inbound-late-negotiation`). Empty: unknown. The order is that of its
    offer, or ours where its trunk has one (render/codecs.py).

    FreeSWITCH lists them as `mod_spandsp.G722@8000h@20i@64000b,…`, the names as the caller wrote them.
    """
    chosen = get("variable_read_codec")
    if chosen:
        return (chosen.upper(),)
    listed = (get("variable_ep_codec_string") or "")[:_MAX_LISTED].split(",")
    names = (each.partition("@")[0].rpartition(".")[2].upper() for each in listed)
    found = dict.fromkeys(name for name in names if name in _KNOWN)
    if get("variable_rtp_codec_negotiation") == "greedy":
        ours = (get("variable_absolute_codec_string") or "").split(",")
        return tuple(codec for codec in ours if codec in found) or tuple(found)
    return tuple(found)


def once_heard(caller: tuple[str, ...]) -> tuple[str, ...]:
    """The codec of a caller to whom something is played before the call goes on."""
    return next(((codec,) for codec in played_first(WEBRTC_CODECS) if codec in caller), caller)


def offered_to(to: Trunk | Phone, caller: tuple[str, ...], *, through: bool = False) -> tuple[str, ...]:
    """What a trunk or phone is offered in a call of somebody who may speak these, the caller's preferred one
    first. Empty: what FreeSWITCH offers by itself, the caller's own. `through`: a system behind another node,
    which says for itself what it speaks.

    A browser has Opus though the caller has not: its sound crosses networks that lose packets.
    """
    if isinstance(to, Phone):
        takes = phone_codecs(to)
        if to.webrtc and len(caller) == 1:
            return takes
    else:
        takes = DEFAULT_CODECS if through else to.codecs
    common = tuple(codec for codec in caller if codec in takes)
    if not common:
        return takes
    if _EVERYWHERE in takes and _EVERYWHERE not in common:
        return (*common, _EVERYWHERE)
    return () if len(caller) == 1 else common


def codec_list(codecs: Iterable[str]) -> str:
    """As a dial string can hold it: a comma would end the variable."""
    return "^^:" + ":".join(codecs)
