"""What differs from machine to machine: its secrets, addresses and sounds, its folders, and the day."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

from cli.settings import Settings
from cli.times import GERMANY
from provisioning.network import AddressBook, MovedNetwork, RealNetwork
from provisioning.secrets import Secrets
from provisioning.sounds import Sounds


def secrets(settings: Settings) -> Secrets:
    """The secrets of this machine, read anew."""
    lab = settings.lab_network is not None
    return Secrets(os.environ, settings.state_dir / "secrets", lab=lab)


def address_book(settings: Settings) -> AddressBook:
    """Where the configured addresses are for this machine."""
    if settings.lab_network is None:
        return RealNetwork()
    places = {}
    for configured, here in settings.lab_network.items():
        host, _, port = configured.rpartition(":")
        places[host, int(port)] = here
    return MovedNetwork(places)


def today() -> date:
    """The day in Germany: contracts and numbers begin and end with it."""
    return datetime.now(GERMANY).date()


def sounds_dir(settings: Settings) -> Path:
    """Announcements: recordings that somebody put there, and `spoken/` with texts that were spoken."""
    return settings.state_dir.absolute() / "sounds"


def sounds(settings: Settings) -> Sounds:
    """What announcements sound like on this machine."""
    return Sounds(os.environ, sounds_dir(settings))


def cache_path(settings: Settings) -> Path:
    """The applied version in force on this machine."""
    return settings.state_dir / "configuration.cache"


def checked_path(settings: Settings) -> Path:
    """What is remembered of files that were checked together."""
    return settings.state_dir / "configuration.checked"


def certificates_dir(settings: Settings) -> Path:
    """Where FreeSWITCH reads certificates and keys from."""
    return settings.state_dir.absolute() / "tls"
