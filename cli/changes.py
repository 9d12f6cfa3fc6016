"""Options of every command that changes something: when, who, why."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import click

from cli.accounts import account
from cli.bootstrap import now
from cli.times import Moment
from store.tables import MAX_TEXT

_MAX_REASON: Final = 1_000
_Command = Callable[..., Any]


def _not_ahead(_ctx: click.Context, _param: click.Parameter, value: datetime | None) -> datetime:
    moment = now()
    if value is not None and value > moment:
        raise click.BadParameter("lies in the future: what changes later stands in the configuration")
    return value or moment


def _short(_ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    most = MAX_TEXT if param.name == "actor" else _MAX_REASON
    text = (value or "").strip()
    if len(text) > most or not text.isprintable():
        raise click.BadParameter(f"at most {most} characters in one line")
    if param.required and not text:
        raise click.BadParameter("must not be empty")
    return text or (account() if param.name == "actor" else "")


def actor_option(command: _Command) -> _Command:
    """Add --actor alone: for what happens now and for a reason that is known."""
    option = click.option(
        "--actor", metavar="NAME", callback=_short, help="Who does it. Default: your account."
    )
    return option(command)


def changing(
    *, reason_required: bool = False, with_reason: bool = True, with_time: bool = True
) -> Callable[[_Command], _Command]:
    """Add --at, --actor and --reason, and pass the settings first. Without --at where the time of the act is
    what is proved: nobody may say another one."""
    options: list[Callable[[_Command], _Command]] = []
    if with_time:
        options.append(
            click.option("--at", type=Moment(), callback=_not_ahead, help="When it happened. Default: now.")
        )
    options.append(
        click.option("--actor", metavar="NAME", callback=_short, help="Who does it. Default: your account.")
    )
    if with_reason:
        options.append(
            click.option(
                "--reason",
                metavar="TEXT",
                required=reason_required,
                callback=_short,
                help="Why; stands in the history.",
            )
        )

    def decorate(command: _Command) -> _Command:
        with_settings: _Command = click.pass_obj(command)
        return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), with_settings)

    return decorate
