"""The modules that are loaded and their settings: only what fernamt uses."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, SubElement

from dialplan.snapshot import Snapshot
from freeswitch.codecs import phone_codecs
from freeswitch.render.admitted import admitted
from freeswitch.render.xml import configuration, params
from freeswitch.settings import CONTROLLERS, SwitchSettings

_MODULES: Final = (
    "mod_console",
    "mod_logfile",
    "mod_event_socket",
    "mod_json_cdr",
    "mod_sofia",
    "mod_commands",
    "mod_dptools",
    "mod_dialplan_xml",
    "mod_sndfile",
    "mod_native_file",
    "mod_tone_stream",
)

#: Which module has a codec; G.711 is in the core (read: mod_spandsp_codecs.c, mod_opus.c).
_OF_CODECS: Final = {"G722": "mod_spandsp", "OPUS": "mod_opus"}


def modules(snapshot: Snapshot, settings: SwitchSettings) -> list[Element]:
    """modules.conf, switch.conf and each loaded module's own settings."""
    of_codecs = codec_modules(snapshot)
    return [
        _modules(of_codecs),
        _switch(settings),
        _event_socket(settings),
        _json_cdr(settings),
        *(_CODEC_SETTINGS[module]() for module in of_codecs),
        _logging("console", settings),
        _logging("logfile", settings),
    ]


def codec_modules(snapshot: Snapshot) -> tuple[str, ...]:
    """The modules of codecs that a trunk or a phone may speak."""
    spoken = {codec for trunk in snapshot.trunks.values() for codec in trunk.codecs}
    for phone in snapshot.phones.values():
        spoken.update(phone_codecs(phone))
    return tuple(module for codec, module in _OF_CODECS.items() if codec in spoken)


def _modules(of_codecs: tuple[str, ...]) -> Element:
    root = configuration("modules", "modules to load")
    holder = SubElement(root, "modules")
    for module in (*_MODULES, *of_codecs):
        SubElement(holder, "load", module=module)
    return root


def _switch(settings: SwitchSettings) -> Element:
    root = configuration("switch", "core")
    first, last = settings.rtp_ports
    params(
        SubElement(root, "settings"),
        {
            "switchname": settings.node,
            "max-sessions": settings.max_sessions,
            "sessions-per-second": settings.sessions_per_second,
            "rtp-start-port": first,
            "rtp-end-port": last,
            "loglevel": settings.log_level,
            "colorize-console": False,
            "dump-cores": False,
            # A dialled "${system(...)}" must stay text even if an expansion slipped in (tests try it).
            "api-expansion": False,
        },
    )
    return root


def _event_socket(settings: SwitchSettings) -> Element:
    root = configuration("event_socket", "Event Socket")
    socket = settings.event_socket
    params(
        SubElement(root, "settings"),
        {
            "nat-map": False,
            "listen-ip": socket.host,
            "listen-port": socket.port,
            "password": socket.password,
            "apply-inbound-acl": CONTROLLERS if admitted(settings) else "loopback.auto",
            "stop-on-bind-error": True,
        },
    )
    return root


def _json_cdr(settings: SwitchSettings) -> Element:
    root = configuration("json_cdr", "call detail records")
    params(
        SubElement(root, "settings"),
        {
            "log-b-leg": True,
            "prefix-a-leg": True,
            "encode-values": False,
            "log-dir": str(settings.cdr_dir),
            "rotate": False,
        },
    )
    return root


def _opus() -> Element:
    """Of browsers (RFC 7587): what was lost is put right from the next packet, where the other side can."""
    root = configuration("opus", "Opus")
    params(SubElement(root, "settings"), {"use-vbr": True, "use-dtx": False, "keep-fec-enabled": True})
    return root


def _spandsp() -> Element:
    """G.722's module complains without a file of its own; of fax and tones nothing is used."""
    return configuration("spandsp", "G.722")


_CODEC_SETTINGS: Final = {"mod_spandsp": _spandsp, "mod_opus": _opus}


def _logging(name: str, settings: SwitchSettings) -> Element:
    root = configuration(name, "log")
    if name == "logfile":
        params(SubElement(root, "settings"), {"rotate-on-hup": True})
        profile = SubElement(SubElement(root, "profiles"), "profile", name="default")
        params(SubElement(profile, "settings"), {"rollover": 104857600, "maximum-rotate": 8, "uuid": True})
        holder = SubElement(profile, "mappings")
    else:
        params(SubElement(root, "settings"), {"loglevel": settings.log_level, "colorize": False})
        holder = SubElement(root, "mappings")
    levels = "console,alert,crit,err,warning"
    if settings.log_level in ("info", "debug"):
        levels += ",notice,info"
    if settings.log_level == "debug":
        levels += ",debug"
    SubElement(holder, "map", name="all", value=levels)
    return root
