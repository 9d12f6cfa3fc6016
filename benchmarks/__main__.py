"""`python -m benchmarks [PROGRAM|all] [--json|--write] [--quick]`: run benchmark programs.

Options that are not known here go to the one program that was named.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from benchmarks.arguments import end_on_sigterm
from benchmarks.results import write_section

#: Name on the command line: module that prints its result, and which of our options it knows.
PROGRAMS: Final = {
    "numbering": ("benchmarks.numbering", {"--json"}),
    "decide": ("benchmarks.decide", {"--json", "--quick"}),
    "parsing": ("benchmarks.event_parsing", {"--json"}),
    "configuration": ("benchmarks.configuration", {"--json", "--quick"}),
    "rating": ("benchmarks.rating", {"--json", "--quick"}),
    "billing": ("benchmarks.billing", {"--json", "--quick"}),
    "acd": ("benchmarks.acd", {"--json", "--quick"}),
    "acd-calls": ("benchmarks.acd_calls", {"--json", "--quick"}),
    "billing-month": ("benchmarks.month", {"--json", "--quick"}),
    "flood": ("benchmarks.flood", {"--json", "--quick"}),
    "calls": ("benchmarks.calls", {"--json", "--quick"}),
    "chaos": ("benchmarks.chaos", {"--json", "--quick"}),
    "chaos-nodes": ("benchmarks.chaos.nodes", {"--json", "--quick"}),
    "soak": ("benchmarks.soak", {"--json", "--quick"}),
    "scale": ("benchmarks.scale", {"--json", "--quick"}),
    "overload": ("benchmarks.overload", {"--json", "--quick"}),
}
#: Not among `all`: they take ten minutes or more.
_BY_NAME_ONLY: Final = frozenset({"billing-month", "chaos", "chaos-nodes", "soak"})
#: What `calls` measures with such an option has a section of its own.
_SECTIONS: Final = {"--leaks": "leaks", "--apart": "calls-apart"}
_REPOSITORY: Final = Path(__file__).parents[1]


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for; 0 when all of it worked and reached what must be reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("program", nargs="?", default="all", choices=[*PROGRAMS, "all"])
    parser.add_argument("--json", action="store_true", help="results for programs, an object for each")
    parser.add_argument("--quick", action="store_true", help="short and rough, to see that it works")
    parser.add_argument("--write", action="store_true", help="also put the results into benchmarks/README.md")
    options, others = parser.parse_known_args(argv)
    if options.write and (options.json or options.quick):
        parser.error("--write keeps full results as text: leave --json and --quick out")
    if others and options.program == "all":
        parser.error(f"{' '.join(others)}: name the program that this is for")
    flags = [f"--{name}" for name in ("json", "quick") if getattr(options, name)]
    every = [name for name in PROGRAMS if name not in _BY_NAME_ONLY]
    names = every if options.program == "all" else [options.program]
    end_on_sigterm()
    # A list, so that every program runs whatever the one before came to.
    worked = [_run(name, flags, others, write=options.write) for name in names]
    return 0 if all(worked) else 1


def _run(name: str, flags: Sequence[str], others: Sequence[str], *, write: bool) -> bool:
    """Run one program in a process of its own, so that none inherits another's heap or patches."""
    module, known = PROGRAMS[name]
    if find_spec(module) is None:
        print(f"{name}: {module} is not in this installation; skipped", file=sys.stderr)
        return True
    print(f"== {name}", file=sys.stderr, flush=True)
    argv = [sys.executable, "-m", module, *(flag for flag in flags if flag in known), *others]
    with subprocess.Popen(argv, cwd=_REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        try:
            text, _ = process.communicate()
        except BaseException:
            # It has servers of its own to end: ask it, and wait for that.
            process.terminate()
            raise
    print(text, end="", flush=True)
    if write and is_result(process.returncode, text):
        write_section(_SECTIONS.get(next(iter(others), ""), name), text)
    return process.returncode == 0


def is_result(status: int, text: str) -> bool:
    """Whether a program that ended so measured something: one that missed a goal (1) did, and says so; one
    that broke down, or found a program missing, has no text."""
    return status in (0, 1) and bool(text.strip())


if __name__ == "__main__":
    sys.exit(main())
