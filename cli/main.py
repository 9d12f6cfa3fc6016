"""`fernamt`: the group of all commands, and how errors are told."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from cli.errors import ProgramError
from cli.logs import configure_logs
from cli.rights import SETTINGS, guard
from cli.settings import Settings, load_settings
from controller.errors import ControllerError
from documents.errors import DocumentError
from firewall.errors import FirewallError
from freeswitch.errors import FreeSwitchError
from provisioning.errors import ProvisioningError
from rating.errors import RatingError
from store.errors import StoreError
from teams.errors import TeamsError

_HERE = Path("fernamt.yaml")
_MACHINE = Path("/etc/fernamt/fernamt.yaml")
#: Every error that is told as a sentence; what is not here is a defect and shows its traceback.
_TOLD = (
    ProgramError,
    DocumentError,
    FirewallError,
    ProvisioningError,
    StoreError,
    FreeSwitchError,
    ControllerError,
    RatingError,
    TeamsError,
    OSError,
)
#: One file for each noun, which holds a command or group of its name. A file is read when its command is
#: used: together they take more than a second, which every other command would pay.
_NOUNS = (
    "abuse",
    "agent",
    "audit",
    "availability",
    "backup",
    "ban",
    "barring",
    "call",
    "cdr",
    "config",
    "controller",
    "customer",
    "database",
    "demo",
    "doctor",
    "emergency",
    "evn",
    "freeswitch",
    "guard",
    "invoice",
    "limit",
    "mailbox",
    "node",
    "number",
    "plan",
    "privacy",
    "queue",
    "rate",
    "record",
    "route",
    "sepa",
    "stats",
    "tariff",
    "teams",
    "trunk",
    "up",
    "user",
    "web",
)


class Told(click.Group):
    """A group whose errors are one sentence with their stable id, and exit status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_NOUNS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _NOUNS:
            return None
        found: click.Command = getattr(import_module(f"cli.{cmd_name}"), cmd_name)
        guard(found, cmd_name)
        return found

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise SystemExit(0) from None
        except _TOLD as error:
            name = getattr(error, "id", "system")
            raise click.ClickException(f"{error}  [{name}]") from error


@click.group(cls=Told, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="fernamt", prog_name="fernamt")
@click.option(
    "--settings",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="FERNAMT_SETTINGS",
    help="Settings file. Default: fernamt.yaml here, else /etc/fernamt/fernamt.yaml, else a lab in ./var "
    "with the example carrier.",
)
@click.pass_context
def fernamt(ctx: click.Context, path: Path | None) -> None:
    """A softswitch on FreeSWITCH for German carriers.

    \b
    First steps:
      fernamt demo            place real SIP calls and see what became of each
      fernamt up              run the exchange until stopped
      fernamt doctor          what is needed, what is there, what to do
      fernamt call list       calls in progress
      fernamt cdr export --from 2026-11-01 --to 2026-12-01 > november.csv
    """
    configure_logs(service=False)
    found = path or _default()
    ctx.obj = _Lazy(found)
    if found is not None:
        ctx.meta[SETTINGS] = ctx.obj


def _default() -> Path | None:
    """The settings in this folder, else the machine's. The services' account may not look into every folder
    that somebody calls it in."""
    with suppress(PermissionError):
        if _HERE.exists():
            return _HERE
    return _MACHINE if _MACHINE.exists() else None


class _Lazy:
    """The settings, read when a command first needs them: `demo` and `--help` need none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def __call__(self) -> Settings:
        if self._path:
            return load_settings(self._path)
        from cli.lab_settings import lab_settings  # reads the carrier's files, and needs all that reads them

        return lab_settings(Path("var"))
