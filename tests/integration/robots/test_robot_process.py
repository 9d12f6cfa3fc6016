"""The robots' process: its lines, its limits, its death, its use under gevent."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap

import pytest

from lab.robots import CommandRefusedError, Robots, RobotsDied, RobotsTimeoutError


def talk(data: bytes) -> list[dict[str, object]]:
    """What a fresh process answers to these lines; it must end by itself when stdin closes."""
    done = subprocess.run(
        [sys.executable, "-m", "lab.robots"], input=data, capture_output=True, timeout=30, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_bad_lines_are_answered_and_the_process_lives_until_stdin_ends() -> None:
    lines = [
        b"no json",
        b"[1]",
        b"x" * 3_000_000,
        b'{"id":1,"cmd":"fly"}',
        b'{"id":2,"cmd":"phone","name":7}',
        b'{"id":3,"cmd":"phone","name":"a","port":0,"transport":"udp","local_ip":"192.0.2.1"}',
        b'{"id":4,"cmd":"phone","name":"a","port":0,"transport":"udp","local_ip":"127.0.0.1"}',
    ]
    replies = talk(b"\n".join(lines) + b"\n")
    assert [reply["id"] for reply in replies] == [None, None, None, 1, 2, 3, 4]
    assert ["ok" in reply for reply in replies] == [False] * 6 + [True]
    assert "longer than" in str(replies[2])
    assert "'fly' is not known" in str(replies[3])


def test_the_death_of_the_process_is_told_with_its_status() -> None:
    with Robots.start() as robots:
        phone = robots.phone("a")
        os.kill(robots.process.pid, signal.SIGKILL)
        with pytest.raises(RobotsDied, match="status -9"):
            phone.incoming(10)
        with pytest.raises(RobotsDied):
            robots.phone("b")


def test_a_command_after_the_stop_is_refused() -> None:
    with Robots.start() as robots:
        phone = robots.phone("a")
    with pytest.raises(RobotsDied):
        phone.register(("127.0.0.1", 5060), "example.org")
    robots.stop()


def test_waiting_has_an_end(robots: Robots) -> None:
    with pytest.raises(RobotsTimeoutError, match=r"a call to lonely"):
        robots.phone("lonely").incoming(0.05)


def test_names_and_ports_are_given_once(robots: Robots) -> None:
    phone = robots.phone("twin")
    with pytest.raises(CommandRefusedError, match="exists already"):
        robots.phone("twin")
    with pytest.raises(CommandRefusedError, match="use port 0"):
        robots.phone("twin-2", port=phone.port)


GEVENT = """
    from gevent import monkey
    monkey.patch_all()
    import gevent
    from lab.robots import Answer, Robots, tone

    beats = []

    def beat():
        while True:
            beats.append(1)
            gevent.sleep(0.01)

    with Robots.start() as robots:
        heart = gevent.spawn(beat)
        callee, caller = robots.phone("callee"), robots.phone("caller")
        callee.on_call(Answer(after_ms=200, talk_ms=100))
        calls = [gevent.spawn(lambda: caller.call(callee.uri).wait("ended", 10)) for _ in range(5)]
        reports = [call.get(timeout=20) for call in calls]
        heart.kill()
    assert [report.final_code for report in reports] == [200] * 5, reports
    assert len(beats) > 10, len(beats)
    print("greenlets ran on")
"""


def test_the_client_works_under_gevent_without_stopping_other_greenlets() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(GEVENT)],
        capture_output=True,
        timeout=60,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "greenlets ran on", done.stderr


def test_the_port_of_a_closed_phone_is_free_at_once() -> None:
    with Robots.start() as robots:
        for n in range(100):
            phone = robots.phone(f"phone-{n}")
            phone.close()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as next_one:
                next_one.bind((phone.host, phone.port))
                assert next_one.getsockname()[1] == phone.port
