"""What one emergency INVITE says beside the caller's number, as values; freeswitch/emergency writes it."""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.emergency.routing import EmergencyForm, EmergencyRoute, EmergencyTarget, LineAddress


@dataclass(frozen=True, slots=True)
class EmergencyCall:
    """The facts of an emergency leg. `dialled`: 110 or 112. `claimed_location`: XML that the caller's own
    system sent, untrusted, only as additional information (B8)."""

    dialled: str
    form: EmergencyForm
    route: EmergencyRoute
    address: LineAddress | None = None
    provider_id: str | None = None
    claimed_location: str | None = None


def emergency_number(form: EmergencyForm, dialled: str, route: EmergencyRoute) -> str:
    """The Request-URI's user part: the code as the trunk wants it; without a code what was dialled, because a
    carrier can still route that."""
    if form.target is EmergencyTarget.CODE and route.code is not None:
        return form.prefix + route.code
    return dialled
