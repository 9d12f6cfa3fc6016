"""Files that nobody else may read: those of the state directory, invoices, itemised bills, SEPA files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.layout import make_private, write_private
from cli.whole_files import write_parts, write_whole, written_whole
from freeswitch.private_files import draft_of


def test_a_key_that_two_programs_make_at_one_moment_is_the_first_ones(tmp_path: Path) -> None:
    """C3: messages sealed with a key that is replaced could never be heard."""
    path = tmp_path / "keys" / "mailbox.key"
    make_private(path, "first")
    make_private(path, "second")
    assert path.read_text() == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = write_private(tmp_path / "settings.json", "{}")
    path.chmod(0o644)
    write_private(path, "[]")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("[]", 0o600)


def test_documents_are_for_their_owner_alone(tmp_path: Path) -> None:
    """F4, F5: an itemised bill names called numbers, a file of debits names accounts."""
    bill, table = tmp_path / "evn.pdf", tmp_path / "charges.csv"
    bill.write_bytes(b"an older one")
    bill.chmod(0o644)
    write_whole([(bill, b"%PDF")])
    with written_whole(table) as file:
        file.write("leg_id\n")
    assert bill.read_bytes() == b"%PDF"
    assert [each.stat().st_mode & 0o777 for each in (bill, table)] == [0o600, 0o600]


def test_a_document_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    table = tmp_path / "charges.csv"
    table.write_text("the month before\n")
    with pytest.raises(UnicodeEncodeError), written_whole(table) as file:
        file.write("leg_id;\ud800")
    assert [each.name for each in tmp_path.iterdir()] == ["charges.csv"]
    assert table.read_text() == "the month before\n"


def test_what_is_heard_is_written_part_by_part_whole_or_not_at_all(tmp_path: Path) -> None:
    """C4: a recording that turns out to be damaged leaves no half of it on somebody's disk."""
    output = tmp_path / "gespraech.wav"
    write_parts(output, (b"RIFF", b"sound"))
    assert (output.read_bytes(), output.stat().st_mode & 0o777) == (b"RIFFsound", 0o600)

    def damaged() -> Iterator[bytes]:
        yield b"RIFF"
        raise ValueError("part 2 cannot be decrypted")

    with pytest.raises(ValueError, match="part 2"):
        write_parts(output, damaged())
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [(output.name, b"RIFFsound")]


def test_two_writers_with_one_process_number_do_not_meet(tmp_path: Path) -> None:
    """Two controllers in containers are both process 1, and share the node's folder."""
    drafts = {draft_of(tmp_path / "freeswitch.xml") for _ in range(100)}
    assert len(drafts) == 100
    assert {each.parent for each in drafts} == {tmp_path}
