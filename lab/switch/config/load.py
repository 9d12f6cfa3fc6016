"""From a folder with freeswitch.xml to a `Configuration`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, fromstring

from lab.errors import ConfigurationError
from lab.switch.config.preprocess import preprocess
from lab.switch.config.settings import (
    AccessList,
    CdrSettings,
    Configuration,
    EventSocketSettings,
    GatewaySettings,
    Network,
    ProfileSettings,
    User,
    is_true,
    whole,
)
from lab.switch.dialplan import Action, Condition, Context, Extension


def load(folder: Path, preset: dict[str, str]) -> Configuration:
    """Read `folder`/freeswitch.xml; `preset` holds the globals known beforehand (conf_dir, log_dir, …).

    Raises ConfigurationError naming file, and line where there is one.
    """
    variables = dict(preset)
    text = preprocess(folder / "freeswitch.xml", variables)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ConfigurationError(f"{folder}/freeswitch.xml: document types are not read; remove it")
    try:
        root = fromstring(text)  # noqa: S314 (our own rendered file, document types refused above)
    except ParseError as problem:
        raise ConfigurationError(f"{folder}/freeswitch.xml after preprocessing: {problem}") from None
    sections = {section.get("name", ""): section for section in root.iter("section")}
    modules = {
        entry.get("name", ""): entry
        for entry in sections.get("configuration", Element("none")).iter()
        if entry.tag == "configuration"
    }
    users, domains = _directory(sections.get("directory"))
    return Configuration(
        switch_params=_params(modules.get("switch.conf"), "settings"),
        globals=variables,
        event_socket=_event_socket(modules.get("event_socket.conf")),
        cdr=_json_cdr(modules.get("json_cdr.conf")),
        profiles=_profiles(modules.get("sofia.conf")),
        acls=_acls(modules.get("acl.conf"), sections.get("directory")),
        users=users,
        domains=domains,
        contexts=_contexts(sections.get("dialplan")),
    )


def _params(parent: Element | None, holder: str, entry: str = "param") -> dict[str, str]:
    if parent is None:
        return {}
    place = parent.find(holder) if holder else parent
    if place is None:
        return {}
    return {item.get("name", ""): item.get("value", "") for item in place.findall(entry)}


def _event_socket(module: Element | None) -> EventSocketSettings:
    params = _params(module, "settings")
    ip = params.get("listen-ip", "127.0.0.1")
    return EventSocketSettings(
        "127.0.0.1" if ip in ("::", "0.0.0.0") else ip,  # noqa: S104 (the lab stays on loopback)
        whole(params.get("listen-port"), 8021),
        params.get("password", "ClueCon"),
        params.get("apply-inbound-acl", ""),
    )


def _json_cdr(module: Element | None) -> CdrSettings:
    params = _params(module, "settings")
    folder = params.get("log-dir", "")
    if module is None or not folder:
        return CdrSettings()
    return CdrSettings(
        Path(folder),
        is_true(params.get("log-b-leg", "false")),
        is_true(params.get("prefix-a-leg", "false")),
        is_true(params.get("encode-values", "true")),
    )


def _profiles(module: Element | None) -> dict[str, ProfileSettings]:
    profiles: dict[str, ProfileSettings] = {}
    for entry in module.iter("profile") if module is not None else ():
        name = entry.get("name", "")
        gateways = tuple(
            GatewaySettings(gateway.get("name", ""), name, _params(gateway, ""))
            for gateway in entry.iter("gateway")
        )
        profiles[name] = ProfileSettings(name, _params(entry, "settings"), gateways)
    return profiles


def _acls(module: Element | None, directory: Element | None) -> dict[str, AccessList]:
    lists = {
        "loopback.auto": AccessList("loopback.auto", False, ((ipaddress.ip_network("127.0.0.0/8"), True),))
    }
    for entry in module.iter("list") if module is not None else ():
        name = entry.get("name", "")
        nodes = []
        users: list[tuple[Network, tuple[str, str]]] = []
        for node in entry.findall("node"):
            if domain := node.get("domain"):
                users += _peers(directory, domain)
                continue
            text = node.get("cidr") or node.get("host") or ""
            try:
                network = ipaddress.ip_network(text, strict=False)
            except ValueError:
                raise ConfigurationError(f"acl.conf, list {name}: {text!r} is no network; use cidr") from None
            nodes.append((network, node.get("type", "") == "allow"))
        lists[name] = AccessList(name, entry.get("default", "") == "allow", tuple(nodes), tuple(users))
    return lists


def _peers(directory: Element | None, name: str) -> Iterator[tuple[Network, tuple[str, str]]]:
    """The users of a domain that have an address (`cidr`)."""
    for domain in directory.iter("domain") if directory is not None else ():
        for user in domain.iter("user") if domain.get("name") == name else ():
            if cidr := user.get("cidr"):
                yield ipaddress.ip_network(cidr), (user.get("id", ""), name.lower())


def _directory(section: Element | None) -> tuple[dict[tuple[str, str], User], dict[str, dict[str, str]]]:
    users: dict[tuple[str, str], User] = {}
    domains: dict[str, dict[str, str]] = {}
    for domain in section.iter("domain") if section is not None else ():
        name = domain.get("name", "").lower()
        shared = _params(domain, "params"), _params(domain, "variables", "variable")
        domains[name] = shared[0]
        for user in domain.iter("user"):
            users[user.get("id", ""), name] = User(
                user.get("id", ""),
                name,
                shared[0] | _params(user, "params"),
                shared[1] | _params(user, "variables", "variable"),
            )
    return users, domains


def _contexts(section: Element | None) -> dict[str, Context]:
    contexts: dict[str, Context] = {}
    for entry in section.iter("context") if section is not None else ():
        name = entry.get("name", "")
        earlier = contexts.get(name, Context(name, ()))
        found = tuple(_extension(extension, name) for extension in entry.findall("extension"))
        contexts[name] = Context(name, earlier.extensions + found)
    return contexts


def _extension(entry: Element, context: str) -> Extension:
    name = entry.get("name", "")
    where = f"dialplan context {context}, extension {name}"
    conditions = tuple(_condition(condition, where) for condition in entry.findall("condition"))
    return Extension(name, is_true(entry.get("continue")), conditions)


_TIME_ATTRIBUTES = frozenset(
    {"year", "yday", "mon", "mday", "week", "mweek", "wday", "hour", "minute", "minute-of-day", "time-of-day"}
    | {"date-time", "tz-offset", "dst", "regex"}
)


def _condition(entry: Element, where: str) -> Condition:
    unknown = _TIME_ATTRIBUTES & set(entry.keys())
    if unknown or entry.find("condition") is not None:
        what = ", ".join(sorted(unknown)) or "nested conditions"
        raise ConfigurationError(f"{where}: the lab does not have {what}; render it without")
    expression = entry.get("expression")
    if expression is None:
        child = entry.find("expression")
        expression = (child.text or "") if child is not None else ""
    return Condition(
        entry.get("field"),
        expression,
        entry.get("break", "on-false").lower(),
        tuple(_actions(entry, "action")),
        tuple(_actions(entry, "anti-action")),
    )


def _actions(entry: Element, tag: str) -> Iterator[Action]:
    for action in entry.findall(tag):
        data = action.text if action.text and action.text.strip() else action.get("data", "")
        yield Action(action.get("application", ""), data, is_true(action.get("inline")))
