"""What root makes in place of the account that runs everything belongs to that account (issue 7)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.layout import make_private
from freeswitch.message_spool import MessageSpool
from freeswitch.private_files import draft_of, make_folder, replace_private
from freeswitch.render import write
from provisioning.file_memory import FileMemory
from provisioning.schema import PromptEntry
from provisioning.sounds import Sounds
from tests.unit.freeswitch.test_message_spool import FACTS

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another account")

ACCOUNT = (64_201, 64_202)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder of an account that is not ours, as `install -d -o` makes it."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    os.chown(folder, *ACCOUNT)
    return folder


def owner(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_uid, found.st_gid


def test_the_switchs_configuration_and_the_folders_above_it(theirs: Path) -> None:
    written = write(theirs / "etc" / "freeswitch", "<document/>")
    assert {owner(each) for each in (written, written.parent, written.parent.parent)} == {ACCOUNT}
    assert written.stat().st_mode & 0o777 == 0o600


def test_the_key_of_mailbox_messages(theirs: Path) -> None:
    """C3: a key that the intake cannot read keeps every message from the database."""
    make_private(theirs / "mailbox.key", "key")
    assert owner(theirs / "mailbox.key") == ACCOUNT


def test_messages_on_their_way_and_spoken_texts(theirs: Path, tmp_path: Path) -> None:
    MessageSpool(theirs / "messages").begin(FACTS)
    speaker = tmp_path / "espeak-ng"
    speaker.write_text('#!/bin/sh\nwhile [ "$1" != "-w" ]; do shift; done\ncat > "$2"\n')
    speaker.chmod(0o755)
    sounds = Sounds({"PATH": f"{tmp_path}:/usr/bin:/bin"}, theirs / "sounds")
    spoken = Path(sounds.sound(PromptEntry(id="hallo", text="Guten Tag.")))
    assert spoken.read_text() == "Guten Tag."
    assert {owner(each) for each in theirs.rglob("*")} == {ACCOUNT}


def test_a_folder_that_is_there_stays_whose_it_is(theirs: Path) -> None:
    there = theirs / "tls"
    there.mkdir()
    make_folder(there, 0o700)
    assert owner(there) == (0, 0)


def test_root_is_not_led_through_a_link_of_that_account(
    theirs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took that account over must not get root's files by it."""
    precious = tmp_path / "shadow"
    precious.write_text("root's")
    monkeypatch.setattr("freeswitch.private_files.token_hex", lambda _: "guessed")
    draft_of(theirs / "freeswitch.xml").symlink_to(precious)
    with pytest.raises(FileExistsError):
        replace_private(theirs / "freeswitch.xml", b"<document/>")
    assert (precious.read_text(), owner(precious)) == ("root's", (0, 0))


def test_what_was_remembered_of_checked_files(theirs: Path) -> None:
    """Else every later `config apply` of the account reads all files again."""
    with FileMemory.opened(theirs / "configuration.checked") as memory:
        assert memory.files() == {}
    assert {owner(each) for each in theirs.iterdir()} == {ACCOUNT}
