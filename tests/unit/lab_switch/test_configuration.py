"""Loading a FreeSWITCH configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.errors import ConfigurationError
from lab.switch.config.load import load
from lab.switch.config.settings import is_true, whole

DOCUMENT = """<document type="freeswitch/xml">
  <X-PRE-PROCESS cmd="set" data="wert=aus-dem-satz"/>
  <X-PRE-PROCESS cmd="include" data="teile/*.xml"/>
  <section name="directory"><domain name="Telefone.Example">
    <params><param name="dial-string" value="x"/></params>
    <groups><group name="g"><users><user id="tisch1"><params><param name="a1-hash" value="$${wert}"/></params>
    </user></users></group></groups></domain></section>
</document>"""
PART = """<include>
  <section name="configuration">
    <configuration name="sofia.conf"><profiles><profile name="carrier">
      <gateways><gateway name="g1"><param name="proxy" value="127.0.0.1:5090"/></gateway></gateways>
      <settings><param name="sip-port" value="5080"/><param name="sip-ip" value="127.0.0.1"/></settings>
    </profile></profiles></configuration>
    <configuration name="acl.conf"><network-lists><list name="peers" default="deny">
      <node type="allow" cidr="127.0.0.0/8"/><node type="deny" cidr="127.0.0.2/32"/></list></network-lists>
    </configuration>
    <configuration name="json_cdr.conf"><settings><param name="log-dir" value="$${conf_dir}/cdr"/></settings>
    </configuration>
  </section>
  <section name="dialplan"><context name="c"><extension name="e">
    <condition field="destination_number" expression="^1$"><action application="set" data="x=$${wert}"/>
    </condition></extension></context></section>
</include>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "teile").mkdir()
    (tmp_path / "freeswitch.xml").write_text(DOCUMENT)
    (tmp_path / "teile/a.xml").write_text(PART)
    return tmp_path


def test_includes_and_globals_make_one_configuration(folder: Path) -> None:
    found = load(folder, {"conf_dir": str(folder)})
    assert found.globals["wert"] == "aus-dem-satz"
    profile = found.profiles["carrier"]
    assert (profile.sip_ip, profile.sip_port) == ("127.0.0.1", 5080)
    gateway = profile.gateways[0]
    assert (gateway.host, gateway.port, gateway.transport) == ("127.0.0.1", 5090, "udp")
    user = found.find_user("tisch1", "TELEFONE.example")
    assert user is not None
    assert user.params == {"dial-string": "x", "a1-hash": "aus-dem-satz"}
    assert found.cdr.log_dir == folder / "cdr"
    action = found.contexts["c"].extensions[0].conditions[0].actions[0]
    assert (action.application, action.data) == ("set", "x=aus-dem-satz")


def test_the_narrowest_network_of_an_access_list_decides(folder: Path) -> None:
    peers = load(folder, {}).acls["peers"]
    assert peers.allows("127.0.0.1")
    assert not peers.allows("127.0.0.2")
    assert not peers.allows("10.0.0.1")
    assert not peers.allows("kein Netz")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('cmd="include"', 'cmd="exec"', r"freeswitch\.xml:3: X-PRE-PROCESS cmd='exec'"),
        ('data="wert=aus-dem-satz"', 'data="wert"', r"freeswitch\.xml:2: set wants name=value"),
        ("</document>", "", r"after preprocessing: "),
        ("<document", "<!DOCTYPE x><document", "document types are not read"),
    ],
)
def test_a_broken_document_says_where(folder: Path, old: str, new: str, message: str) -> None:
    (folder / "freeswitch.xml").write_text(DOCUMENT.replace(old, new))
    with pytest.raises(ConfigurationError, match=message):
        load(folder, {})


def test_what_the_lab_does_not_have_is_refused_by_name(folder: Path) -> None:
    (folder / "teile/a.xml").write_text(PART.replace('field="destination_number"', 'wday="2-6"'))
    with pytest.raises(ConfigurationError, match="context c, extension e: the lab does not have wday"):
        load(folder, {})


def test_a_circle_of_includes_ends(folder: Path) -> None:
    (folder / "teile/b.xml").write_text('<X-PRE-PROCESS cmd="include" data="b.xml"/>')
    with pytest.raises(ConfigurationError, match="nested deeper than 16"):
        load(folder, {})


def test_words_and_numbers_are_read_as_freeswitch_reads_them() -> None:
    assert [is_true(word) for word in ("true", "YES", "on", "1", "0", "nein", None)] == [
        True,
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert [whole(text, 7) for text in ("12x", "-3", "x", "", None)] == [12, -3, 0, 0, 7]
