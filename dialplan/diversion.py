"""Who passed a call on, and why: what Diversion and History-Info tell (RFC 5806, RFC 7044, RFC 4458)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from numbering.e164 import E164

#: How often one call may be passed on, by others and by us together, before it is a loop for sure.
MAX_FORWARDS: Final = 5
#: Where counting ends: what a header says may be anything.
MAX_DIVERTED: Final = 99


class DiversionReason(Enum):
    """(reason of RFC 5806 section 5.2.2, cause of RFC 4458 section 2.1)."""

    UNCONDITIONAL = ("unconditional", 302)
    USER_BUSY = ("user-busy", 486)
    NO_ANSWER = ("no-answer", 408)
    UNAVAILABLE = ("unavailable", 503)
    DEFLECTION = ("deflection", 480)

    def __init__(self, text: str, cause: int) -> None:
        self.text = text
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Diversion:
    """A number of ours that passed the call on."""

    number: E164
    reason: DiversionReason = DiversionReason.UNCONDITIONAL
