"""What the programs that measure calls have in common: their arguments, progress, an early end."""

from __future__ import annotations

import argparse
import signal
import sys


def arguments(name: str, description: str | None, quick: str) -> argparse.ArgumentParser:
    """Of `python -m benchmarks NAME`, with `--json` and `--quick`; the program adds its own. `description` is
    shown as it stands, `quick` is what that makes of it."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks {name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--quick", action="store_true", help=f"{quick}, to see that it works")
    return parser


def end_on_sigterm() -> None:
    """As by any other error, so that everything that was started is ended too."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def tell(line: str) -> None:
    """Progress, at once, beside the result on standard output."""
    print(line, file=sys.stderr, flush=True)
