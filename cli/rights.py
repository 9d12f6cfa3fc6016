"""Who may run which command: a duty for each command, the duties of each role.

Roles are given to accounts of the machine by `operators` in the settings; without it whoever can read the
settings and their secrets may do everything. They keep colleagues from mistakes and make the audit's names
true; they do not keep out somebody who is root, or who can read the secrets. A command that is not in the
table is the administrators' alone (a test wants every command in it).

It is asked where click calls the command, with what click took for its options: words are not read again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import click
from click.core import ParameterSource

from cli.accounts import account
from cli.errors import NotYours
from cli.settings import Role, Settings


class Duty(StrEnum):
    """What a command is part of."""

    LOOK = "look"
    DISCLOSE = "disclose"
    SERVE = "serve"
    CALLS = "calls"
    MONEY = "money"
    CARRIER = "carrier"


DUTIES: Final[Mapping[Role, frozenset[Duty]]] = MappingProxyType(
    {
        Role.VIEWER: frozenset({Duty.LOOK, Duty.SERVE}),
        Role.SUPPORT: frozenset({Duty.LOOK, Duty.SERVE, Duty.CALLS}),
        Role.BILLING: frozenset({Duty.LOOK, Duty.SERVE, Duty.MONEY, Duty.DISCLOSE}),
        Role.ADMIN: frozenset(Duty),
    }
)

_BY_DUTY: Final[Mapping[Duty, str]] = MappingProxyType(
    {
        # Tells, changes nothing; of people's calls no more than single ones.
        Duty.LOOK: """
            abuse list, abuse show, agent calls, agent list, availability hours, availability list,
            availability probes, availability report, backup check, backup list, ban list, barring classes,
            barring show, call list, call show, call trace, cdr quarantine, cdr quarantine list,
            cdr quarantine show, cdr show, config export,
            config history, config plan, config show, config validate, customer dunning, customer list,
            customer open,
            customer show, customer statement, database check, demo, doctor, emergency reminders list,
            emergency test, guard status, invoice check, invoice draft, invoice item list, invoice list,
            invoice objections, invoice show, limit show, mailbox list, mailbox show, node status,
            number history, number list, number show, number states, plan draw, plan list, plan show,
            plan try, privacy kinds, privacy report, queue list,
            queue show, queue watch, rate batch, rate explain, rate quarantine list, rate quota,
            record list, route explain, sepa fees, sepa mandates, sepa returns, sepa runs, sepa unmatched,
            stats, tariff diff, tariff notices, tariff quote, tariff show, teams consents, teams status,
            trunk list, trunk show, user token list, web description
        """,
        # Puts many people's calls, or what was said, into a file.
        Duty.DISCLOSE: """
            cdr export, emergency report, evn export, evn render, invoice export,
            invoice render, sepa again
        """,
        # The programs themselves, as the service manager starts them.
        Duty.SERVE: """
            cdr intake, controller run, guard run, rate run, teams sync, up, web run
        """,
        # Calls, agents, blocks: what cannot wait for an administrator.
        Duty.CALLS: """
            abuse release, agent login, agent logout, agent pause, agent resume, agent wrap-up,
            availability exclude, availability outage, availability withdraw, ban add, ban lift,
            call hangup, call originate, customer block, customer unblock, emergency reminders told,
            node drain, node undrain, number activate, number assign, number block, number port-in,
            number port-out, number release, number reserve, number unblock, queue flush, queue move,
            record consent, record pause, record resume, record stop
        """,
        Duty.MONEY: """
            cdr quarantine retry, cdr quarantine settle, evn counselling, invoice credit,
            invoice issue, invoice item add, invoice item withdraw, invoice pass-over,
            invoice object, invoice send, invoice settle, rate quarantine retry, rate quarantine set-aside,
            rate rerate, sepa adopt, sepa assign, sepa export, sepa fee, sepa file, sepa import, sepa leave,
            sepa waive, sepa withdraw, tariff import, tariff notify, tariff rates
        """,
        # All else: the carrier itself, what people said, what is deleted, and what an authority keeps from
        # deletion: of a secret order nobody learns who need not (TKG § 174(6)).
        Duty.CARRIER: """
            audit export, audit list, audit show, backup confirm, backup create, backup restore,
            backup restored, call barge,
            call capture, cdr respool, call listen, call take, call whisper,
            config apply, config rollback, config rollout,
            database upgrade, emergency areas import, freeswitch render,
            mailbox erase,
            mailbox play, node certificate, number import, number sweep, plan sounds,
            privacy export, privacy hold list, privacy hold open, privacy hold release, privacy plan,
            privacy run, record erase,
            record play, user token create, user token revoke
        """,
    }
)
#: Every command by its words.
COMMANDS: Final[Mapping[str, Duty]] = MappingProxyType(
    {name.strip(): duty for duty, names in _BY_DUTY.items() for name in names.replace("\n", " ").split(",")}
)


#: What an option makes of a command, where that is more than the command: (command, parameter) -> duty.
_WITH: Final[Mapping[tuple[str, str], Duty]] = MappingProxyType({("teams sync", "retry"): Duty.CALLS})
#: Parameters that say under whose name something is done.
_NAMING: Final = frozenset({"actor", "author"})
_LEFT_OUT: Final = (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)
#: Where the running program keeps what gives its settings. Without a settings file there are no roles.
SETTINGS: Final = "fernamt.settings"


def permit(settings: Settings, command: str, given: Collection[str]) -> None:
    """Whether the account that runs this may. `given`: the parameters that the caller gave a value.

    Raises NotYours with who may.
    """
    if not settings.operators:
        return
    who = account()
    role = settings.operators.get(who)
    more = {each: _WITH[command, each] for each in sorted(given) if (command, each) in _WITH}
    needed = {COMMANDS.get(command, Duty.CARRIER), *more.values()} - {Duty.SERVE}
    if needed and (role is None or not needed <= DUTIES[role]):
        words = " ".join((command, *(f"--{each}" for each in more)))
        roles = ", ".join(each.value for each, duties in DUTIES.items() if needed <= duties)
        have = (
            f"has the role {role.value}" if role is not None else "is not among `operators` in the settings"
        )
        raise NotYours(f"`fernamt {words}` needs one of the roles {roles}; {who} {have}")
    if role is not Role.ADMIN and not _NAMING.isdisjoint(given):
        raise NotYours(f"--actor is for administrators: what {who} does stands in the audit under this name")


class Guarded:
    """What a command does, behind `permit`."""

    def __init__(self, command: str, does: Callable[..., Any]) -> None:
        self.command = command
        self._does = does

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        context = click.get_current_context()
        settings: Callable[[], Settings] | None = context.meta.get(SETTINGS)
        # A group on the way to its command is no command yet.
        if settings is not None and context.invoked_subcommand is None:
            permit(settings(), self.command, given(context))
        return self._does(*args, **kwargs)


def given(context: click.Context) -> frozenset[str]:
    """The parameters of this call that the caller gave a value."""
    names = (each.name for each in context.command.params if each.name is not None)
    return frozenset(name for name in names if context.get_parameter_source(name) not in _LEFT_OUT)


def guard(command: click.Command, name: str) -> None:
    """Put `permit` before what this command does, and each below it. A second time changes nothing."""
    if command.callback is not None and not isinstance(command.callback, Guarded):
        command.callback = Guarded(name, command.callback)
    if isinstance(command, click.Group):
        for each, below in command.commands.items():
            guard(below, f"{name} {each}")
