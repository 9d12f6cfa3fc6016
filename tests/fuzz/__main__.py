"""`python -m tests.fuzz TARGET|all [--seconds N]`: let atheris (libFuzzer) look for what breaks a reader.

Inputs that reach new paths of the code are kept in var/fuzz/TARGET; a finding ends the run with a status
other than 0 and lies in var/fuzz. What is worth it goes into corpus/TARGET by hand. Each target is a process.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.fuzz import CORPUS

_FOUND: Final = Path("var/fuzz")
_MAX_BYTES: Final = 4_096
_INSTRUMENTED: Final = ["dialplan", "freeswitch", "numbering", "provisioning"]


def main() -> int:
    """0 when nothing was found."""
    names = sorted(path.name for path in CORPUS.iterdir())
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=[*names, "all"])
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    options = parser.parse_args()
    if options.target != "all":
        return _fuzz(options.target, options.seconds)
    command = [sys.executable, "-m", "tests.fuzz"]
    ended = [
        subprocess.run([*command, name, "--seconds", str(options.seconds)], check=False).returncode
        for name in names
    ]
    return 1 if any(ended) else 0


def _fuzz(name: str, seconds: int) -> int:
    try:
        import atheris
    except ImportError:
        sys.stderr.write("atheris is not installed: pip install '.[fuzz]' (CPython 3.11 to 3.13)\n")
        return 2
    with atheris.instrument_imports(include=_INSTRUMENTED):
        from tests.fuzz.targets import TARGETS
    fresh = _FOUND / name
    fresh.mkdir(parents=True, exist_ok=True)
    arguments = [
        sys.argv[0],
        str(fresh),
        str(CORPUS / name),
        f"-max_total_time={seconds}",
        f"-max_len={_MAX_BYTES}",
        f"-artifact_prefix={_FOUND}/{name}-",
        "-timeout=10",
        "-print_final_stats=1",
    ]
    atheris.Setup(arguments, TARGETS[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
