"""What the fuzzer begins with and what it found: every reader takes it, whosever it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.fuzz import CORPUS
from tests.fuzz.targets import TARGETS

FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file())


def play(files: list[Path], targets: Mapping[str, Callable[[bytes], None]]) -> int:
    """Every file through every reader; how often. What a reader raises is raised with the file's name."""
    count = 0
    for path in files:
        content = path.read_bytes()
        for name, read in targets.items():
            try:
                read(content)
            except BaseException as error:
                error.add_note(f"{name} does not take {path}")
                raise
            count += 1
    return count


def test_every_reader_has_a_corpus() -> None:
    assert {path.parent.name for path in FILES} == set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_the_whole_corpus_is_read_or_refused(name: str) -> None:
    assert play(FILES, {name: TARGETS[name]}) == len(FILES) > 60


def test_a_file_that_breaks_a_reader_fails_and_is_named(tmp_path: Path) -> None:
    """What `make fuzz` leaves in var/fuzz and somebody puts into the corpus is heard of by everybody."""
    crash = tmp_path / "crash-0815"
    crash.write_bytes(b"\xff\x00")

    def broken(data: bytes) -> None:
        if b"\xff" in data:
            data.decode()

    assert play([crash], {"whole": lambda _: None}) == 1
    with pytest.raises(UnicodeDecodeError) as caught:
        play([*FILES[:3], crash], {"whole": lambda _: None, "broken": broken})
    assert caught.value.__notes__ == [f"broken does not take {crash}"]
