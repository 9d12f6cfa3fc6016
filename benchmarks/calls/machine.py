"""The machine and the programs that a result belongs to."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.calls.errors import ProgramMissing

PROGRAMS: Final = ("freeswitch", "sipp")


@dataclass(frozen=True, slots=True)
class Machine:
    """What a figure depends on. `date` is UTC."""

    cpu: str
    cores: int
    ram_gib: float
    kernel: str
    python: str
    freeswitch: str
    sipp: str
    date: str

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"Machine: {self.cpu}, {self.cores} cores, {self.ram_gib:.0f} GiB RAM, Linux {self.kernel}",
            f"Programs: FreeSWITCH {self.freeswitch}, SIPp {self.sipp}, Python {self.python}",
            f"Date: {self.date} UTC",
        ]


def require_programs() -> None:
    """Raises ProgramMissing with one sentence when a program is not on the PATH."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        names = " and ".join(missing)
        raise ProgramMissing(f"{names} not found on the PATH: install it to measure calls; skipped.")


def this_machine() -> Machine:
    """This one, now."""
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        ram_gib=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30,
        kernel=platform.release(),
        python=platform.python_version(),
        freeswitch=_version(["freeswitch", "-version"], r"version: (\S+)"),
        sipp=_version(["sipp", "-v"], r"SIPp (v[^\s.]+(?:\.\d+)*)"),
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
    )


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def _version(argv: Sequence[str], pattern: str) -> str:
    # SIPp ends with status 99 after telling its version.
    result = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    found = re.search(pattern, result.stdout + result.stderr)
    return found[1] if found else "of unknown version"
