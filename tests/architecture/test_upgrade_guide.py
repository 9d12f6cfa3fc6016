"""The blocks of docs/operation.md for upgrades, run as they stand below another root with fakes of systemd
and of pip: what they leave there, and that they stop where something fails."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.program import ROOT

PAGE: Final = (ROOT / "docs" / "operation.md").read_text()
UPGRADE: Final = PAGE.partition("## Upgrade without dropping calls\n")[2].partition("\n## ")[0]
MACHINE: Final = re.compile(r"(?<![\w$])/(?=(?:opt|etc|var|usr/local)/)")
UNITS: Final = sorted(
    each.name for each in (ROOT / "deploy" / "systemd").iterdir() if each.name.startswith("fernamt-")
)
#: The programs that a scratch root has none of. Each says in `log` how it was called.
FAKES: Final = {
    "systemctl": "",
    "runuser": 'shift 3; exec "$@"',
    "fernamt": "",
    "chown": "",
    "python3": (
        'test "$1 $2" = "-m venv" && mkdir -p "$3/bin"\n'
        'printf "#!/bin/sh\\necho pip \\$* >> $LOG\\n" > "$3/bin/pip"\n'
        'printf "#!/bin/sh\\necho new fernamt \\$* >> $LOG\\nexit \\${SCHEMA_FAILS:-0}\\n"'
        ' > "$3/bin/fernamt"\n'
        'chmod +x "$3/bin/pip" "$3/bin/fernamt"'
    ),
}


class Machine:
    """A root with an installation as some guide made it."""

    def __init__(self, root: Path, *, linked: bool) -> None:
        self.root = root
        self.log = root / "log"
        self.log.touch()
        self.units = root / "etc" / "systemd" / "system"
        self.opt = root / "opt" / "fernamt"
        for each in (self.units, root / "etc/fernamt/carrier", root / "etc/logrotate.d", root / "fakes",
                     root / "usr/local/bin", root / "etc/fernamt/freeswitch", root / "var/lib/fernamt",
                     root / "var/spool/fernamt", root / "var/backups/fernamt"):  # fmt: skip
            each.mkdir(parents=True)
        (root / "etc/fernamt/fernamt.yaml").write_text("old settings\n")
        for name in UNITS:
            (self.units / name).write_text(self.here(f"# old\nExecStart=/opt/fernamt/bin/fernamt {name}\n"))
        program = root / "opt" / "fernamt-0.1.0" if linked else self.opt
        (program / "bin").mkdir(parents=True)
        (program / "bin" / "fernamt").write_text("#!/bin/sh\n")
        (program / "bin" / "fernamt").chmod(0o755)
        if linked:
            self.opt.symlink_to(program)
        for name, does in FAKES.items():
            path = root / "fakes" / name
            path.write_text(f'#!/bin/sh\necho {name} "$*" >> $LOG\n{does}\n')
            path.chmod(0o755)

    def here(self, words: str) -> str:
        """With paths of a machine below this root."""
        return MACHINE.sub(f"{self.root}/", words)

    def run(self, words: str, **environment: str) -> int:
        path = f"{self.root}/fakes:{os.environ['PATH']}"
        return subprocess.run(
            ["/bin/bash", "-c", self.here(words)],
            cwd=ROOT, env={"PATH": path, "LOG": str(self.log), **environment}, check=False, timeout=30,
            capture_output=True,
        ).returncode  # fmt: skip

    def called(self) -> list[str]:
        return self.log.read_text().replace(f"{self.root}/", "/").splitlines()

    def units_are(self, what: str) -> bool:
        texts = [(self.units / name).read_text() for name in UNITS]
        return all(text.startswith("# old") is (what == "old") for text in texts)


def block(heading: str, number: int = 0) -> str:
    """A block of the section that stops at its first failure."""
    section = UPGRADE if heading == "" else UPGRADE.partition(f"### {heading}\n")[2]
    section = section.partition("\n### ")[0]
    return re.findall(r"^ *\(set -e\n.*?\)(?=\n *```)", section, re.M | re.S)[number]


OLDER: Final = "From an installation made before 2026-11-23"


def test_an_upgrade_leaves_the_new_program_linked_its_units_there_and_the_old_ones_kept(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path, linked=True)
    assert machine.run(block("")) == 0
    assert machine.opt.readlink() == tmp_path / "opt" / "fernamt-0.2.0"
    assert machine.units_are("new")
    kept = tmp_path / "opt" / "fernamt-0.1.0" / "kept"
    assert sorted(each.name for each in kept.iterdir()) == sorted([*UNITS, "fernamt.yaml"])
    assert not (machine.units / "freeswitch.service.d").exists(), (
        "it would hold from FreeSWITCH's next crash on"
    )
    order = [
        "pip install",
        "systemctl stop fernamt-intake",
        "new fernamt database upgrade",
        "systemctl daemon-reload",
    ]
    assert [each for each in machine.called() if each.startswith(tuple(order))] == [
        "pip install .", "systemctl stop fernamt-intake fernamt-rating", *order[2:]
    ]  # fmt: skip


@pytest.mark.parametrize(("heading", "number", "linked"), [("", 0, True), (OLDER, 1, False)])
def test_an_upgrade_whose_schema_fails_starts_nothing_new(
    tmp_path: Path, heading: str, number: int, linked: bool
) -> None:
    machine = Machine(tmp_path, linked=linked)
    assert machine.run(block(heading, number), SCHEMA_FAILS="1") != 0
    assert machine.opt.is_symlink() is linked
    assert machine.opt.resolve() != tmp_path / "opt" / "fernamt-0.2.0"
    assert machine.units_are("old")
    assert machine.run(block(heading, number)) == 0, "mended, and again"
    assert machine.opt.resolve() == tmp_path / "opt" / "fernamt-0.2.0"


@pytest.mark.parametrize(("heading", "number", "linked"), [("", 0, False), (OLDER, 1, True)])
def test_the_block_for_another_installation_changes_nothing(
    tmp_path: Path, heading: str, number: int, linked: bool
) -> None:
    machine = Machine(tmp_path, linked=linked)
    assert machine.run(block(heading, number)) != 0
    assert machine.called() == []
    assert machine.units_are("old")


def test_a_folder_becomes_a_link_and_the_program_of_before_is_put_aside(tmp_path: Path) -> None:
    machine = Machine(tmp_path, linked=False)
    assert machine.run(block(OLDER, 1)) == 0
    assert machine.opt.readlink() == tmp_path / "opt" / "fernamt-0.2.0"
    before = tmp_path / "opt" / "fernamt-before"
    assert (before / "bin" / "fernamt").exists()
    assert (before / "kept" / "fernamt-controller@.service").read_text().startswith("# old")
    assert machine.units_are("new")
    assert (tmp_path / "usr/local/bin/fernamt").resolve() == tmp_path / "opt/fernamt-0.2.0/bin/fernamt"


def test_freeswitch_gets_our_account_while_it_stands(tmp_path: Path) -> None:
    """What runs as another account could neither read nor write its files any more."""
    machine = Machine(tmp_path, linked=False)
    assert machine.run(block(OLDER)) == 0
    assert (machine.units / "freeswitch.service.d" / "fernamt.conf").exists()
    called = [" ".join(each.split()[:2]) for each in machine.called()]
    assert called == [
        "fernamt node", "systemctl stop", "chown -R", "chown -R", "systemctl daemon-reload",
        "systemctl start", "fernamt doctor",
    ]  # fmt: skip
    ours = set(machine.called()[2].split()[3:])
    made = re.findall(r"install -d -o fernamt -g \S+ -m \d+ (.*)", PAGE.partition("## Install\n")[2])
    folders = {each for line in made for each in line.split()}
    assert {each for each in folders if not any(each.startswith(f"{one}/") for one in folders)} == ours


def test_going_back_has_the_units_of_the_version_before(tmp_path: Path) -> None:
    """Under units of before READY=1 an older controller lives, under newer ones it is killed after 300 s."""
    machine = Machine(tmp_path, linked=True)
    assert machine.run(block("")) == 0
    (machine.units / "fernamt-new-part.service").touch()
    assert machine.run(block("Going back", 1)) == 0
    assert machine.units_are("old")
    assert not (machine.units / "fernamt-new-part.service").exists()
    assert machine.opt.readlink() == tmp_path / "opt" / "fernamt-0.1.0"
    assert machine.called()[-1] == "systemctl daemon-reload"


def test_controllers_alone_go_back_by_their_own_unit(tmp_path: Path) -> None:
    machine = Machine(tmp_path, linked=True)
    assert machine.run(block("")) == 0
    assert machine.run(block("Going back")) == 0
    unit = (machine.units / "fernamt-controller@.service").read_text()
    assert unit.startswith("# old")
    assert f"ExecStart={tmp_path}/opt/fernamt-0.1.0/bin/fernamt " in unit
    assert machine.opt.readlink() == tmp_path / "opt" / "fernamt-0.2.0", "intake and rating stay"
    assert not (machine.units / "fernamt-intake.service").read_text().startswith("# old")
