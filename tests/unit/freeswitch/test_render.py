"""The rendered configuration: well formed, safe, and able to place emergency calls by itself."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.carrier import Credentials, Peer, Registration, Trunk
from dialplan.decide import decide
from dialplan.reasons import all_ids
from freeswitch.render import render, write
from tests.unit.dialplan.carriers import (
    AT,
    BAU,
    BAU_1,
    BAU_2,
    BERLIN,
    BERLIN_2,
    CARRIER_A,
    CARRIER_B,
    KANZLEI,
    KOELN,
    PHONE_1,
    PHONE_2,
    blocked,
    from_phone,
    snapshot,
    without_carriers,
)
from tests.unit.freeswitch.node import ES_PASSWORD, GOLDEN, SETTINGS, rendered
from tests.unit.freeswitch.static_calls import from_static_phone, from_static_trunk

#: What actions and conditions may expand: set by us, by the rendered directory, or by FreeSWITCH from what
#: it measures itself. Nothing here can be written with a SIP message.
OURS = {
    *(f"fernamt_leg_{number}" for number in range(1, 9)),
    *("fernamt_do", "sofia_profile_name", "fernamt_cause", "fernamt_sip_code"),
    *("fernamt_then", "fernamt_default", "fernamt_sounds", "fernamt_music", "fernamt_watched"),
    "fernamt_music_on",
    *("fernamt_whisper", "fernamt_why"),
    # A number of ours or what `queue_variables` found to be one; one key; sounds of ours.
    *("fernamt_dialled", "playback_terminator_used", "fernamt_say", "fernamt_noted"),
    *(f"fernamt_body_{number}" for number in range(2, 9)),
    *(f"fernamt_pause_{number}" for number in range(2, 9)),
    *("fernamt_place", "fernamt_line", "fernamt_b_number", "fernamt_announcement"),
    *("originate_disposition", "sip_network_port", "uuid"),
    # What became of the INVITE; the codecs in common, by names that FreeSWITCH knows.
    *("endpoint_disposition", "ep_codec_string"),
    # Of the node, not of a channel: an operator sets it.
    "fernamt_drained",
}
PASSWORDS = ("telefon-geheimnis-1", "telefon-geheimnis-2")


@pytest.fixture(scope="module")
def text() -> str:
    return rendered()


@pytest.fixture(scope="module")
def tree(text: str) -> Element:
    return ElementTree.fromstring(text)  # noqa: S314 - made by ourselves


def params(tree: Element, where: str) -> dict[str, str]:
    """The parameters below a path."""
    return {each.get("name", ""): each.get("value", "") for each in tree.findall(f"{where}/param")}


def test_the_configuration_is_as_it_was_read_over(text: str) -> None:
    assert text == GOLDEN.read_text(), (
        "it changed: run `python -m tests.unit.freeswitch.node` and read the difference"
    )


def test_no_password_stands_in_clear_but_those_we_register_with(text: str, tree: Element) -> None:
    assert not [each for each in PASSWORDS if each in text]
    assert text.count("registrier-geheimnis") == 2
    assert params(tree, ".//gateway[@name='carrier-a']")["password"] == "registrier-geheimnis"
    assert text.count(ES_PASSWORD) == 1
    assert params(tree, ".//configuration[@name='event_socket.conf']/settings")["password"] == ES_PASSWORD


def test_a_phone_is_known_by_the_hash_of_its_password(tree: Element) -> None:
    """RFC 2617 A1: MD5 of kanzlei-1:phones.fernamt.invalid:telefon-geheimnis-1."""
    user = params(tree, ".//user[@id='kanzlei-1']/params")
    assert user == {"a1-hash": "176ffe8dab935708b606b3960a2e200f"}


def test_no_action_expands_what_a_caller_can_write(tree: Element) -> None:
    """FreeSWITCH expands values again and again, so a dialled `${…}` must never get into one."""
    texts = [each.get("data", "") for each in tree.iter("action")]
    texts += [each.get("field", "") for each in tree.iter("condition")]
    expanded = {name for each in texts for name in re.findall(r"\$\{([^}]*)\}", each)}
    assert expanded == OURS
    assert not [each for each in texts if "$${" in each]


def test_captured_digits_are_all_that_goes_from_a_dialled_number_into_an_action(tree: Element) -> None:
    for extension in tree.iter("extension"):
        data = " ".join(each.get("data", "") for each in extension.iter("action"))
        if re.search(r"\$[0-9]", data):
            (condition,) = extension.findall("condition")
            assert condition.get("expression", "").count("(110|112)") == 1
            assert set(re.findall(r"\$([0-9])", data)) == {"1"}


def test_api_calls_in_variables_are_switched_off(tree: Element) -> None:
    assert params(tree, ".//configuration[@name='switch.conf']/settings")["api-expansion"] == "false"


def test_every_static_reason_is_one_that_exists(text: str) -> None:
    found = set(re.findall(r"fernamt_reason=([a-z.-]+)", text))
    assert found == {each for each in all_ids() if each.startswith("static.")}


@pytest.mark.parametrize("digits", ["110", "112"])
def test_every_customers_trunk_and_phone_has_its_emergency_calls_rendered(digits: str) -> None:
    """Guarantee 1: without a controller, over all emergency trunks, with the right number; also blocked."""
    carrier = snapshot(customers=(blocked(BAU), blocked(KANZLEI)))
    tree = ElementTree.fromstring(rendered(carrier))  # noqa: S314
    for number, attempts in (
        (KOELN, from_static_trunk(tree, "bau-1", digits)),
        (KOELN, from_static_trunk(tree, "bau-2", digits)),
        (BERLIN, from_static_phone(tree, "kanzlei-1", digits)),
        (BERLIN_2, from_static_phone(tree, "Kanzlei.2", digits)),
    ):
        first, second, *again = (each.bridge for each in attempts)
        hasty = [each.replace("_timeout=120,origin", "_timeout=10,origin") for each in again]
        assert hasty == 2 * [first, second]
        assert [each.pause_ms for each in attempts] == [0, 0, 1_000, 0, 3_000, 0]
        assert first.endswith(f"]sofia/gateway/carrier-a/{digits}")
        assert second.endswith(f"]sofia/gateway/carrier-b/{digits}")
        for bridge in (first, second):
            assert f"origination_caller_id_number={number}," in bridge
            assert "hide" not in bridge
            assert "${" not in bridge
            assert bridge.startswith("[leg_timeout=600,leg_progress_timeout=10,")
            assert ",media_timeout=0,execute_on_sip_reinvite=set media_timeout_audio=0," in bridge, (
                "no silence ends it"
            )


def test_without_a_controller_an_emergency_call_has_no_limit_of_freeswitchs_own(tree: Element) -> None:
    """60 s of ringing, and the silence that ends other calls: on the caller's side too."""
    (begins,) = (
        each.get("data", "") for each in tree.iter("action") if "static.emergency" in each.get("data", "")
    )
    assert {"call_timeout=601", "media_timeout=0"} <= set(begins.split(";"))
    assert "execute_on_sip_reinvite=set media_timeout_audio=0" in begins.split(";")


def static_match(tree: Element, digits: str, ip: str, port: int) -> str | None:
    """The first extension of the emergency context that a request from this source meets."""
    facts = {
        "destination_number": f"trunk-{digits}",
        "network_addr": ip,
        "${sip_network_port}": str(port),
    }
    for extension in tree.iterfind(".//context[@name='emergency']/extension"):
        tests = [(each.get("field", ""), each.get("expression", "")) for each in extension.iter("condition")]
        if all(re.search(expression, facts[field]) for field, expression in tests):
            return extension.get("name")
    return None


#: Known by its own address, which it shares with nobody.
ALONE = replace(BAU_1, peers=(Peer("198.51.100.20", 5060),))


@pytest.mark.parametrize("trunks", [(BAU_1, BAU_2), (BAU_2, BAU_1), (ALONE,), (ALONE, BAU_2)])
@pytest.mark.parametrize("port", [5060, 5070, 50_700])
def test_a_static_emergency_call_is_the_same_trunks_as_the_controllers(
    trunks: tuple[Trunk, ...], port: int
) -> None:
    """One address may be several trunks: with a port, and the rest of it."""
    carrier = snapshot(trunks=(CARRIER_A, CARRIER_B, *trunks))
    tree = ElementTree.fromstring(rendered(carrier))  # noqa: S314
    trunk = carrier.trunk_at("198.51.100.20", port)
    found = static_match(tree, "112", "198.51.100.20", port)
    assert found == (f"trunk-{trunk.id}" if trunk is not None else None)


def test_the_dots_of_an_address_are_dots(tree: Element) -> None:
    assert static_match(tree, "112", "198051010020", 5070) is None
    assert static_match(tree, "112", "198.51.100.201", 5070) is None


def test_without_emergency_trunks_the_configuration_is_still_whole() -> None:
    tree = ElementTree.fromstring(rendered(without_carriers()))  # noqa: S314
    assert from_static_trunk(tree, "bau-1", "112") == []


@given(
    st.text(alphabet="0123456789*#+", max_size=12)
    | st.from_regex(r"([*#]31#)?(010[0-9]{2,4})?11[0-3]#?(;phone-context=\+49)?", fullmatch=True)
)
def test_the_static_part_knows_the_same_emergency_numbers_as_the_controller(dialled: str) -> None:
    """NotrufV §4(5). What only the controller understands (URIs, separators) needs a controller."""
    tree_expression = EMERGENCY.search(GOLDEN.read_text())
    assert tree_expression is not None
    static = re.search(tree_expression[1], dialled, re.ASCII)
    decided = decide(from_phone(dialled), snapshot(), AT)
    found = decided.facts.b_number if decided.reason.id == "emergency.route" else None
    assert (static[1] if static else None) == found


EMERGENCY = re.compile(r'"offer-emergency">\s*<condition field="destination_number" expression="([^"]*)"')


def test_only_configured_addresses_may_send_calls(tree: Element) -> None:
    lists = {each.get("name"): each for each in tree.iter("list")}
    assert all(each.get("default") == "deny" for each in lists.values())
    allowed = {name: [node.get("cidr") for node in each] for name, each in lists.items()}
    assert allowed == {
        "carrier-peers": ["192.0.2.10/32", "192.0.2.11/32"],
        "trunk-peers": ["198.51.100.20/32"],
        "phone-inside": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"],
    }
    for entry in ("carrier", "trunk"):
        assert params(tree, f".//profile[@name='{entry}']/settings")["apply-inbound-acl"] == f"{entry}-peers"


def test_phones_must_authenticate(tree: Element) -> None:
    phone = params(tree, ".//profile[@name='phone']/settings")
    assert phone["auth-calls"] == "true"
    assert phone["accept-blind-auth"] == phone["accept-blind-reg"] == "false"
    assert phone["inbound-reg-force-matching-username"] == "true"


def test_no_challenge_leaves_a_line_with_the_dialled_number(tree: Element) -> None:
    """F4, TDDDG sections 9 and 12: FreeSWITCH's log has no clock of ours."""
    for profile in tree.iter("profile"):
        if profile.find("gateways") is not None:
            assert params(profile, "settings")["log-auth-failures"] == "false"


def test_everything_listens_where_the_settings_say(tree: Element) -> None:
    for profile in tree.iter("profile"):
        if profile.get("name") in ("carrier", "trunk", "phone"):
            found = params(profile, "settings")
            assert found["sip-ip"] == found["rtp-ip"] == "127.0.0.1"
    socket = params(tree, ".//configuration[@name='event_socket.conf']/settings")
    assert (socket["listen-ip"], socket["apply-inbound-acl"]) == ("127.0.0.1", "loopback.auto")


def test_calls_go_past_the_registration(tree: Element) -> None:
    """Decision 0010: FreeSWITCH makes no call to a gateway whose REGISTER failed."""
    registering = params(tree, ".//gateway[@name='carrier-a.R']")
    calling = params(tree, ".//gateway[@name='carrier-a']")
    differs = {name for name in calling if calling[name] != registering.get(name)}
    assert differs == {"register", "extension", "extension-in-contact"}
    assert (registering["register"], calling["register"]) == ("true", "false")
    assert not registering.keys() - calling.keys()
    assert calling["extension"] == "gw+carrier-a.R", "the Contact's user is the registered one"
    assert registering["extension"] == "auto", "FreeSWITCH knows a call to it by that name"
    assert "ping" not in calling, "nothing is told of its state"
    text = ElementTree.tostring(tree, "unicode")
    assert "sofia/gateway/carrier-a/" in text, "as every earlier release rendered it"
    assert "sofia/gateway/carrier-a.R" not in text


def test_values_are_escaped() -> None:
    secret = """a"b<c>&'d"""
    carrier = snapshot(
        trunks=(
            replace(CARRIER_A, registration=Registration("user", Credentials("user", secret))),
            BAU_1,
            BAU_2,
        )
    )
    tree = ElementTree.fromstring(rendered(carrier))  # noqa: S314
    assert params(tree, ".//gateway[@name='carrier-a']")["password"] == secret


def test_an_ipv6_peer_is_admitted_alone() -> None:
    trunk = replace(BAU_1, peers=(Peer("2001:db8::20"),))
    text = rendered(snapshot(trunks=(CARRIER_A, CARRIER_B, trunk, BAU_2)))
    assert 'cidr="2001:db8::20/128"' in text


def test_phones_of_one_snapshot_make_one_user_each(tree: Element) -> None:
    assert [each.get("id") for each in tree.iter("user")] == [
        each.credentials.username for each in (PHONE_1, PHONE_2)
    ]


def test_frslint_finds_nothing_wrong() -> None:
    program = Path(sys.executable).with_name("frslint")
    if not program.exists():
        pytest.skip("frslint is not installed (extra dev)")
    done = subprocess.run(  # the linter's analysis of undefined variables and expressions
        [program, "analyze", GOLDEN, "--format", "json"], capture_output=True, timeout=60, check=False
    )
    assert json.loads(done.stdout)["issues"] == []


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "conf", "<document/>")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "<document/>"


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """Written beside and renamed: an open file keeps its content, and nothing is left over."""
    texts = [f"<document>{letter * 200_000}</document>" for letter in "ab"]
    path = write(tmp_path, texts[0])
    done = threading.Event()
    seen: set[str] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(40):
        write(tmp_path, texts[number % 2])
    done.set()
    reader.join(timeout=10)
    assert seen <= set(texts)
    assert [each.name for each in tmp_path.iterdir()] == ["freeswitch.xml"]


@pytest.mark.parametrize(
    ("codecs", "webrtc", "modules"),
    [
        (("PCMA", "PCMU"), False, set()),
        (("G722",), False, {"mod_spandsp"}),
        (("OPUS", "PCMA"), False, {"mod_opus"}),
        (("PCMA", "G722", "OPUS"), False, {"mod_spandsp", "mod_opus"}),
        (("PCMA",), True, {"mod_spandsp", "mod_opus"}),
    ],
)
def test_the_modules_of_configured_codecs_are_loaded_and_have_their_settings(
    codecs: tuple[str, ...], webrtc: bool, modules: set[str]
) -> None:
    """With certificates or without: a trunk by UDP may speak G.722."""
    carrier = snapshot()
    trunks = {name: replace(each, codecs=codecs) for name, each in carrier.trunks.items()}
    narrow = {name: replace(each, codecs=("PCMA",)) for name, each in carrier.phones.items()}
    phones = {**narrow, PHONE_1.id: replace(PHONE_1, webrtc=True)} if webrtc else narrow
    tree = ElementTree.fromstring(render(replace(carrier, trunks=trunks, phones=phones), SETTINGS))  # noqa: S314
    loaded = {each.get("module") for each in tree.iter("load")} & {"mod_spandsp", "mod_opus"}
    files = {each.get("name") for each in tree.iter("configuration")}
    assert loaded == modules
    assert {f"mod_{name}" for name in ("spandsp", "opus") if f"{name}.conf" in files} == modules
