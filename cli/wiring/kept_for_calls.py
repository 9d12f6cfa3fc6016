"""What a controller keeps for calls in other places: messages being heard, journals of contact centres."""

from __future__ import annotations

import re

import structlog

from cli.bootstrap import mailbox_messages, message_dir, now, server_url
from cli.settings import Settings
from cli.wiring.contact_centre import TenantJournal
from cli.wiring.mailbox_calls import MailboxArchive, MailboxPins
from controller.contact_centre import RENEW_S
from controller.listening import Listening
from freeswitch.heard_files import HeardFiles
from store.acd_journals import AcdJournals
from store.leases import Leases
from store.pin_tries import PinCounter
from store.redis_client import call_path_client

_log = structlog.get_logger(__name__)


def listening_of(settings: Settings, owner: str) -> Listening:
    """Those calls alone wait for PostgreSQL. What this controller left when it died is removed."""
    files = HeardFiles(message_dir(settings), re.sub(r"[^A-Za-z0-9.-]", "-", owner))
    try:
        if swept := files.sweep():
            _log.warning("messages in clear of a controller that died were removed", files=swept)
    except OSError as error:
        _log.error("messages in clear may be left behind", error=str(error))
    archive = MailboxArchive(mailbox_messages(settings, "fernamt mailbox calls"), files, now)
    counter = PinCounter(call_path_client(server_url(settings, settings.redis, "Redis")))
    return Listening(archive, MailboxPins(counter))


def journal_of(settings: Settings, customer_id: str, holder: str) -> TenantJournal:
    """What the owner of a contact centre writes down before it acts."""
    client = call_path_client(server_url(settings, settings.redis, "Redis"))
    return TenantJournal(Leases(client, ttl_s=3 * RENEW_S), AcdJournals(client), customer_id, holder)
