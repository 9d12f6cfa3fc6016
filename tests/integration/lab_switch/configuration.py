"""A small FreeSWITCH configuration that the lab and FreeSWITCH both load."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "geheim-im-labor"
DOMAIN = "telefone.example"
PHONE_PASSWORD = "tisch-geheim"

_MODULES = (
    "mod_logfile mod_event_socket mod_sofia mod_commands mod_dptools mod_dialplan_xml mod_json_cdr "
    "mod_sndfile mod_tone_stream mod_native_file"
)

_FREESWITCH_XML = """<?xml version="1.0"?>
<document type="freeswitch/xml">
  <X-PRE-PROCESS cmd="set" data="controllers=127.0.0.1:{controller}"/>
  <X-PRE-PROCESS cmd="include" data="parts/*.xml"/>
  <section name="dialplan">
    <X-PRE-PROCESS cmd="include" data="dialplan.xml"/>
  </section>
  <section name="directory">
    <domain name="{domain}"><groups><group name="alle"><users>
      <user id="tisch1"><params><param name="password" value="{phone_password}"/></params>
        <variables><variable name="fernamt_phone" value="tisch-1"/></variables></user>
      <user id="tisch2"><params><param name="password" value="{phone_password}"/></params></user>
    </users></group></groups></domain>
  </section>
</document>
"""

_PARTS_XML = """<include>
<section name="configuration">
  <configuration name="modules.conf"><modules>{modules}</modules></configuration>
  <configuration name="logfile.conf"><settings/><profiles><profile name="default">
    <settings><param name="logfile" value="{folder}/log/freeswitch.log"/></settings>
    <mappings><map name="all" value="console,debug,info,notice,warning,err,crit,alert"/></mappings>
  </profile></profiles></configuration>
  <configuration name="switch.conf"><settings>
    <param name="switchname" value="knoten-1"/><param name="max-sessions" value="500"/>
    <param name="sessions-per-second" value="200"/><param name="api-expansion" value="false"/>
    <param name="loglevel" value="debug"/>
  </settings></configuration>
  <configuration name="event_socket.conf"><settings>
    <param name="nat-map" value="false"/><param name="listen-ip" value="127.0.0.1"/>
    <param name="listen-port" value="{event_socket}"/><param name="password" value="{password}"/>
    <param name="apply-inbound-acl" value="loopback.auto"/>
  </settings></configuration>
  <configuration name="json_cdr.conf"><settings>
    <param name="log-b-leg" value="true"/><param name="prefix-a-leg" value="true"/>
    <param name="encode-values" value="false"/><param name="log-dir" value="{folder}/cdr"/>
    <param name="rotate" value="false"/>
  </settings></configuration>
  <configuration name="acl.conf"><network-lists>
    <list name="peers" default="deny"><node type="allow" cidr="127.0.0.1/32"/></list>
  </network-lists></configuration>
  <configuration name="sofia.conf"><profiles>
    <profile name="carrier"><gateways>
        <gateway name="gut"><param name="proxy" value="127.0.0.1:{peer}"/>
          <param name="realm" value="127.0.0.1"/><param name="register" value="false"/>
          <param name="caller-id-in-from" value="true"/></gateway>
        <gateway name="zu"><param name="proxy" value="127.0.0.1:{closed}"/>
          <param name="realm" value="127.0.0.1"/><param name="register" value="false"/>
          <param name="caller-id-in-from" value="true"/></gateway>
        <gateway name="selbst"><param name="proxy" value="127.0.0.1:{phone}"/>
          <param name="realm" value="{domain}"/><param name="register" value="true"/>
          <param name="username" value="tisch2"/><param name="password" value="{phone_password}"/>
          <param name="retry-seconds" value="5"/></gateway>
        <gateway name="amt"><param name="proxy" value="127.0.0.1:{closed}"/>
          <param name="register" value="false"/><param name="username" value="konto"/>
          <param name="extension" value="auto"/></gateway>
        <gateway name="fest"><param name="proxy" value="127.0.0.1:{closed}"/>
          <param name="register" value="false"/><param name="username" value="hangup-USER_BUSY"/></gateway>
        <gateway name="stumm"><param name="proxy" value="127.0.0.1:{closed}"/>
          <param name="register" value="false"/><param name="ping" value="5"/></gateway>
        <gateway name="gefragt"><param name="proxy" value="127.0.0.1:{peer}"/>
          <param name="register" value="false"/><param name="ping" value="5"/>{watched}</gateway>
        <gateway name="taub"><param name="proxy" value="127.0.0.1:{closed}"/>
          <param name="register" value="false"/><param name="ping" value="5"/>{watched}</gateway>
        <gateway name="tcp"><param name="proxy" value="127.0.0.1:{peer}"/>
          <param name="register" value="false"/><param name="register-transport" value="tcp"/></gateway>
      </gateways><settings>{common}<param name="sip-port" value="{carrier}"/>
        <param name="context" value="carrier"/><param name="auth-calls" value="false"/>
        <param name="apply-inbound-acl" value="peers"/><param name="disable-register" value="true"/>
        <param name="timer-T1X64" value="2500"/>
    </settings></profile>
    <profile name="phone"><settings>{common}<param name="sip-port" value="{phone}"/>
        <param name="context" value="phone"/><param name="auth-calls" value="true"/>
        <param name="challenge-realm" value="{domain}"/>
        <param name="force-register-domain" value="{domain}"/>
        <param name="force-register-db-domain" value="{domain}"/>
    </settings></profile>
  </profiles></configuration>
</section>
</include>
"""

_COMMON = "".join(
    f'<param name="{name}" value="{value}"/>'
    for name, value in {
        "sip-ip": "127.0.0.1",
        "rtp-ip": "127.0.0.1",
        "dialplan": "XML",
        "inbound-codec-prefs": "PCMA,PCMU",
        "outbound-codec-prefs": "PCMA,PCMU",
        "inbound-codec-negotiation": "generous",
        "rfc2833-pt": "101",
        "dtmf-type": "rfc2833",
        "rtp-timer-name": "soft",
        "caller-id-type": "pid",
        "enable-timer": "false",
        "manage-presence": "false",
        "disable-transfer": "true",
    }.items()
)


#: As freeswitch/render/sofia.py has it: every answer is an event, none makes the gateway go down.
_WATCHED = (
    '<param name="ping-min" value="0"/><param name="ping-max" value="1"/>'
    '<param name="ping-monitoring" value="true"/>'
)


@dataclass(frozen=True, slots=True)
class Ports:
    """Free ports of one switch and its peers."""

    carrier: int
    phone: int
    event_socket: int
    controller: int
    peer: int
    closed: int

    @classmethod
    def free(cls) -> Ports:
        """Ports nobody uses now, on UDP and TCP."""
        taken: list[socket.socket] = []
        numbers: list[int] = []
        while len(numbers) < 6:
            tcp, udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            taken += [tcp, udp]
            tcp.bind(("127.0.0.1", 0))
            number = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", number))
            except OSError:
                continue
            numbers.append(number)
        for one in taken:
            one.close()
        return cls(*numbers)


def write_configuration(folder: Path, ports: Ports, dialplan: str) -> None:
    """`folder`/conf with everything, and the folders that FreeSWITCH wants to find."""
    for name in ("conf/parts", "log", "db", "run", "cdr", "sounds"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    values = {
        "folder": folder,
        "domain": DOMAIN,
        "password": PASSWORD,
        "phone_password": PHONE_PASSWORD,
        "common": _COMMON,
        "watched": _WATCHED,
        "modules": "".join(f'<load module="{name}"/>' for name in _MODULES.split()),
        "carrier": ports.carrier,
        "phone": ports.phone,
        "event_socket": ports.event_socket,
        "controller": ports.controller,
        "peer": ports.peer,
        "closed": ports.closed,
    }
    (folder / "conf/freeswitch.xml").write_text(_FREESWITCH_XML.format(**values))
    (folder / "conf/parts/configuration.xml").write_text(_PARTS_XML.format(**values))
    (folder / "conf/dialplan.xml").write_text(dialplan)
