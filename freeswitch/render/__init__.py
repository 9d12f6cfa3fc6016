"""A complete, private FreeSWITCH configuration from a snapshot: `fernamt freeswitch render`."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from dialplan.snapshot import Snapshot
from freeswitch.private_files import make_folder, replace_private
from freeswitch.render.codecs import peers_domains
from freeswitch.render.dialplan import dialplan
from freeswitch.render.modules import modules
from freeswitch.render.sofia import UNASKED, acl, directory, no_foreign_calls, sofia
from freeswitch.render.static_emergency import StaticEmergency
from freeswitch.render.xml import document
from freeswitch.settings import SwitchSettings

#: An INVITE with Replaces takes a call over without asking us (read: sofia.c, intercept): who is connected
#: stays so. Attended transfers are REFERs and work.
_NO_TAKING_OVER: Final = {"intercept_unbridged_only": "true", "intercept_unanswered_only": "true"}


def render(snapshot: Snapshot, settings: SwitchSettings) -> str:
    """`freeswitch.xml` as text: one document, so that a node never sees half of a change."""
    emergency = StaticEmergency(snapshot, settings)
    phones = directory(snapshot, settings, emergency)
    teams, trunks = snapshot.teams is not None, snapshot.trunks.values()
    configurations: list[Element] = [
        *modules(snapshot, settings),
        acl(snapshot, settings),
        sofia(snapshot, settings),
    ]
    return document(
        [
            ("configuration", configurations),
            ("dialplan", dialplan(emergency.context(), settings, teams=teams, trunks=trunks)),
            ("directory", [phones, *peers_domains(snapshot)]),
            ("channels", [no_foreign_calls()]),
        ],
        {**_NO_TAKING_OVER, **UNASKED, **_silence(settings)},
    )


def _silence(settings: SwitchSettings) -> dict[str, str]:
    """A peer that vanishes sends no BYE: its call would be charged, and hold lines, until somebody looks.
    Milliseconds, for every leg. FreeSWITCH's own time for legs on hold has no effect: the re-INVITE that
    holds begins the sound anew, with `media_timeout` (read: switch_core_media.c, check_media_timeout_params).
    So a leg whose peer has sent one gets the longer time for good, also when it speaks again."""
    if not settings.silence_s:
        return {}
    return {
        "media_timeout": str(settings.silence_s * 1000),
        "execute_on_sip_reinvite": f"set media_timeout_audio={settings.held_silence_ms}",
    }


def write(directory_path: Path, text: str) -> Path:
    """Put `freeswitch.xml` into the directory, readable by its owner alone (it holds credentials). Raises
    OSError."""
    make_folder(directory_path)
    target = directory_path / "freeswitch.xml"
    replace_private(target, text.encode(), onto_disk=True)
    return target
