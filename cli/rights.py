"""Who may run which command: a duty for each command, the duties of each role.

Roles are given to accounts of the machine by `operators` in the settings; without it whoever can read the
settings and their secrets may do everything. They keep colleagues from mistakes and make the audit's names
true; they do not keep out somebody who is root, or who can read the secrets. A command that is not in the
table is the administrators' alone (a test wants every command in it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import click

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
            barring show, call list, call show, call trace, cdr quarantine, cdr show, config export,
            config history, config plan, config show, config validate, customer dunning, customer list,
            customer open,
            customer show, customer statement, database check, demo, doctor, emergency reminders list,
            emergency test, guard status, invoice check, invoice draft, invoice item list, invoice list,
            invoice objections, invoice show, limit show, mailbox list, mailbox show, node status,
            number history, number list, number show, number states, plan draw, plan list, plan show,
            plan try, privacy hold list, privacy kinds, privacy plan, privacy report, queue list,
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
            evn counselling, invoice credit, invoice issue, invoice item add, invoice item withdraw,
            invoice object, invoice send, invoice settle, rate quarantine retry, rate quarantine set-aside,
            rate rerate, sepa assign, sepa export, sepa fee, sepa file, sepa import, sepa leave, sepa waive,
            sepa withdraw, tariff import, tariff notify, tariff rates
        """,
        # All else: the carrier itself, what people said, what is deleted.
        Duty.CARRIER: """
            audit export, audit list, audit show, backup create, backup restore, call barge,
            call capture, call listen, call take, call whisper,
            config apply, config rollback, config rollout,
            database upgrade, emergency areas import, freeswitch render,
            mailbox erase,
            mailbox play, node certificate, number import, number sweep, plan sounds,
            privacy export, privacy hold open, privacy hold release, privacy run, record erase,
            record play, user token create, user token revoke
        """,
    }
)
#: Every command by its words.
COMMANDS: Final[Mapping[str, Duty]] = MappingProxyType(
    {name.strip(): duty for duty, names in _BY_DUTY.items() for name in names.replace("\n", " ").split(",")}
)


def permit(settings: Settings, command: str, words: Sequence[str]) -> None:
    """Whether the account that runs this may. `words`: what follows the program's name.

    Raises NotYours with who may.
    """
    if not settings.operators:
        return
    who = account()
    role = settings.operators.get(who)
    duty = COMMANDS.get(command, Duty.CARRIER)
    if duty is Duty.SERVE:
        return
    if role is None or duty not in DUTIES[role]:
        roles = ", ".join(each.value for each, duties in DUTIES.items() if duty in duties)
        have = (
            f"has the role {role.value}" if role is not None else "is not among `operators` in the settings"
        )
        raise NotYours(f"`fernamt {command}` needs one of the roles {roles}; {who} {have}")
    if role is not Role.ADMIN and any(word.partition("=")[0] in ("--actor", "--author") for word in words):
        raise NotYours(f"--actor is for administrators: what {who} does stands in the audit under this name")


def command_of(group: click.Group, words: Sequence[str]) -> str:
    """The command that these words call, "" for help or nothing: "config apply"."""
    if any(word in ("--help", "-h") for word in words):
        return ""
    found: click.Command | None = group
    path: list[str] = []
    for word in words:
        if not isinstance(found, click.Group):
            break
        if not word.startswith("-"):
            found = found.get_command(click.Context(found), word)
            path.append(word)
    return "" if found is None or isinstance(found, click.Group) else " ".join(path)
