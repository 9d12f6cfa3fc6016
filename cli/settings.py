"""The program's own settings, one YAML file: where the servers are and which carrier is served.

The carrier itself (customers, numbers, trunks) is described in other files, see `provisioning`.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from cli.setting_types import Address, Domain, FilePath, IpAddress, Network, OwnIp, Port
from provisioning.errors import ConfigInvalid, Finding, Problems
from provisioning.notation.entry import Entry, Few
from provisioning.notation.secret import SecretRef
from provisioning.schema_errors import findings
from provisioning.yaml_source import read_documents, read_paths


class ServerEntry(Entry):
    """A PostgreSQL or Redis server of the operator's own."""

    url: str = Field(
        description="URL without the password: postgresql://fernamt@127.0.0.1:5432/fernamt. Several servers, "
        "host:port,host:port, are a primary and its standbys: the one that takes writes is used."
    )
    password: SecretRef | None = Field(
        None,
        description="Where the password is: {env: NAME} or {file: path}, relative to `secrets` in state_dir. "
        "One that anybody tries first is refused outside the lab; so is none, but on this machine.",
    )


class PortsEntry(Entry):
    """SIP ports of the profiles."""

    carrier: Port = Field(default=5060, description="SIP from and to other carriers.")
    trunk: Port = Field(
        default=5070, description="SIP from and to customers' trunks, known by their address."
    )
    phone: Port = Field(default=5080, description="SIP of phones that register with a password.")
    node: Port = Field(
        default=5090, description="SIP from and to the other nodes; not opened where there are none."
    )
    carrier_tls: Port = Field(default=5065, description="The same as `carrier` by TLS; these need tls.")
    trunk_tls: Port = Field(default=5071, description="The same as `trunk` by TLS.")
    phone_tls: Port = Field(default=5081, description="The same as `phone` by TLS.")
    teams: Port = Field(default=5061, description="SIP from and to Microsoft Teams, by TLS alone.")
    wss: Port = Field(default=7443, description="SIP of browsers, by WSS (RFC 7118).")


class TlsEntry(Entry):
    """Certificate of the node for SIP over TLS, WSS and DTLS-SRTP. `fernamt doctor` watches its end."""

    certificate: FilePath = Field(description="PEM file: certificate, then those up to the root.")
    key: FilePath = Field(description="PEM file with its private key, without passphrase.")
    authorities: FilePath = Field(
        Path("/etc/ssl/certs/ca-certificates.crt"),
        description="PEM file with the authorities that peers' certificates are checked against.",
    )
    verify: bool = Field(
        True,
        description="Peers that we connect to must show a certificate of these authorities with their name.",
    )


class NodeEntry(Entry):
    """The FreeSWITCH node on this machine."""

    name: str = Field("node-1", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Stands in every CDR.")
    program: Literal["lab", "freeswitch", "external"] = Field(
        "lab",
        description="lab: the stand-in switch; freeswitch: the program on this machine, started by "
        "`fernamt up`; external: started by somebody else, only rendered for.",
    )
    sip_ip: OwnIp = Field(
        "127.0.0.1",
        description="Address of this machine for SIP and RTP, by which others reach it: no name.",
    )
    ports: PortsEntry = Field(PortsEntry(), description="SIP ports.")
    rtp_ports: Annotated[tuple[Port, Port], Field(strict=False)] = Field(
        (16_384, 32_768), description="First and last UDP port for RTP."
    )
    event_socket: IpAddress = Field(
        ("127.0.0.1", 8021), description="Where the node listens for us: an IP address and a port."
    )
    event_socket_password: SecretRef = Field(
        description="Event Socket password; FreeSWITCH's default and what anybody tries first is refused."
    )
    cdr_dir: FilePath = Field(description="Directory for mod_json_cdr's files, on a disk that survives.")
    conf_dir: FilePath | None = Field(
        None,
        description="Directory of the node's freeswitch.xml, rendered anew when trunks or phones change. "
        "Default: under the state directory where `fernamt up` starts the node, else not rendered.",
    )
    db_dir: FilePath | None = Field(
        None,
        description="Directory for FreeSWITCH's own small databases (calls and registrations of now), which "
        "it writes with every call: a file system in memory such as a directory in /dev/shm. Default: under "
        "the state directory.",
    )
    sounds_dir: FilePath | None = Field(
        None,
        description="Directory of the program's own announcements as the node sees it, for a node in a "
        "container of its own. Default: where the program has them.",
    )
    tls: TlsEntry | None = Field(
        None, description="Certificate for TLS, WSS and DTLS-SRTP; left out: nothing is encrypted."
    )
    domain: Domain = Field(
        "phones.fernamt.invalid", description="Digest realm of the phones: a host name; it need not exist."
    )
    sessions_per_second: int = Field(500, ge=1, description="Calls a second that the node accepts.")
    max_sessions: int = Field(5_000, ge=2, description="Legs at once that the node accepts.")
    realtime: bool = Field(
        False,
        description="Let FreeSWITCH take real-time priority, as it does by default (needs root or "
        "RLIMIT_RTPRIO): for production. On a small machine that does other things too it starves them.",
    )
    silence_s: int = Field(
        300,
        ge=0,
        le=86_400,
        description="A call with a side that sends no sound at all for so many seconds is ended (48 times as "
        "many when that side has offered its sound anew, as who holds does): a telephone system that lost "
        "its power says no goodbye, and its calls would be charged for ever. 0: never.",
    )
    log_level: Literal["warning", "info", "debug"] = Field(
        "warning",
        description="FreeSWITCH's log; info and debug write the numbers of every call into it.",
    )


class OtherNodeEntry(Entry):
    """A FreeSWITCH node on another machine: its queued callers and its phones are ours to command too."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Its `node.name`.")
    event_socket: IpAddress = Field(
        description="Where it listens for us: IP address and port. From this address its programs come to us."
    )
    event_socket_password: SecretRef = Field(description="Its Event Socket password.")
    sip: IpAddress = Field(
        description="Where it takes calls of other nodes: its IP address and `ports.node`."
    )


class SmtpEntry(Entry):
    """The operator's mail server."""

    address: Address = Field(description="host:port, such as mail.example.com:587")
    sender: str = Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$", description="Address that e-mails come from.")
    starttls: bool = Field(True, description="Encrypt the connection (RFC 3207); the certificate is checked.")
    username: str | None = Field(None, description="User to log in with; left out: without.")
    password: SecretRef | None = Field(None, description="Where the password is: {env: NAME} or {file: path}")


#: Without TLS only to this machine: teams.transport refuses the rest.
_HTTP: Final = r"^https?://[^\s/?#@]+(?:/[^\s?#]*)?$"

DEFAULT_WEB: Final = ("127.0.0.1", 8090)


class WebEntry(Entry):
    """The HTTP interface for agents' and supervisors' screens."""

    listen: Address = Field(
        DEFAULT_WEB, description="Where it listens; other machines come through a TLS proxy here."
    )


class OperatorConnectEntry(Entry):
    """Our access to Microsoft Operator Connect, docs/teams.md."""

    url: str = Field(
        pattern=_HTTP,
        max_length=500,
        description="Base address of the number management interface: https://...",
    )
    token_url: str = Field(
        pattern=_HTTP,
        max_length=500,
        description="Token endpoint of our application (OAuth 2.0): https://...",
    )
    client_id: str = Field(min_length=1, max_length=200, description="Id of our application.")
    client_secret: SecretRef = Field(
        description="Where its secret is: {env: NAME} or {file: path}, relative to `secrets` in state_dir"
    )
    scope: str = Field(min_length=1, max_length=500, description="Scope that tokens are asked for.")
    calling_profile: str = Field(
        min_length=1, max_length=200, description="Id of the calling profile that numbers are uploaded to."
    )
    ca_file: FilePath | None = Field(
        None, description="Certificates that are trusted, PEM; left out: those of the machine."
    )
    requests_per_second: float = Field(
        5.0, gt=0, le=1_000, description="Requests that we send at most, whatever Microsoft would take."
    )


class MetricsEntry(Entry):
    """Where programs show their metrics to Prometheus, docs/metrics.md; left out: nowhere."""

    controllers: Few[Address] = Field(
        (), description="One for each of `controllers`, in their order; ask for no token."
    )
    intake: Address | None = Field(None, description="Of `fernamt cdr intake`.")
    rating: Address | None = Field(None, description="Of `fernamt rate run --follow`.")
    guard: Address | None = Field(None, description="Of `fernamt guard run`.")
    web: Address | None = Field(None, description="Of `fernamt web run`.")
    teams: Address | None = Field(None, description="Of `fernamt teams sync --follow`.")


class ProbesEntry(Entry):
    """Synthetic calls that show whether the service is there, docs/availability.md."""

    customer: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="Customer of the operator's own on whose behalf they are made.",
    )
    trunks: dict[str, str] = Field(
        min_length=1,
        max_length=100,
        description="Carrier trunk -> number that is called over it each minute, which answers at once. "
        "110 and 112 are refused.",
    )
    ring_s: int = Field(15, ge=1, le=40, description="Seconds that it may ring.")


class Role(StrEnum):
    """What an account of this machine may do (cli/rights.py)."""

    VIEWER = "viewer"
    SUPPORT = "support"
    BILLING = "billing"
    ADMIN = "admin"


class GuardEntry(Entry):
    """Who scans for SIP, guesses passwords or floods is slowed and banned, docs/security.md."""

    barrier: Literal["sockets", "nftables"] = Field(
        "sockets",
        description="What keeps banned addresses out. sockets: a filter on the switch's own sockets, needs "
        "CAP_SYS_PTRACE; nftables: a table `inet fernamt`, needs the program nft and CAP_NET_ADMIN.",
    )
    never: Few[Network] = Field(
        (), description="Addresses and networks that are never banned, besides trunks and nodes."
    )
    requests_per_s: int = Field(
        20, ge=1, le=10_000, description="Packets a second that any address may send to the SIP ports for "
        "ever; ten times as many in a burst, and ten times of both where phones are registered.",
    )  # fmt: skip
    failures: int = Field(
        20, ge=3, le=10_000, description="Failed log-ins of an address until it is banned; one each half a "
        "minute is forgotten. Where phones are registered: ten times both, until it is slowed.",
    )  # fmt: skip


class Settings(Entry):
    """All of it. `lab_network` moves configured SIP addresses to loopback ports, for the lab alone."""

    state_dir: FilePath = Field(description="Everything the program keeps on disk.")
    carrier: Annotated[tuple[FilePath, ...], Field(strict=False, min_length=1)] = Field(
        description="Files and directories that describe the carrier."
    )
    apply_on_start: bool = Field(
        False,
        description="Whether `fernamt up` applies the carrier's files at its start. It does in any case "
        "where none was ever applied; later ones come by `fernamt config apply`.",
    )
    database: ServerEntry | None = Field(None, description="PostgreSQL; left out: an embedded one.")
    redis: ServerEntry | None = Field(None, description="Redis; left out: an embedded one.")
    smtp: SmtpEntry | None = Field(
        None, description="Mail server for notices of new messages; left out: notices wait (C3)."
    )
    mailbox_key: SecretRef | None = Field(
        None,
        description="Key that messages are encrypted with: 32 bytes in base64, the same everywhere. Left "
        "out: one is made in the state directory.",
    )
    message_dir: FilePath | None = Field(
        None,
        description="Where the node records messages until they are encrypted, best a RAM disk. Default: "
        "messages/ in the state directory.",
    )
    figures_days: int = Field(
        400, ge=1, le=3_650, description="Days that the contact centres' log is kept for key figures (C9)."
    )
    web: WebEntry | None = Field(
        None, description="HTTP interface for screens, docs/api.md; left out: `fernamt up` starts none."
    )
    operator_connect: OperatorConnectEntry | None = Field(
        None,
        description="Microsoft Operator Connect, docs/teams.md; left out: numbers are not uploaded (A4).",
    )
    metrics: MetricsEntry | None = Field(None, description="Addresses for Prometheus; left out: none.")
    probes: ProbesEntry | None = Field(
        None,
        description="A synthetic call a minute over trunks; left out: availability is not measured (F1).",
    )
    trace_minutes: int = Field(
        60,
        ge=0,
        le=7 * 24 * 60,
        description="Minutes that the steps of a call are kept in Redis for `fernamt call trace`; 0: none.",
    )
    sip_capture: IpAddress | None = Field(
        None,
        description="Where the intake listens for copies of SIP messages (HEP), docs/trace.md; left out: "
        "there is no SIP ladder.",
    )
    controllers: Few[Address] = Field(
        (("127.0.0.1", 8084),),
        description="Where controllers take calls; nodes try them in this order, for 110 and "
        "112 those on the node's own machine first. One on another machine that is off costs every call "
        "the kernel's patience (docs/operation.md): name those on the node's machine first.",
    )
    node: NodeEntry = Field(description="The switch.")
    other_nodes: Few[OtherNodeEntry] = Field(
        (),
        description="The nodes on other machines. Contact centres distribute the callers of all nodes, and "
        "agents are reached whichever node their phone is registered with.",
    )
    lab_network: dict[str, Address] | None = Field(
        None, description="Lab only: host:port of the carrier's files -> host:port on this machine."
    )
    operators: dict[str, Annotated[Role, Field(strict=False)]] = Field(
        {},
        description="Roles of this machine's accounts: viewer, support, billing, admin (docs/security.md). "
        "Left out: whoever can read the settings may do everything.",
    )
    guard: GuardEntry | None = Field(
        None, description="Guard of the SIP ports against scanners and floods; left out: `up` starts none."
    )


def load_settings(path: Path) -> Settings:
    """Read the file. Raises ConfigInvalid with every problem and its file:line:column."""
    problems = Problems()
    return _validated(read_paths([path], problems), problems)


def settings_from(text: str, name: str) -> Settings:
    """The same from memory; `name` stands in messages."""
    problems = Problems()
    return _validated(read_documents([(name, text.encode())], problems), problems)


def _validated(source: Any, problems: Problems) -> Settings:
    problems.raise_if_any()
    try:
        return Settings.model_validate(source.tree)
    except ValidationError as error:
        for finding in findings(error, Settings, ()):
            problems.add(source.places.problem(finding))
        problems.raise_if_any()
        raise ConfigInvalid([source.places.problem(Finding("settings.invalid", (), str(error)))]) from error
