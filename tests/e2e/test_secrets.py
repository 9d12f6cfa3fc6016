"""Secrets of a running exchange are where they are used, and nowhere else (issue 7, security; F5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text

from cli.bootstrap import engine, read_secret
from cli.demonstration.stage import Stage
from cli.settings import Settings
from lab.robots import Answer
from tests.e2e.exchange import Exchange


def secrets_of(settings: Settings) -> dict[str, str]:
    """Those of servers; phones' passwords of the example are written in its files."""
    found = {"Event Socket": read_secret(settings, settings.node.event_socket_password)}
    for server in (settings.database, settings.redis):
        assert server is not None
        secret = server.url.partition("://")[2].rpartition("@")[0].partition(":")[2]
        if secret:
            found[server.url.partition(":")[0]] = secret
    return found


def phones_of(stage: Stage) -> dict[str, str]:
    return {each.id: each.credentials.password for each in stage.snapshot.phones.values()}


def files_below(directory: Path) -> Iterator[Path]:
    """Text files of the program, not the servers' own."""
    for path in directory.rglob("*"):
        servers = path.relative_to(directory).parts[0] in ("postgres", "redis")
        if path.is_file() and not path.is_symlink() and not servers:
            yield path


def test_no_secret_is_in_logs_command_lines_or_the_database(running: Exchange, stage: Stage) -> None:
    secrets = {**secrets_of(running.settings), **phones_of(stage)}
    assert all(len(secret) >= 8 for secret in secrets.values())
    logs = "\n".join(
        [path.read_text(errors="replace") for path in files_below(running.directory) if path.suffix == ".log"]
        + running.log
    )
    lines = "\n".join(
        Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        for process in running.processes().values()
        if process
    )
    with engine(running.settings, "test").connect() as connection:
        names = connection.execute(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        ).scalars()
        rows = "\n".join(
            str(row)
            for name in list(names)
            if name != "config_item"  # the lab keeps clear text of its files there, production refuses it
            for row in connection.execute(text(f'SELECT t::text FROM "{name}" t LIMIT 100000')).scalars()  # noqa: S608
        )
    assert len(logs) > 100
    assert len(rows) > 100
    for whose, secret in secrets.items():
        assert secret not in logs, f"the secret of {whose} is in a log"
        assert secret not in lines, f"the secret of {whose} is on a command line"
        assert secret not in rows, f"the secret of {whose} is in the database"


def test_files_with_secrets_are_their_owners_alone(running: Exchange) -> None:
    secrets = secrets_of(running.settings)
    holding = 0
    for path in files_below(running.directory):
        content = path.read_bytes()
        if any(secret.encode() in content for secret in secrets.values()):
            holding += 1
            assert path.stat().st_mode & 0o077 == 0, f"{path} has a secret and others can read it"
    assert holding >= 3  # settings, rendered configuration, the password itself


def test_the_switchs_logs_do_not_say_whom_a_phone_called(running: Exchange, stage: Stage) -> None:
    """F4, TDDDG sections 9 and 12: these files have no clock of ours, so no traffic data may be in them."""
    stage.robot("carrier-a").on_call(Answer(after_ms=20), "+498999998987")
    call = stage.call("kanzlei-1", "08999998987", talk_ms=20)
    assert call.wait("ended", 20).final_code == 200
    logs = [path for path in files_below(running.directory / "switch" / "log") if path.is_file()]
    for path in [*logs, running.directory / "log" / "switch.log"]:
        assert b"8999998987" not in path.read_bytes(), f"the number that a phone called is in {path}"
    if running.settings.node.program == "freeswitch":
        assert logs
