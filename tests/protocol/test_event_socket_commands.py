"""Commands: what goes on the wire, and what never does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freeswitch import api_calls, commands
from freeswitch.api_calls import Legs, ThenDial, ThenRun
from freeswitch.commands import ApiCall, EventFormat, Subscription
from freeswitch.dialstring import DialString
from freeswitch.errors import ChannelGone, CommandFailed, CommandRefused, UnexpectedReply
from freeswitch.replies import checked, rows_of

CHANNEL = "6b1f3e0c-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        (commands.auth("lab secret"), b"auth lab secret\n\n"),
        (commands.userauth("fernamt", "example.test", "x y"), b"userauth fernamt@example.test:x y\n\n"),
        (
            commands.subscribe(Subscription(("CHANNEL_ANSWER",), ("sofia::register",))),
            b"event plain CHANNEL_ANSWER CUSTOM sofia::register\n\n",
        ),
        (
            commands.subscribe(Subscription(("HEARTBEAT",), format=EventFormat.JSON)),
            b"event json HEARTBEAT\n\n",
        ),
        (commands.unsubscribe(Subscription(("HEARTBEAT",))), b"nixevent HEARTBEAT\n\n"),
        (commands.no_events(), b"noevents\n\n"),
        (commands.filter_events("Unique-ID", CHANNEL), f"filter Unique-ID {CHANNEL}\n\n".encode()),
        (commands.connect(), b"connect\n\n"),
        (commands.leave(), b"exit\n\n"),
        (commands.linger(5), b"linger 5\n\n"),
        (commands.api(ApiCall("status")), b"api status\n\n"),
        (
            commands.bgapi(ApiCall("reloadxml"), "job-1"),
            b"bgapi reloadxml\nJob-UUID: job-1\n\n",
        ),
        (
            commands.execute("answer"),
            b"sendmsg\ncall-command: execute\nexecute-app-name: answer\n\n",
        ),
        (
            commands.execute("sleep", "10", channel="c-1", event_uuid="e-1", loops=2, event_lock=True),
            b"sendmsg c-1\ncall-command: execute\nexecute-app-name: sleep\nevent-uuid: e-1\nloops: 2\n"
            b"event-lock: true\ncontent-type: text/plain\ncontent-length: 2\n\n10",
        ),
        (
            commands.set_variables({"a": "1", "b": "x y"}),
            b"sendmsg\ncall-command: execute\nexecute-app-name: multiset\n"
            b"content-type: text/plain\ncontent-length: 12\n\n^^~a=1~b=x y",
        ),
        (
            commands.hangup("USER_BUSY", channel="c-1"),
            b"sendmsg c-1\ncall-command: hangup\nhangup-cause: USER_BUSY\n\n",
        ),
    ],
)
def test_a_command_is_written_like_this(command, wire):
    assert command.wire == wire


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (api_calls.status(), "status"),
        (api_calls.reload_xml(), "reloadxml"),
        (api_calls.reload_certificates(), "reloadcert"),
        (api_calls.show_channels(), "show channels as json"),
        (api_calls.uuid_exists("c-1"), "uuid_exists c-1"),
        (api_calls.uuid_kill("c-1"), "uuid_kill c-1 NORMAL_CLEARING"),
        (api_calls.uuid_bridge("c-1", "c-2"), "uuid_bridge c-1 c-2"),
        (api_calls.uuid_transfer("c-1", "*97#", context="phones"), "uuid_transfer c-1 *97# XML phones"),
        (
            api_calls.uuid_transfer("c-1", "110", context="x", b_leg=True),
            "uuid_transfer c-1 -bleg 110 XML x",
        ),
        (
            api_calls.uuid_broadcast("c-1", "/srv/ann ouncement.wav", Legs.BOTH),
            r"uuid_broadcast c-1 /srv/ann\souncement.wav both",
        ),
        (api_calls.uuid_setvar("c-1", "a", "it's b"), r"uuid_setvar c-1 a it\'s\sb"),
        (api_calls.uuid_setvar("c-1", "a", ""), "uuid_setvar c-1 a"),
        (api_calls.uuid_setvar_multi("c-1", {"a": "1", "b": "x "}), r"uuid_setvar_multi c-1 a=1;b=x\s"),
        (api_calls.uuid_getvar("c-1", "a"), "uuid_getvar c-1 a"),
        (
            api_calls.originate(DialString("[a='b c']sofia/gateway/t/+49"), ThenRun("park"), timeout_s=30),
            r"originate [a=\'b\sc\']sofia/gateway/t/+49 &park() XML default undef undef 30",
        ),
        (
            api_calls.originate(DialString("loopback/1"), ThenDial("02214710123", "trunks")),
            "originate loopback/1 02214710123 XML trunks undef undef 60",
        ),
    ],
)
def test_an_api_call_is_written_like_this(call, text):
    assert str(call) == text


BREAKS = ["a\nb", "a\rb", "a\0b", "a\n\nexit"]


@pytest.mark.parametrize("text", BREAKS)
@pytest.mark.parametrize(
    "build",
    [
        commands.auth,
        lambda text: commands.userauth("u", "d", text),
        lambda text: commands.userauth(text, "d", "p"),
        lambda text: commands.subscribe(Subscription((text,))),
        lambda text: commands.subscribe(Subscription((), (text,))),
        lambda text: commands.unsubscribe(Subscription((text,))),
        lambda text: commands.filter_events("Unique-ID", text),
        lambda text: commands.filter_events(text, "x"),
        lambda text: commands.api(ApiCall("status", text)),
        lambda text: commands.api(ApiCall(text)),
        lambda text: commands.bgapi(ApiCall("status", text), "j"),
        lambda text: commands.bgapi(ApiCall("status"), text),
        commands.execute,
        lambda text: commands.execute("sleep", channel=text),
        lambda text: commands.execute("sleep", event_uuid=text),
        lambda text: commands.set_variables({"a": text}),
        lambda text: commands.set_variables({text: "a"}),
        commands.hangup,
        api_calls.uuid_exists,
        lambda text: api_calls.uuid_kill("c", text),
        lambda text: api_calls.uuid_bridge("c", text),
        lambda text: api_calls.uuid_transfer("c", text, context="x"),
        lambda text: api_calls.uuid_transfer("c", "1", context=text),
        lambda text: api_calls.uuid_broadcast("c", text),
        lambda text: api_calls.uuid_setvar("c", "a", text),
        lambda text: api_calls.uuid_setvar_multi("c", {"a": text}),
        lambda text: api_calls.uuid_getvar("c", text),
        lambda text: api_calls.originate(DialString(text), ThenRun("park")),
        lambda text: api_calls.originate(DialString("x"), ThenRun("park", text)),
        lambda text: api_calls.originate(DialString("x"), ThenDial(text, "x")),
    ],
)
def test_no_argument_can_break_a_command(build, text):
    with pytest.raises(CommandRefused):
        build(text)


@pytest.mark.parametrize(
    "build",
    [
        lambda: commands.auth("x" * 40_000),
        lambda: commands.auth("\ud800"),
        lambda: commands.userauth("a@b", "d", "p"),
        lambda: commands.userauth("a", "d:e", "p"),
        lambda: commands.subscribe(Subscription()),
        lambda: commands.linger(0),
        lambda: commands.execute("sleep", loops=-1),
        lambda: commands.execute("playback", "x" * 600_000),
        lambda: commands.execute("playback", "a\0"),
        lambda: commands.execute("log", "${system(ls)}"),
        lambda: commands.execute("log", "$${x}"),
        lambda: commands.set_variables({}),
        lambda: commands.set_variables({f"v{n}": "" for n in range(251)}),
        lambda: commands.set_variables({"a": "${system(ls)}"}),
        lambda: commands.set_variables({"a": "$\\\\{x}"}),
        lambda: commands.set_variables({"a": "\x1b"}),
        lambda: commands.set_variables({"a=b": "c"}),
        lambda: commands.set_variables({"a[0]": "c"}),
        lambda: commands.set_variables({"a": "~#;|!&%"}),
        lambda: api_calls.uuid_setvar_multi("c", {"a": "b;c=d"}),
        lambda: api_calls.uuid_setvar_multi("c", {f"v{n}": "" for n in range(65)}),
        lambda: api_calls.uuid_setvar("c", "sip_multipart", "a\r\nb"),
        lambda: api_calls.originate(DialString("x"), ThenRun("park", "a)b")),
        lambda: api_calls.originate(DialString("x"), ThenRun("park"), timeout_s=0),
    ],
)
def test_what_freeswitch_would_misread_is_refused(build):
    with pytest.raises(CommandRefused):
        build()


def test_a_refused_password_is_not_quoted():
    with pytest.raises(CommandRefused) as caught:
        commands.auth("lab-secret\n")
    assert "lab-secret" not in str(caught.value)
    assert "lab-secret" not in repr(commands.auth("lab-secret"))


def test_an_argument_is_expanded_only_when_we_say_so():
    assert commands.execute("bridge", "${route}", expand=True).wire.endswith(b"\n\n${route}")


def test_line_breaks_are_for_a_multipart_body_only():
    wire = commands.set_variables({"sip_multipart": "text/plain:a\r\n\r\nb"}).wire
    assert wire.endswith(rb"^^~sip_multipart=text/plain:a\\r\\n\\r\\nb")


# Python models of what FreeSWITCH does with the list (verified on 1.11.3: tests/protocol/…on_freeswitch.py).


def expanded(text: str) -> str:
    if not any(pair in text for pair in (r"\\", r"\n", r"\s", r"\t", r"\'")):
        return text
    out, at = [], 0
    while at < len(text):
        if text[at : at + 2] == r"\\":
            out.append("\\")
            at += 2
        elif text[at : at + 2] == r"\'":
            at += 2
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


def split(text: str, mark: str) -> list[str]:
    items, item, at, kept = [], "", 0, 0
    escapes = {"n": "\n", "r": "\r", "t": "\t", "s": " ", "'": "'", '"': '"', "\\": "\\", mark: mark}
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in escapes:
            item += escapes[text[at + 1]]
            kept = len(item)
            at += 2
            continue
        if text[at] == mark:
            items.append(item[:kept])
            item, kept = "", 0
        else:
            assert text[at] != "'", "a quote that would swallow a delimiter"
            item += text[at]
            kept = len(item) if text[at] != " " else kept
        at += 1
    return [*items, item[:kept]]


def as_freeswitch_sets(wire: bytes) -> dict[str, str]:
    text = expanded(wire.partition(b"\n\n")[2].decode())
    assert text.startswith("^^")
    pairs = (item.partition("=") for item in split(text[3:], text[2]))
    return {name: expanded(value) for name, _, value in pairs}


values = st.text(st.sampled_from("ab '\\\\'' ;~#nrst\"$,=üß^"), max_size=12) | st.text(
    st.characters(exclude_categories=["Cc", "Cs"]), max_size=12
)


@given(st.dictionaries(st.sampled_from(["a", "b", "sip_h_X-Test"]), values, min_size=1))
def test_values_arrive_as_they_were_given_whatever_quotes_they_hold(variables):
    try:
        wire = commands.set_variables(variables).wire
    except CommandRefused:
        return
    assert as_freeswitch_sets(wire) == variables


def test_answers_that_are_errors_raise_with_freeswitchs_words():
    assert checked("+OK") == "+OK"
    with pytest.raises(CommandFailed, match="USER_BUSY") as caught:
        checked("-ERR USER_BUSY\n")
    assert caught.value.text == "-ERR USER_BUSY"
    assert not isinstance(caught.value, ChannelGone)
    with pytest.raises(ChannelGone):
        checked("-ERR No such channel!\n")
    with pytest.raises(ChannelGone):
        checked("-ERR invalid session id [x]")
    with pytest.raises(CommandFailed):
        checked("-USAGE: <uuid>")


def test_the_rows_of_a_show_command():
    assert rows_of('{"row_count":1,"rows":[{"uuid":"c-1","created_epoch":"5"}]}') == [
        {"uuid": "c-1", "created_epoch": "5"}
    ]
    assert rows_of('{"row_count":0}') == []
    for text in ("0 total.", "[]", '{"rows":[1]}', '{"rows":5}'):
        with pytest.raises(UnexpectedReply):
            rows_of(text)
