"""Numbers that are free for the caller whatever a price list says, as a table."""

from __future__ import annotations

from typing import Final

from numbering.e164 import E164
from numbering.plan import area_code_of
from rating.charge import Free
from rating.leg import Direction

#: By direction: E13 and TKG § 164 (emergency).
BY_DIRECTION: Final = {
    Direction.INCOMING: Free.INCOMING,
    Direction.ON_NET: Free.ON_NET,
    Direction.EMERGENCY: Free.EMERGENCY,
}
#: On no invoice line with a price and on no itemised bill (rating/evn.py): nothing of such a call is needed
#: for billing (TDDDG § 9(1)), so that its record goes early (F4).
NEEDED_FOR_NO_BILL: Final = frozenset({Free.UNANSWERED, Free.INCOMING})
#: Short codes in full.
_CODES: Final = {
    "110": Free.EMERGENCY,  # TKG § 164
    "112": Free.EMERGENCY,
    "115": Free.AUTHORITY,  # our decision: BNetzA asks for the price of a local call at most
}
_PREFIXES: Final = (
    ("+49800", Free.FREEPHONE),  # BNetzA, (0)800
    ("+800", Free.UIFN),  # TKG § 121
)
_HARMONISED: Final = "116"  # 116xyz, six digits (BNetzA Vfg 61/2004)


def free_number(called: str) -> Free | None:
    """Why calls to this number are free, or None."""
    if called[:1] != "+":
        if called[:3] == _HARMONISED and len(called) == 6:
            return Free.HARMONISED
        return _CODES.get(called)
    for prefix, why in _PREFIXES:
        if called.startswith(prefix):
            return why
    if called[-3:] == "115" and called.startswith("+49"):
        # The authority number of another town: area code and 115.
        code = area_code_of(E164(called))
        if code is not None and len(called) == len(code) + 6:
            return Free.AUTHORITY
    return None
