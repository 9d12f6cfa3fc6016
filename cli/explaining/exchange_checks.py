"""What the doctor says of the switch, the controllers and the probes, from what was seen of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from cli.explaining.findings import Finding, State, outside_the_lab
from cli.settings import Settings
from dialplan.trunks.status import TrunkState, TrunkStatus
from freeswitch.node_state import node_state
from store.availability_book import Probe

#: A probe a minute, and some time for controllers that start.
_PROBED_WITHIN: Final = timedelta(minutes=5)
#: Most trunks that a line names.
_NAMED: Final = 5


def switch_finding(status: str, drained: str, node: str) -> Finding:
    """From what FreeSWITCH printed (freeswitch.node_state). Raises UnexpectedReply."""
    found = node_state(status, drained)
    if not found.ready:
        seen = "not ready: every new call is refused, to 110 and 112 too"
        step = "It is paused or shutting down: fs_cli -x 'fsctl resume', or start it again"
        return Finding("switch", State.FAULT, seen, step)
    if found.drained:
        step = f"fernamt node undrain {node}, when it is to take calls again"
        return Finding("switch", State.WARNING, "takes no new calls but those to 110 and 112: drained", step)
    return Finding(
        "switch", State.OK, next(line.strip() for line in status.splitlines() if " is ready" in line)
    )


def trunks_finding(found: Sequence[TrunkStatus], customers: Collection[str]) -> Finding:
    """`customers`: trunks of customers' own systems. One that is off is the customer's affair: it is named,
    and no fault of the exchange."""
    name = "trunks"
    away = [each for each in found if each.state in (TrunkState.DOWN, TrunkState.RESTING)]
    bad = [each for each in away if each.trunk_id not in customers]
    systems = [f"{each.trunk_id} ({each.why})" for each in away if each.trunk_id in customers]
    also = f"; customers' systems that are away: {', '.join(systems[:_NAMED])}" if systems else ""
    if len(systems) > _NAMED:
        also += f" and {len(systems) - _NAMED} more"
    if not bad:
        none = "no other is down" if systems else "none is down"
        return Finding(name, State.OK, f"{len(found)} known, {none}{also}")
    seen = "; ".join(f"{each.trunk_id} is {each.state.value} ({each.why})" for each in bad[:_NAMED])
    step = "Ask the other side; `fernamt trunk show ID` tells since when. Calls try it last meanwhile"
    ours = sum(each.trunk_id not in customers for each in found)
    return Finding(name, State.FAULT if len(bad) == ours else State.WARNING, seen + also, step)


def guard_finding(settings: Settings, told: Mapping[str, Any] | None) -> Finding:
    """`told`: what the node's guard told last (controller.guard.GuardStatus), None when it is silent."""
    if settings.guard is None:
        step = "Give the settings `guard: {}` (docs/security.md), or guard the ports in your network"
        missing = Finding("guard", State.WARNING, "none: nobody is banned from the SIP ports", step)
        return outside_the_lab(settings, missing)
    if told is None:
        return Finding("guard", State.FAULT, "it is silent", "See that `fernamt guard run` runs")
    if told["problem"]:
        return Finding("guard", State.FAULT, str(told["problem"]), "docs/runbooks/guard-open.md")
    return Finding("guard", State.OK, f"{told['banned']} addresses banned, {told['slowed']} slowed")


def centres_finding(wanted: Sequence[str], led: Collection[str]) -> Finding:
    """`wanted`: customers with queues; `led`: those that a controller leads."""
    name = "contact centres"
    alone = [each for each in wanted if each not in led]
    if not alone:
        return Finding(name, State.OK, f"{len(wanted)} led" if wanted else "there are none")
    seen = f"nobody leads {', '.join(alone[:_NAMED])}: new callers take the overflow"
    return Finding(name, State.FAULT, seen, "See the controllers' logs: docs/runbooks/centre-unreadable.md")


def web_finding(listen: tuple[str, int], *, there: bool) -> Finding:
    """`there`: whether it answers."""
    place = f"{listen[0]}:{listen[1]}"
    if there:
        return Finding("screens", State.OK, f"answers at {place}")
    step = "Start `fernamt web run`, or take `web` out of this machine's settings"
    return Finding("screens", State.WARNING, f"nobody answers at {place}: screens wait", step)


def controllers_finding(takes: Mapping[str, bool]) -> Finding:
    """`takes`: whether each that the settings name takes calls, by address."""
    name = "controllers"
    up = [each for each, does in takes.items() if does]
    dead = [each for each, does in takes.items() if not does]
    if not up:
        step = "Start `fernamt up` or `fernamt controller run`; calls get the static dialplan meanwhile"
        return Finding(name, State.FAULT, "none takes calls", step)
    seen = f"{len(up)} of {len(takes)} take calls: {', '.join(up)}"
    if dead:
        step = "Start it, see its log; when the others end too, calls get the static dialplan"
        return Finding(name, State.WARNING, f"{', '.join(dead)} takes none; {seen}", step)
    return Finding(name, State.OK, seen)


def not_probed(settings: Settings, carriers: Iterable[str]) -> tuple[str, ...]:
    """The trunks to other carriers that `probes` leaves out, in the order of the files."""
    wanted = settings.probes.trunks if settings.probes else {}
    return tuple(each for each in carriers if each not in wanted)


def probes_finding(
    settings: Settings, carriers: Iterable[str], newest: Sequence[Probe], at: datetime
) -> Finding:
    """Minutes without any probe count as an outage, and calls over a trunk that is not probed do not count
    (docs/availability.md)."""
    name = "probes"
    wanted = settings.probes
    if wanted is None:
        step = "Write `probes` into the settings (docs/availability.md)"
        seen = "none is configured: availability is not measured, an outage is not told"
        return outside_the_lab(settings, Finding(name, State.WARNING, seen, step))
    last = [each for each in newest if at - each.minute < _PROBED_WITHIN]
    silent = sorted(set(wanted.trunks) - {each.trunk_id for each in last})
    bad = [each for each in last if not each.reached]
    if silent:
        step = "See the controllers' logs: `no probe over this trunk` says why; fernamt availability probes"
        return Finding(name, State.WARNING, f"no probe of late over {', '.join(silent)}", step)
    if bad:
        seen = "; ".join(f"{each.trunk_id} from {each.node}: {each.cause}" for each in bad[:5])
        state = State.FAULT if len(bad) == len(last) else State.WARNING
        return Finding(name, state, seen, "docs/runbooks/probes-fail.md")
    seen = f"get through over {', '.join(sorted({each.trunk_id for each in last}))}"
    if left := not_probed(settings, carriers):
        step = "Name them in `probes` of the settings: a minute that only they carry counts as an outage"
        return outside_the_lab(
            settings, Finding(name, State.WARNING, f"{seen}; never over {', '.join(left)}", step)
        )
    return Finding(name, State.OK, seen)
