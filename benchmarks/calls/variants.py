"""The ways to handle a call that are compared: the entry of the dialplan, the controller, the allocator."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.calls.child import Child
from benchmarks.calls.site import HOST, Ports, decided_variables
from benchmarks.calls.switch import Steps

_REPOSITORY: Final = Path(__file__).parents[2]
_CONTROLLERS: Final = "benchmarks.calls.controllers"


@dataclass(frozen=True, slots=True)
class Variant:
    """`entry` None: the dialplan as fernamt renders it. `program` None: no controller; else its module and
    arguments, from the ports and Redis' URL (empty unless `wants_redis`). `as_packaged`: FreeSWITCH with the
    allocator of the C library, as its vendor starts it, else as fernamt does (cli.wiring.allocator)."""

    name: str
    sentence: str
    entry: Callable[[Ports], Steps] | None
    program: Callable[[Ports, str], list[str]] | None
    wants_redis: bool = False
    as_packaged: bool = False

    def start_controller(self, ports: Ports, redis_url: str, folder: Path) -> Child | None:
        """The controller, ready for calls; None when this variant has none."""
        if self.program is None:
            return None
        argv = [sys.executable, "-m", *self.program(ports, redis_url)]
        child = Child("controller", argv, folder, announces=True, cwd=_REPOSITORY)
        try:
            child.await_ready(20.0)
        except BaseException:
            child.stop()
            raise
        return child


def _bridge(ports: Ports) -> Steps:
    decided = decided_variables(ports)
    legs = [("bridge", decided[f"fernamt_leg_{n}"]) for n in (1, 2)]
    causes = decided["continue_on_fail"]
    settings = ("multiset", f"^^;hangup_after_bridge=true;continue_on_fail={causes}")
    return [settings, *legs, ("hangup", "${originate_disposition}")]


def _held_socket(ports: Ports) -> Steps:
    return [
        ("set", "hangup_after_bridge=true"),
        ("socket", f"{HOST}:{ports.controller} async full"),
    ]


def _bridging_program(module: str) -> Callable[[Ports, str], list[str]]:
    def program(ports: Ports, _: str) -> list[str]:
        dial_string = decided_variables(ports)["fernamt_leg_1"]
        return [f"{_CONTROLLERS}.{module}", f"--port={ports.controller}", f"--dial-string={dial_string}"]

    return program


def _fernamt_program(ports: Ports, redis_url: str) -> list[str]:
    return [f"{_CONTROLLERS}.fernamt_app", f"--ports={ports.as_text()}", f"--redis={redis_url}"]


STATIC: Final = Variant("static", "static XML dialplan, no controller", _bridge, None)
PACKAGED: Final = Variant(
    "packaged",
    "the static dialplan on FreeSWITCH as its vendor starts it, with the C library's allocator",
    _bridge,
    None,
    as_packaged=True,
)
FERNAMT: Final = Variant(
    "fernamt",
    "rendered dialplan, controller decides and leaves",
    None,
    _fernamt_program,
    wants_redis=True,
)
GREENSWITCH: Final = Variant(
    "greenswitch",
    "minimal greenswitch application, async full socket held for the call",
    _held_socket,
    _bridging_program("greenswitch_app"),
)
HELD: Final = Variant(
    "held",
    "fernamt's transport, async full socket held for the call",
    _held_socket,
    _bridging_program("held_app"),
)

ALL: Final = {variant.name: variant for variant in (STATIC, PACKAGED, FERNAMT, GREENSWITCH, HELD)}
DEFAULT: Final = (STATIC, FERNAMT, GREENSWITCH)
