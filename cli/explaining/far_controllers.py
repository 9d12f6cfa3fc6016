"""Controllers on other machines than the node's: what they cost every call while such a machine is off."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cli.explaining.findings import Finding, State, outside_the_lab
from cli.settings import Settings
from freeswitch.near_controllers import is_near, silence_s

_SYN_RETRIES: Final = Path("/proc/sys/net/ipv4/tcp_syn_retries")
#: Linux' own.
_DEFAULT_RETRIES: Final = 6
#: What a caller bears, and the kernel's least: tcp_syn_retries = 1.
_BEARABLE_S: Final = 3


def syn_retries(path: Path = _SYN_RETRIES) -> int:
    """How often this machine's kernel sends a SYN again; Linux' default where it does not tell."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return _DEFAULT_RETRIES


def far_controllers(settings: Settings, retries: int) -> Finding | None:
    """None where every controller is on the node's machine, which are asked first whatever the order; a
    warning where none is, or one that is not may cost a call longer than anybody waits."""
    own = (settings.node.sip_ip, settings.node.event_socket[0])
    near = [is_near(host, own) for host, _ in settings.controllers]
    if all(near):
        return None
    far = [f"{host}:{port}" for host, port in settings.controllers if not is_near(host, own)]
    cost_s = silence_s(retries)
    places = ", ".join(far)
    seen = f"not on the switch's machine: {places}; while that one is off each call waits {cost_s} s"
    steps = []
    if not any(near):
        steps.append(
            f"run controllers on the machine of {settings.node.name} too, and name them in `controllers`"
        )
    if cost_s > _BEARABLE_S:
        steps.append("sysctl net.ipv4.tcp_syn_retries=1 makes it 3 s")
    if not steps:
        return Finding("controllers", State.OK, seen)
    step = f"{'; '.join(steps)} (docs/operation.md, Controllers on other machines)"
    return outside_the_lab(settings, Finding("controllers", State.WARNING, seen, step))


def with_far(found: Finding, far: Finding | None) -> Finding:
    """What is seen of the controllers, and of where they are, in one."""
    if far is None:
        return found
    worst = found.state if found.state is not State.OK else far.state
    step = "; ".join(each for each in (found.next_step, far.next_step) if each)
    return Finding(found.name, worst, f"{found.seen}; {far.seen}", step)
