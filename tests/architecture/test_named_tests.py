"""Pages that name the test of a claim name one that is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
#: `tests/…/test_x.py`, or one test in it; a long name may end early, with "…".
_NAMED: Final = re.compile(r"`(tests/[a-z0-9_/]+\.py)(?:::(\w+)(…?))?`")


def test_every_test_that_a_page_names_is_there() -> None:
    missing = []
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for path, name, cut in _NAMED.findall(page.read_text()):
            text = (ROOT / path).read_text() if (ROOT / path).is_file() else ""
            found = f"def {name}" in text if cut else not name or f"def {name}(" in text
            if not text or not found:
                missing.append(f"{page.name}: {path}::{name}{cut}")
    assert missing == []
