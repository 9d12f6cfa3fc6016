"""The one place where an outgoing leg is made.

Whoever wants a leg (caller, forwarding, transfer, queue, callback, API) asks here. `Leg` has no other
constructor in the program; tests/architecture proves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dialplan.carrier import REGISTERED_RINGS_S, Phone, Trunk
from dialplan.diversion import Diversion
from dialplan.emergency.invite import EmergencyCall
from numbering.e164 import E164

#: Attempts of one call, one after the other: eight silent trunks take half a minute already, and nobody waits
#: longer. The rendered dialplan has one `bridge` for each.
MAX_LEGS: Final = 8
#: A carrier's, customer's or Teams' address that sends no response at all, not even 100 Trying, is given up
#: by SIP's own timer (RFC 3261 section 17.1.1.2, timer B): the INVITE was sent three times by then. Soon
#: enough for the next trunk's answer to an emergency call within 4 s (B8).
SILENT_S: Final = 3
#: An emergency call that another trunk could take: set-up to a control centre by ISUP takes 3 to 6 s.
_EMERGENCY_SETUP_S: Final = 10
#: One that no other trunk could take sooner, until it rings.
_PATIENT_SETUP_S: Final = 120
#: A control centre may let calls ring, or play announcements, for long: whoever waits there is not sent away,
#: whatever a trunk's `no_answer_s` says.
EMERGENCY_RINGS_S: Final = 600


@dataclass(frozen=True, slots=True)
class Caller:
    """The identity of a leg: `number` is the network-provided one, None when the caller is unknown.

    `presented` is the user-provided number shown in its stead (CLIP no screening, TKG § 120(2)); `withheld`
    hides both (RFC 3323), `forced` says that the caller wants to be seen. `diversions`: who passed the call
    on, the first one first; `diverted`: how often others did before. All was checked by `caller.rules`.
    """

    number: E164 | None
    name: str | None = None
    withheld: bool = False
    presented: E164 | None = None
    forced: bool = False
    diversions: tuple[Diversion, ...] = ()
    diverted: int = 0

    @property
    def shown(self) -> E164 | None:
        """The number that the called party gets to see."""
        return None if self.withheld else self.presented or self.number


@dataclass(frozen=True, slots=True)
class Leg:
    """A call to be placed: over a trunk to `number` (Request-URI user part), or to a registered phone.

    `no_progress_s`: seconds until it rings, sends early media or answers, 100 Trying does not count;
    `no_answer_s`: seconds until it answers. `headers` go into the INVITE beside those of the identity: name
    and value, printable ASCII (RFC 3261). `emergency`: what an emergency call says beside that; None for
    every other call. `request_uri`: the whole Request-URI where it is not made of trunk and number.
    `pause_s`: seconds before the INVITE, after the leg before has failed.
    """

    to: Trunk | Phone
    number: str
    caller: Caller
    no_progress_s: int
    no_answer_s: int
    headers: tuple[tuple[str, str], ...] = ()
    emergency: EmergencyCall | None = None
    request_uri: str | None = None
    pause_s: int = 0


def leg_to_trunk(trunk: Trunk, number: str, caller: Caller) -> Leg:
    """A leg over `trunk`; `number` is what its Request-URI shall carry."""
    return Leg(trunk, number, caller, trunk.no_progress_s, trunk.no_answer_s)


def leg_back(
    trunk: Trunk, number: str, caller: Caller, uri: str, headers: tuple[tuple[str, str], ...]
) -> Leg:
    """A leg back to the system behind a customer's `trunk`, at the URI that it gave itself (RFC 3515)."""
    return Leg(
        trunk, number, caller, trunk.no_progress_s, trunk.no_answer_s, headers=headers, request_uri=uri
    )


def leg_to_phone(phone: Phone, caller: Caller) -> Leg:
    """A leg to a phone that registers with us, addressed by its line number."""
    return Leg(phone, phone.number, caller, REGISTERED_RINGS_S, phone.no_answer_s)


def emergency_leg(
    trunk: Trunk,
    number: str,
    caller: Caller,
    call: EmergencyCall,
    *,
    patient: bool = False,
    pause_s: int = 0,
) -> Leg:
    """A leg to 110 or 112 over an emergency trunk: number always shown (B8, NotrufV §4(4)). `patient`: nobody
    else is left who could be faster, so it is not given up for being slow; `pause_s` as the leg's."""
    shown = Caller(caller.number, caller.name, withheld=False)
    setup_s = _PATIENT_SETUP_S if patient else _EMERGENCY_SETUP_S
    return Leg(trunk, number, shown, setup_s, EMERGENCY_RINGS_S, emergency=call, pause_s=pause_s)
