"""Whether a caller offered keys for SRTP, where FreeSWITCH has not yet agreed on anything with it.

On profiles with late negotiation it does that when the call is answered. An offer that is one here is then
taken encrypted or not at all (read: switch_core_media_negotiate_sdp): RTP/SAVP with keys is never answered in
clear, and keys in RTP/AVP are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

#: Longer ones are no offer of a call.
_MAX_SDP: Final = 16_000
_AUDIO: Final = re.compile(r"^m=audio \d+ \S*SAVPF? .*?(?=^m=|\Z)", re.MULTILINE | re.DOTALL)
#: Suites that FreeSWITCH has and that encrypt (RFC 4568, 6188, 7714).
_KEY: Final = re.compile(
    r"^a=crypto:\d+ +(?:AEAD_AES_(?:128|256)_GCM(?:_8)?|AES_(?:CM_128|192_CM|256_CM)_HMAC_SHA1_(?:32|80)) +"
    r"inline:",
    re.MULTILINE,
)
#: DTLS-SRTP (RFC 5763), of the session or the sound.
_FINGERPRINT: Final = re.compile(r"^a=fingerprint:", re.MULTILINE)


def offers_keys(get: Callable[[str], str | None]) -> bool:
    """By the channel data of a call; False where a codec is chosen, and with it whether there are keys."""
    if get("variable_read_codec"):
        return False
    sdp = (get("variable_switch_r_sdp") or "")[:_MAX_SDP]
    sound = _AUDIO.search(sdp)
    if sound is None:
        return False
    return _KEY.search(sound[0]) is not None or _FINGERPRINT.search(sdp) is not None
