"""What a node that cannot keep up refuses at once, so that everybody else is served.

A call that waits in an overloaded switch costs more the longer it waits: it is sent again, asked about twice,
hears an announcement. Refused at once with 503 it is gone, and the other side takes another node (RFC 3261
section 21.5.4). 110 and 112 are never refused so, nor whoever has somebody on the line already.
"""

from __future__ import annotations

from dataclasses import replace

from dialplan.call import CallOffered, Via
from dialplan.causes import Cause
from dialplan.decision import Decision, Direction, Reject
from dialplan.reasons import reason


def may_be_shed(offered: CallOffered, decision: Decision) -> bool:
    """A new call of somebody who dialled it, that would go on, and not to 110 or 112."""
    if isinstance(decision.outcome, Reject) or decision.facts.direction is Direction.EMERGENCY:
        return False
    return offered.via is Via.DIALLED and offered.round == 0 and offered.resume is None


def shed(decision: Decision) -> Decision:
    """The same call refused: Q.850 42, SIP 503."""
    outcome = Reject(Cause.SWITCH_CONGESTION, Cause.SWITCH_CONGESTION.sip_code)
    return replace(decision, outcome=outcome, reason=reason("node.overloaded"), claims=(), plan=None)
