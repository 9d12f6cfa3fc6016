"""A disk that takes no more: whatever is written beside and renamed stays as it was, and the error is told.

The limit to the size of a file (setrlimit(2), RLIMIT_FSIZE) fails a write in the middle as a full disk does.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_LIMITED = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
{imports}
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
folder = Path(sys.argv[1])
try:
    {call}
except OSError as error:
    sys.exit(3)
"""


def on_a_full_disk(folder: Path, imports: str, call: str) -> int:
    program = _LIMITED.format(imports=imports, call=call)
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in (0, 3), done.stderr
    return done.returncode


@pytest.mark.parametrize(
    ("name", "imports", "call"),
    [
        (
            "freeswitch.xml",
            "from freeswitch.render import write",
            "write(folder, 'x' * 100_000)",
        ),
        (
            "settings.json",
            "from cli.layout import write_private",
            "write_private(folder / 'settings.json', 'x' * 100_000)",
        ),
        (
            "bau.csv",
            "from cli.whole_files import write_whole",
            "write_whole([(folder / 'bau.csv', b'x' * 100_000)])",
        ),
    ],
)
def test_the_old_file_stays_whole(tmp_path: Path, name: str, imports: str, call: str) -> None:
    (tmp_path / name).write_text("as it was")
    assert on_a_full_disk(tmp_path, imports, call) == 3
    assert (tmp_path / name).read_text() == "as it was"
    assert [path.name for path in tmp_path.iterdir()] == [name], "no half file takes the last of the room"


def test_an_attempt_to_reach_112_that_finds_no_room_leaves_nothing_behind(tmp_path: Path) -> None:
    """It waits in memory then (controller/emergency.py); halves of files would take the last of the room."""
    imports = (
        "from dataclasses import replace\n"
        "from store.emergency_records import AttemptFiles\n"
        "from tests.integration.store.test_emergency_attempts import ATTEMPT"
    )
    call = "AttemptFiles(folder / 'emergency').write(replace(ATTEMPT, claimed_location='x' * 5_000))"
    assert on_a_full_disk(tmp_path, imports, call) == 3
    assert [path.name for path in tmp_path.rglob("*")] == ["emergency"]
