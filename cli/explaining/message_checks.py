"""What callers are told and what customers are told of it: spoken texts, and e-mails about messages."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from cli.bootstrap import mailer
from cli.explaining.findings import Finding, State, outside_the_lab
from cli.settings import Settings
from cli.wiring.this_machine import sounds
from controller.errors import MailAway
from provisioning.mailbox_access import guidance
from provisioning.queue_sentences import sentences
from provisioning.schema import CustomerEntry
from provisioning.sounds import PROGRAM as SPEAKER


def announcements(settings: Settings, customers: Sequence[CustomerEntry]) -> Finding:
    """Texts need a program that speaks; without it callers hear three tones in place of each."""
    name = "announcements"
    texts = sum(
        each.text is not None
        for customer in customers
        if customer.plans
        for each in (*customer.prompts, *guidance(customer), *sentences(customer, sounds(settings)))
    )
    if not texts or shutil.which(SPEAKER):
        return Finding(name, State.OK, f"{texts} texts to be spoken")
    seen = f"{texts} texts, and {SPEAKER} is not installed: callers hear tones instead"
    return outside_the_lab(settings, Finding(name, State.WARNING, seen, f"apt install {SPEAKER}"))


def mail_server(settings: Settings, customers: Sequence[CustomerEntry]) -> Finding:
    """The server that tells of new messages; no call waits for it, so it is never a fault."""
    name = "mail server"
    boxes = sum(bool(box.notify) for customer in customers for box in customer.mailboxes)
    seen = f"{boxes} mailboxes tell of messages by e-mail"
    sender = mailer(settings)
    if sender is None:
        missing = Finding(
            name, State.WARNING, f"none, and {seen}: they wait", "Name one: smtp, in the settings"
        )
        return outside_the_lab(settings, missing) if boxes else Finding(name, State.OK, "none is needed")
    try:
        sender.probe()
    except MailAway as error:
        step = "See address and password under smtp in the settings; e-mails are tried again"
        return Finding(name, State.WARNING, f"{error}; {seen}", step)
    return Finding(name, State.OK, f"answers; {seen}")
