"""What calls from known addresses are taken with: access lists that name users of the directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.media.g711 import Codec
from lab.switch.config.load import load
from lab.switch.sip.codecs import in_common, named

A, U = Codec.PCMA, Codec.PCMU
DOCUMENT = """<document type="freeswitch/xml">
<section name="configuration"><configuration name="acl.conf"><network-lists>
 <list name="trunk-peers" default="deny">
  <node type="allow" domain="trunk-peers"/><node type="allow" cidr="198.51.100.0/24"/>
 </list>
</network-lists></configuration></section>
<section name="directory">
 <domain name="trunk-peers"><groups><group name="g"><users>
  <user id="198.51.100.20" cidr="198.51.100.20/32"><variables>
   <variable name="absolute_codec_string" value="PCMU,PCMA"/>
  </variables></user>
 </users></group></groups></domain>
 <domain name="elsewhere"><user id="x" cidr="198.51.100.21/32"/></domain>
</section></document>"""


def test_a_list_lets_in_the_users_of_the_domain_that_it_names_and_knows_them(tmp_path: Path) -> None:
    (tmp_path / "freeswitch.xml").write_text(DOCUMENT)
    loaded = load(tmp_path, {})
    listed = loaded.acls["trunk-peers"]
    assert listed.user_at("198.51.100.20") == ("198.51.100.20", "trunk-peers")
    assert [listed.user_at(each) for each in ("198.51.100.21", "phone.example")] == [None, None]
    assert [listed.allows(each) for each in ("198.51.100.20", "198.51.100.21", "203.0.113.1")] == [
        True,
        True,
        False,
    ]
    user = loaded.find_user("198.51.100.20", "trunk-peers")
    assert user is not None
    assert user.variables["absolute_codec_string"] == "PCMU,PCMA"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [(None, (A, U)), ("PCMU,PCMA", (U, A)), ("^^:G722:PCMU", (U,)), ("OPUS", (A, U))],
)
def test_a_leg_speaks_what_its_channel_says_and_the_lab_has(
    wanted: str | None, found: tuple[Codec, ...]
) -> None:
    assert named(wanted, (A, U)) == found


@pytest.mark.parametrize(("greedy", "chosen"), [(True, U), (False, A)])
def test_the_offers_order_counts_unless_ours_does(greedy: bool, chosen: Codec) -> None:
    assert in_common((U, A), (A, U), greedy=greedy)[0] is chosen
    assert in_common((U,), (A,), greedy=greedy) == ()
