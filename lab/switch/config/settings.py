"""The configuration as typed values. FreeSWITCH's parameter names are kept; defaults are FreeSWITCH's."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab.switch.dialplan import Context

Params = Mapping[str, str]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_true(text: str | None) -> bool:
    """FreeSWITCH's idea of yes: yes, on, true, t, enabled, active, allow, or a number that is not zero."""
    if not text:
        return False
    word = text.strip().lower()
    if word in ("yes", "on", "true", "t", "enabled", "active", "allow"):
        return True
    return word.isascii() and word.isdigit() and int(word[:9]) != 0


def whole(text: str | None, default: int) -> int:
    """A whole number as C's atoi reads it; `default` when there is no text."""
    if text is None:
        return default
    digits = ""
    for place, character in enumerate(text.strip()[:10]):
        if character in "0123456789" or (place == 0 and character in "+-"):
            digits += character
        else:
            break
    return int(digits) if digits.lstrip("+-") else 0


def host_and_port(proxy: str) -> tuple[str, int]:
    """Of a gateway's `host[:port][;parameters]`; the port is 5060 where there is none."""
    written = proxy.partition(";")[0]
    host, _, port = written.rpartition(":") if ":" in written else (written, "", "")
    return host, whole(port or None, 5060)


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """A gateway below a profile. `host` and `port` stand in its Request-URIs; its requests go there too, by
    `transport`, unless `register-proxy` and `outbound-proxy` say where else."""

    name: str
    profile: str
    params: Params

    def get(self, name: str, default: str = "") -> str:
        return self.params.get(name, default)

    def is_on(self, name: str, default: bool = False) -> bool:
        return is_true(self.params[name]) if name in self.params else default

    @property
    def proxy(self) -> str:
        return self.get("proxy") or self.get("realm") or self.name

    @property
    def host(self) -> str:
        return host_and_port(self.proxy)[0]

    @property
    def port(self) -> int:
        return host_and_port(self.proxy)[1]

    @property
    def transport(self) -> str:
        return self.get("register-transport", "udp").lower()


@dataclass(frozen=True, slots=True)
class ProfileSettings:
    """A sofia profile."""

    name: str
    params: Params
    gateways: tuple[GatewaySettings, ...] = ()

    def get(self, name: str, default: str = "") -> str:
        return self.params.get(name, default)

    def is_on(self, name: str, default: bool = False) -> bool:
        return is_true(self.params[name]) if name in self.params else default

    @property
    def sip_ip(self) -> str:
        return self.get("sip-ip", "127.0.0.1")

    @property
    def rtp_ip(self) -> str:
        return self.get("rtp-ip", self.sip_ip)

    @property
    def sip_port(self) -> int:
        return whole(self.params.get("sip-port"), 5060)

    @property
    def context(self) -> str:
        return self.get("context", "default")

    @property
    def timer_t1x64_s(self) -> float:
        """Timers B, F and H (RFC 3261 section 17)."""
        return (whole(self.params.get("timer-T1X64"), 0) or 32_000) / 1000


@dataclass(frozen=True, slots=True)
class AccessList:
    """acl.conf: nodes in order, the narrowest network that holds the address decides. `users`: addresses of
    directory users (user, domain) whose variables calls from there get."""

    name: str
    default_allow: bool
    nodes: tuple[tuple[Network, bool], ...]
    users: tuple[tuple[Network, tuple[str, str]], ...] = ()

    def allows(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        best, verdict = -1, self.default_allow
        for network, allow in (*self.nodes, *((network, True) for network, _ in self.users)):
            if ip in network and network.prefixlen > best:
                best, verdict = network.prefixlen, allow
        return verdict

    def user_at(self, address: str) -> tuple[str, str] | None:
        """The user whose address this is."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return None
        return next((user for network, user in self.users if ip in network), None)


@dataclass(frozen=True, slots=True)
class User:
    """A directory user with the params and variables of domain, group and user merged."""

    id: str
    domain: str
    params: Params
    variables: Params


@dataclass(frozen=True, slots=True)
class EventSocketSettings:
    """event_socket.conf."""

    listen_ip: str = "127.0.0.1"
    listen_port: int = 8021
    password: str = "ClueCon"  # noqa: S105 (FreeSWITCH's own default)
    acl: str = ""


@dataclass(frozen=True, slots=True)
class CdrSettings:
    """json_cdr.conf. `log_dir` None: the module is not configured and no record is written."""

    log_dir: Path | None = None
    log_b_leg: bool = True
    prefix_a_leg: bool = False
    encode_values: bool = True


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything the lab uses of a FreeSWITCH configuration."""

    switch_params: Params = field(default_factory=dict)
    globals: Params = field(default_factory=dict)
    event_socket: EventSocketSettings = field(default_factory=EventSocketSettings)
    cdr: CdrSettings = field(default_factory=CdrSettings)
    profiles: Mapping[str, ProfileSettings] = field(default_factory=dict)
    acls: Mapping[str, AccessList] = field(default_factory=dict)
    users: Mapping[tuple[str, str], User] = field(default_factory=dict)
    domains: Mapping[str, Params] = field(default_factory=dict)
    contexts: Mapping[str, Context] = field(default_factory=dict)

    @property
    def api_expansion(self) -> bool:
        return is_true(self.switch_params.get("api-expansion", "true"))

    @property
    def max_sessions(self) -> int:
        return whole(self.switch_params.get("max-sessions"), 1000)

    @property
    def sessions_per_second(self) -> int:
        return whole(self.switch_params.get("sessions-per-second"), 30)

    def find_user(self, user: str, domain: str) -> User | None:
        return self.users.get((user, domain.lower()))
