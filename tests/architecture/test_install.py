"""The install by systemd: units, FreeSWITCH's drop-in, settings and guide name the same paths and account."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final

import pytest

from cli.bootstrap import message_dir
from cli.settings import load_settings
from cli.wiring.this_machine import certificates_dir, sounds_dir
from tests.architecture.program import ROOT

UNITS: Final = ROOT / "deploy" / "systemd"
SERVICES: Final = sorted(UNITS.glob("*.service"))
SWITCH: Final = UNITS / "freeswitch.service.d" / "fernamt.conf"
SETTINGS: Final = load_settings(UNITS / "fernamt.yaml")
GUIDE: Final = (ROOT / "docs" / "operation.md").read_text().partition("## Install\n")[2].partition("\n## ")[0]
ACCOUNT: Final = "fernamt"

services = pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)


def values(unit: Path, key: str) -> list[str]:
    """What is assigned to a key, word by word and in order; an empty assignment forgets what stood before."""
    found: list[str] = []
    for line in unit.read_text().splitlines():
        name, _, value = line.partition("=")
        if name == key:
            found = [*found, *shlex.split(value)] if value else []
    return found


def made_in_the_guide() -> dict[Path, str]:
    """The folders that the guide makes, with their owner."""
    found: dict[Path, str] = {}
    for owner, folders in re.findall(r"install -d -o (\S+) -g \S+ -m \d+ (.*)", GUIDE):
        found |= dict.fromkeys(map(Path, folders.split()), owner)
    return found


def below(path: Path, folders: list[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


@services
def test_a_service_runs_as_the_account_of_the_guide(unit: Path) -> None:
    assert values(unit, "User") == [ACCOUNT]
    assert f"useradd --system --home-dir {SETTINGS.state_dir} --shell /usr/sbin/nologin {ACCOUNT}\n" in GUIDE


@services
def test_the_folders_that_a_service_writes_to_are_made_in_the_guide(unit: Path) -> None:
    """systemd starts no unit whose ReadWritePaths are missing."""
    made = made_in_the_guide()
    for path in map(Path, values(unit, "ReadWritePaths")):
        assert made[path] == ACCOUNT, path


def test_freeswitch_runs_as_the_same_account() -> None:
    """It reads and writes files that their owner alone may."""
    assert values(SWITCH, "User") == values(SWITCH, "Group") == [ACCOUNT]
    assert values(SWITCH, "UMask") == ["0077"]


def test_freeswitch_has_the_folders_that_the_settings_name() -> None:
    words = values(SWITCH, "ExecStart")
    assert words[0] == "/usr/bin/freeswitch"
    options = {words[at]: Path(words[at + 1]) for at in range(1, len(words) - 1) if words[at + 1][0] == "/"}
    assert options["-conf"] == SETTINGS.node.conf_dir
    assert options["-certs"] == certificates_dir(SETTINGS)
    (runtime,), (logs,) = values(SWITCH, "RuntimeDirectory"), values(SWITCH, "LogsDirectory")
    assert options["-run"] == Path("/run") / runtime
    assert options["-db"].is_relative_to(options["-run"]), "in memory"
    assert options["-log"] == Path("/var/log") / logs
    assert values(SWITCH, "PIDFile") == [str(options["-run"] / "freeswitch.pid")]


def test_the_packages_options_do_not_come_between() -> None:
    """Its unit reads /etc/default/freeswitch after any Environment=, and expands DAEMON_OPTS to one word."""
    text = SWITCH.read_text()
    assert "\nEnvironmentFile=\n" in text
    assert "\nExecStartPre=\n" in text, "it would give the package's folders to its own account"
    assert text.index("\nExecStart=\n") < text.index("\nExecStart=/")
    assert "$" not in " ".join(values(SWITCH, "ExecStart"))


def test_what_the_settings_name_is_below_folders_of_the_account() -> None:
    node = SETTINGS.node
    assert node.conf_dir is not None
    theirs = [path for path, owner in made_in_the_guide().items() if owner == ACCOUNT]
    for path in (
        SETTINGS.state_dir, SETTINGS.state_dir / "secrets", node.cdr_dir, node.conf_dir,
        message_dir(SETTINGS), sounds_dir(SETTINGS), certificates_dir(SETTINGS),
    ):  # fmt: skip
        assert below(path, theirs), path
    assert set(SETTINGS.carrier) <= made_in_the_guide().keys()
    controller = [Path(each) for each in values(UNITS / "fernamt-controller@.service", "ReadWritePaths")]
    assert below(node.conf_dir, controller)
    assert below(SETTINGS.state_dir, controller)
    intake = [Path(each) for each in values(UNITS / "fernamt-intake.service", "ReadWritePaths")]
    assert below(node.cdr_dir, intake)
    assert below(message_dir(SETTINGS), intake)


def test_the_guide_starts_the_controllers_that_the_settings_name() -> None:
    started = re.findall(r"fernamt-controller@(\S+:\d+)", GUIDE)
    assert started == [f"{host}:{port}" for host, port in SETTINGS.controllers]


def test_the_guides_program_is_the_one_that_the_units_start() -> None:
    (program,) = {values(unit, "ExecStart")[0] for unit in SERVICES}
    assert f"ln -sfn {program} /usr/local/bin/fernamt\n" in GUIDE


def test_the_guide_makes_every_secret_that_the_settings_name() -> None:
    """Below `secrets` in the state directory, for the account alone."""
    assert SETTINGS.database is not None
    assert SETTINGS.redis is not None
    named = {
        ref.file
        for ref in (SETTINGS.database.password, SETTINGS.redis.password, SETTINGS.node.event_socket_password)
        if ref is not None
    }
    (made,) = re.findall(r"for s in ([a-z_ ]+); do", GUIDE)
    assert named == set(made.split())
    assert f"install -o {ACCOUNT} -g {ACCOUNT} -m 0600 /dev/stdin {SETTINGS.state_dir}/secrets/$s" in GUIDE


def test_what_the_guide_runs_first_runs_as_the_account() -> None:
    for words in (
        "database upgrade",
        f"config apply {SETTINGS.carrier[0]}",
        f"freeswitch render {SETTINGS.node.conf_dir}",
    ):
        assert f"runuser -u {ACCOUNT} -- fernamt {words}\n" in GUIDE


@services
def test_secrets_in_the_environment_reach_a_service(unit: Path) -> None:
    """`{env: NAME}` in the carrier's files and the settings; without such a file it starts all the same."""
    (file,) = values(unit, "EnvironmentFile")
    assert file.startswith("-/")
    assert f"install -m 0600 /dev/null {file[1:]}" in GUIDE
    assert f"set -a; . {file[1:]}; set +a" in GUIDE
    kept = (ROOT / "docs" / "operation.md").read_text().partition("Beside the database keep")[2]
    assert file[1:] in kept.partition("Redis need not be saved")[0]


UPGRADE: Final = (
    (ROOT / "docs" / "operation.md")
    .read_text()
    .partition("## Upgrade without dropping calls\n")[2]
    .partition("\n## ")[0]
)


def test_a_version_has_a_folder_of_its_own_and_the_units_start_the_linked_one() -> None:
    """What runs keeps its files while the next version is put beside it."""
    (program,) = {Path(values(unit, "ExecStart")[0]) for unit in SERVICES}
    link = program.parents[1]
    for page in (GUIDE, UPGRADE):
        assert re.search(
            rf"python3 -m venv {link}-\$VERSION( &&\s|\n\s+){link}-\$VERSION/bin/pip install \.\n", page
        )
        assert f"ln -sfnT {link}-$VERSION {link}\n" in page
        assert "VERSION=" in page


def test_the_link_is_set_between_the_schema_and_the_first_start() -> None:
    """With the old program on the new schema, or the new one on the old schema, the intake does not start."""
    stop, schema, link, start = (
        UPGRADE.index(each) for each in ("systemctl stop", "database upgrade", "ln -sfnT", "systemctl start")
    )
    assert stop < schema < link < start
    assert UPGRADE.index("systemctl restart") > link
    stopped, started = (
        re.search(rf"systemctl {each} ((?:fernamt-\w+ ?)+)", UPGRADE) for each in ("stop", "start")
    )
    assert stopped is not None
    assert started is not None
    assert stopped[1].split() == started[1].split()


def test_freeswitchs_log_goes_after_seven_days() -> None:
    """docs/privacy.md: addresses may stand in it."""
    words = values(SWITCH, "ExecStart")
    log = Path(words[words.index("-log") + 1])
    rotated = (ROOT / "deploy" / "logrotate").read_text()
    assert re.search(rf"^(\S+ )*{log}/freeswitch\.log( \S+)* \{{$", rotated, re.M)
    assert re.search(rf"find (\S+ )*{log} .*-delete", rotated), "those that FreeSWITCH put aside"
    assert "install -m 0644 deploy/logrotate /etc/logrotate.d/fernamt\n" in GUIDE
