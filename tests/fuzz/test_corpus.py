"""What the fuzzer begins with and what it found: every reader takes it."""

from __future__ import annotations

import pytest

from tests.fuzz import CORPUS
from tests.fuzz.targets import TARGETS

FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file())


def test_every_reader_has_a_corpus() -> None:
    assert {path.parent.name for path in FILES} == set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_is_read_or_refused(name: str) -> None:
    for path in FILES:
        if path.parent.name == name:
            TARGETS[name](path.read_bytes())
