"""The carrier in force: its files read and compiled, numbered as a version.

A version is recorded in PostgreSQL by its content. When PostgreSQL is away the number that this machine
saw last for the same content is used, so a controller can start without the database (guarantee 1).
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import structlog

from cli.settings import Settings
from dialplan.snapshot import Snapshot
from provisioning.compile import compile_snapshot
from provisioning.load import CheckedConfig, load
from provisioning.network import AddressBook, MovedNetwork, RealNetwork
from provisioning.secrets import Secrets
from store.config_versions import ConfigVersions
from store.errors import StoreError

_log = structlog.get_logger(__name__)


def load_carrier(settings: Settings) -> CheckedConfig:
    """Read and check the carrier's files. Raises ConfigInvalid with every problem."""
    return load(settings.carrier)


def compile_carrier(settings: Settings, carrier: CheckedConfig, version: int) -> Snapshot:
    """The carrier as the call path reads it, with secrets and addresses of this machine."""
    lab = settings.lab_network is not None
    network: AddressBook = MovedNetwork(_places(settings)) if lab else RealNetwork()
    secrets = Secrets(os.environ, settings.state_dir / "secrets", lab=lab)
    return compile_snapshot(
        carrier.config, version=version, network=network, secrets=secrets, places=carrier.places
    )


def _places(settings: Settings) -> dict[tuple[str, int], tuple[str, int]]:
    places = {}
    for configured, here in (settings.lab_network or {}).items():
        host, _, port = configured.rpartition(":")
        places[host, int(port)] = here
    return places


def version_of(settings: Settings, carrier: CheckedConfig, versions: ConfigVersions) -> int:
    """The number of this content: from the database, else as last seen on this machine, else 0."""
    content = carrier.config.model_dump(mode="json")
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    seen = settings.state_dir / "config-version.json"
    try:
        version = versions.record(content, author="fernamt", note="read from files")
    except StoreError as error:
        known = _seen(seen, digest)
        _log.warning(
            "the database is away; configuration version as last seen", version=known, error=str(error)
        )
        return known
    fresh = seen.with_suffix(".new")
    fresh.write_text(json.dumps({"digest": digest, "version": version}))
    fresh.replace(seen)
    return version


def _seen(path: Path, digest: str) -> int:
    try:
        known = json.loads(path.read_text())
    except (OSError, ValueError):
        return 0
    return int(known["version"]) if known.get("digest") == digest else 0
