"""Running the lab switch: start, end, reload, limits, clients of others."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from lab.robots import Answer, RobotPhone, tone
from tests.integration.lab_switch.configuration import PASSWORD
from tests.integration.lab_switch.switch_process import InboundSocket, SwitchUnderTest, wait_until
from tests.integration.lab_switch.test_calls import dial

from .conftest import NewPhone


def test_it_says_when_it_is_ready(own_lab: SwitchUnderTest) -> None:
    ports = own_lab.ports
    assert own_lab.first_line == (
        f"lab switch ready: event_socket=127.0.0.1:{ports.event_socket} "
        f"carrier=127.0.0.1:{ports.carrier} phone=127.0.0.1:{ports.phone}\n"
    )


def test_sigterm_hangs_up_writes_the_records_and_ends(
    own_lab: SwitchUnderTest, new_phone: NewPhone, caller: RobotPhone
) -> None:
    peer = new_phone(port=own_lab.ports.peer)
    peer.on_call(Answer())
    call = dial(own_lab, caller, "leg-one-x")
    call.wait("answered")
    own_lab.process.terminate()
    assert own_lab.process.wait(5) == 0
    report = call.wait("ended")
    record = own_lab.leg_record(report.sip_call_id)
    assert record["variables"]["hangup_cause"] == "SYSTEM_SHUTDOWN"
    assert own_lab.other_leg_record(record)["variables"]["answer_uepoch"] != "0"


def run_lab(folder: Path) -> subprocess.CompletedProcess[str]:
    folders = [word for name in ("conf", "log", "db", "run") for word in (f"-{name}", f"{folder}/{name}")]
    return subprocess.run(
        [sys.executable, "-m", "lab", "switch", *folders],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_a_port_in_use_is_a_clear_error(own_lab: SwitchUnderTest) -> None:
    done = run_lab(own_lab.folder)
    assert done.returncode == 1
    assert f"lab.port_taken: Event Socket 127.0.0.1:{own_lab.ports.event_socket}" in done.stderr


def test_a_broken_configuration_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    done = run_lab(tmp_path)
    assert done.returncode == 1
    assert f"lab.configuration: {tmp_path}/conf/freeswitch.xml" in done.stderr


def test_reloadxml_takes_the_new_dialplan_and_keeps_the_old_one_when_it_is_broken(
    own_lab: SwitchUnderTest, caller: RobotPhone
) -> None:
    dialplan = own_lab.folder / "conf/dialplan.xml"
    old = dialplan.read_text()
    with InboundSocket(own_lab.ports.event_socket) as client:
        dialplan.write_text("<include><context name='carrier'><extension")
        assert client.api("reloadxml").startswith("-ERR")
        assert dial(own_lab, caller, "hangup-USER_BUSY").wait("ended").final_code == 486
        dialplan.write_text(old.replace("^hangup-(.+)$", "^auflegen-(.+)$"))
        assert client.api("reloadxml") == "+OK [Success]\n"
    assert dial(own_lab, caller, "auflegen-USER_BUSY").wait("ended").final_code == 486


def test_a_paused_switch_takes_no_calls(own_lab: SwitchUnderTest, caller: RobotPhone) -> None:
    with InboundSocket(own_lab.ports.event_socket) as client:
        client.api("fsctl pause")
        assert dial(own_lab, caller, "hangup-USER_BUSY").wait("ended").final_code == 503
        client.api("fsctl resume")
    assert dial(own_lab, caller, "hangup-USER_BUSY").wait("ended").final_code == 486


def test_heartbeats_come_as_json_too(own_lab: SwitchUnderTest) -> None:
    with InboundSocket(own_lab.ports.event_socket) as client:
        assert client.command("event json HEARTBEAT")["Reply-Text"] == "+OK event listener enabled json"
        headers, body = client.read()
        assert headers["Content-Type"] == "text/event-json"
        assert '"Event-Name": "HEARTBEAT"' in body


def test_twenty_calls_a_second_with_audio_all_get_through(
    own_lab: SwitchUnderTest, new_phone: NewPhone, caller: RobotPhone
) -> None:
    peer = new_phone(port=own_lab.ports.peer)
    peer.on_call(Answer(play=tone(440)))
    calls = [dial(own_lab, caller, "leg-one-x", talk_ms=800, play=tone(600)) for _ in range(40)]
    for call in calls:
        report = call.wait("ended", 20)
        assert (report.final_code, report.problem) == (200, None)
        assert report.rtp.packets_lost == 0
    records = own_lab.folder / "cdr"
    wait_until(lambda: len(list(records.glob("*.cdr.json"))) == 80, "80 records")
    with InboundSocket(own_lab.ports.event_socket) as client:
        assert client.api("show channels count") == "\n0 total.\n"


def test_greenswitch_finds_its_way_around(switch: SwitchUnderTest, caller: RobotPhone) -> None:
    """An independent Event Socket client, run in a process of its own because it patches everything."""
    script = (
        "import gevent.monkey; gevent.monkey.patch_all()\n"
        "import greenswitch, sys\n"
        f"client = greenswitch.InboundESL(host='127.0.0.1', port={switch.ports.event_socket}, "
        f"password={PASSWORD!r})\n"
        "client.connect()\n"
        "seen = []\n"
        "client.register_handle('CHANNEL_HANGUP_COMPLETE', lambda event: seen.append(event))\n"
        "client.send('EVENTS PLAIN CHANNEL_HANGUP_COMPLETE')\n"
        "print(client.send('api uuid_exists x').data.strip(), flush=True)\n"
        "import gevent\n"
        "with gevent.Timeout(8):\n"
        "    while not seen: gevent.sleep(0.01)\n"
        "print(seen[0].headers['Hangup-Cause'], flush=True)\n"
        "client.stop()\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        try:
            assert client.stdout is not None
            assert client.stdout.readline() == "false\n"
            dial(switch, caller, "hangup-CALL_REJECTED").wait("ended")
            assert client.stdout.readline() == "CALL_REJECTED\n"
        finally:
            client.kill()


def test_options_are_answered_and_unknown_methods_refused(
    switch: SwitchUnderTest, caller: RobotPhone
) -> None:
    def ask(method: str) -> str:
        text = (
            f"{method} sip:127.0.0.1 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{caller.port};branch=z9hG4bK{method}\r\n"
            f"From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:b@127.0.0.1>\r\nCall-ID: {method}@test\r\n"
            f"CSeq: 1 {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )
        replies = caller.send_raw(text.encode(), ("127.0.0.1", switch.ports.carrier), 300)
        return replies[0].split(" ")[1]

    assert ask("OPTIONS") == "200"
    assert ask("TANZEN") in ("405", "501")


def test_a_listener_that_goes_away_is_forgotten(own_lab: SwitchUnderTest) -> None:
    for _ in range(50):
        with InboundSocket(own_lab.ports.event_socket) as client:
            client.command("event plain ALL")
    with InboundSocket(own_lab.ports.event_socket) as client:
        assert client.login == "+OK accepted"
        with socket.create_connection(("127.0.0.1", own_lab.ports.event_socket)):
            assert client.api("status").startswith("UP ")
