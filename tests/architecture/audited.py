"""Commands that change or disclose something: the action each leaves in the audit, or why it leaves none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Command -> action, where that is not the command's words with a dot: "config apply" leaves config.apply.
ACTIONS: Final[Mapping[str, str]] = {
    "agent login": "agent.",
    "agent logout": "agent.",
    "agent pause": "agent.",
    "agent resume": "agent.",
    "availability exclude": "availability.enter",
    "availability outage": "availability.enter",
    "backup restored": "backup.restore",
    "call barge": "call.",
    "call listen": "call.",
    "call take": "call.",
    "call whisper": "call.",
    "cdr quarantine retry": "cdr.retry",
    "cdr quarantine settle": "cdr.settle",
    "emergency reminders told": "emergency.remind",
    "invoice item add": "invoice.item-add",
    "invoice item withdraw": "invoice.item-withdraw",
    "invoice pass-over": "invoice.numbers-passed-over",
    "number activate": "number.change",
    "number assign": "number.change",
    "number block": "number.change",
    "number import": "number.change",
    "number port-in": "number.change",
    "number port-out": "number.change",
    "number release": "number.change",
    "number reserve": "number.change",
    "number unblock": "number.change",
    "privacy hold open": "privacy.hold",
    "privacy hold release": "privacy.release",
    "rate quarantine retry": "rate.retry",
    "rate quarantine set-aside": "rate.set-aside",
    "record pause": "record.",
    "record resume": "record.",
    "record stop": "record.",
    "user token create": "token.create",
    "user token revoke": "token.revoke",
}

#: Command -> why it leaves none.
NONE: Final[Mapping[str, str]] = {
    "audit list": "reads a page of the audit itself; a role says who may",
    "audit show": "reads one entry of the audit itself; a role says who may",
    "database upgrade": "the schema's versions say it; before the first there is no audit",
    "emergency areas import": "writes the carrier's file; it is in force by config apply, which is audited",
    "evn render": "makes files from files; `cdr export` and `invoice render` have the entries of those",
    "freeswitch render": "writes the applied version, which the audit has, as another file",
    "privacy hold list": "reads a page of holds, whose opening and end the audit has; a role says who may",
    "privacy plan": "reads what a deletion would do, and names holds; a role says who may",
    "plan sounds": "makes files of texts that the applied version has",
    "teams sync": "carries out what the applied version wants; each number's step is in its history",
    "sepa file": "makes a file from a file; nothing of the carrier's books is read",
}
