"""The kernel's own filters on real sockets: who is banned is not heard, everybody else is."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from firewall.attach import SocketBarrier, set_filter
from firewall.bpf import MAX_INSTRUCTIONS, MOST_BANNED, MOST_PORTS, MOST_SLOWED, barrier, meter
from firewall.errors import NobodyListens
from firewall.proc_net import dropped_at, dropped_in

ATTACKER, FRIEND = "127.0.0.66", "127.0.0.67"


@pytest.fixture
def door() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(10)
        yield opened


def send(source: str, to: socket.socket, text: bytes = b"x", times: int = 1) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((source, 0))
        for _ in range(times):
            sender.sendto(text, to.getsockname())


def test_a_banned_address_is_not_heard_and_others_are(door: socket.socket) -> None:
    placed = SocketBarrier([door.getsockname()[1]])
    assert placed.put([ATTACKER, "2001:db8::/64"], []) == 1
    send(ATTACKER, door, b"attack")
    send(FRIEND, door, b"call")
    assert door.recv(100) == b"call"
    placed.lift_all()
    send(ATTACKER, door, b"again")
    assert door.recv(100) == b"again"


def test_a_slowed_address_is_heard_one_time_in_ten(door: socket.socket) -> None:
    SocketBarrier([door.getsockname()[1]]).put([], [ATTACKER])
    heard = 0
    for _ in range(20):
        send(ATTACKER, door, times=50)
        send(FRIEND, door, b"end")
        while door.recv(100) != b"end":
            heard += 1
    assert 30 < heard < 250


@pytest.mark.parametrize(
    "text",
    [
        b"INVITE sip:112@192.0.2.10 SIP/2.0\r\n\r\n",
        b"INVITE sip:110@fernamt.example:5080;transport=udp SIP/2.0\r\n\r\n",
        b"ACK sip:mod_sofia@192.0.2.10 SIP/2.0\r\n\r\n",
        b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n",
    ],
)
def test_a_slowed_address_reaches_110_and_112(door: socket.socket, text: bytes) -> None:
    """B8: with and without credentials, its ACK and its answers."""
    SocketBarrier([door.getsockname()[1]]).put([], [FRIEND, ATTACKER, "192.0.2.9", "2001:db8::/64"])
    send(ATTACKER, door, text, times=100)
    assert [door.recv(1_000) for _ in range(100)] == [text] * 100


@pytest.mark.parametrize(
    "text", [b"INVITE sip:1120@h SIP/2.0", b"INVITE sip:0221@h SIP/2.0", b"REGISTER sip:112@h SIP/2.0", b""]
)
def test_what_is_no_emergency_call_of_a_slowed_address_is_thinned_out(
    door: socket.socket, text: bytes
) -> None:
    SocketBarrier([door.getsockname()[1]]).put([], [ATTACKER])
    send(ATTACKER, door, text, times=100)
    send(FRIEND, door, b"end")
    heard = 0
    while door.recv(1_000) != b"end":
        heard += 1
    assert heard < 60


def test_ipv6_sources_are_slowed_by_their_network_and_reach_112() -> None:
    call, other = b"INVITE sip:112@h SIP/2.0", b"OPTIONS sip:112@h SIP/2.0"
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as door:
        try:
            door.bind(("::1", 0))
        except OSError:
            pytest.skip("there is no IPv6 on this machine")
        door.settimeout(10)
        set_filter(door.fileno(), barrier(["2001:db8::/64"], ["2001:db8:1::/64", "::/64"]))
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
            for _ in range(100):
                sender.sendto(other, door.getsockname())
            for _ in range(100):
                sender.sendto(call, door.getsockname())
        door.settimeout(0.2)
        heard: list[bytes] = []
        with suppress(TimeoutError):
            while len(heard) < 200:
                heard.append(door.recv(1_000))
    assert heard.count(call) == 100
    assert heard.count(other) < 60


def test_the_filter_is_put_on_the_socket_of_another_program() -> None:
    program = (
        "import socket,sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.1', 0)); "
        "print(s.getsockname()[1], flush=True)\n"
        "while (got := s.recv(100)) != b'end': print(got.decode(), flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        try:
            if SocketBarrier([port]).put([ATTACKER], []) != 1:
                pytest.fail("the other program's socket was not found")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.bind((ATTACKER, 0))
                sender.sendto(b"attack", ("127.0.0.1", port))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.bind((FRIEND, 0))
                sender.sendto(b"call", ("127.0.0.1", port))
                sender.sendto(b"end", ("127.0.0.1", port))
            assert other.stdout.read() == "call\n"
        finally:
            other.kill()


def test_new_tcp_connections_of_a_banned_address_are_not_answered() -> None:
    with socket.socket() as listening, socket.socket() as attacker, socket.socket() as friend:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        SocketBarrier([listening.getsockname()[1]]).put([ATTACKER], [])
        friend.bind((FRIEND, 0))
        friend.settimeout(10)
        friend.connect(listening.getsockname())
        attacker.bind((ATTACKER, 0))
        attacker.settimeout(0.3)
        with pytest.raises(TimeoutError):
            attacker.connect(listening.getsockname())


def test_ipv6_sources_are_banned_by_their_network() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as door:
        try:
            door.bind(("::1", 0))
        except OSError:
            pytest.skip("there is no IPv6 on this machine")
        door.settimeout(10)
        set_filter(door.fileno(), barrier(["::/64"], []))
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"attack", door.getsockname())
            set_filter(door.fileno(), barrier(["2001:db8::/64"], []))
            sender.sendto(b"call", door.getsockname())
        assert door.recv(100) == b"call"


def test_nobody_on_the_port_is_said_so() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    with pytest.raises(NobodyListens, match=str(port)):
        SocketBarrier([port]).put([ATTACKER], [])


def test_the_largest_programs_fit_and_larger_lists_are_refused(door: socket.socket) -> None:
    many = [f"2001:db8:{n:x}::/64" for n in range(MOST_BANNED + 1)]
    slowed = [f"2001:db9:{n:x}::/64" for n in range(MOST_SLOWED)]
    largest = barrier(many[:MOST_BANNED], slowed)
    assert len(largest) // 8 <= MAX_INSTRUCTIONS
    set_filter(door.fileno(), largest)
    send(FRIEND, door, b"call")
    assert door.recv(100) == b"call"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        set_filter(other.fileno(), meter(range(5060, 5060 + MOST_PORTS), many[:MOST_BANNED]))
    for banned, also in ((many, []), ([], many[: MOST_SLOWED + 1])):
        with pytest.raises(ValueError, match="do not fit"):
            barrier(banned, also)


def test_sockets_are_given_back(door: socket.socket) -> None:
    """A handle that stayed open would keep the port taken when the switch is started again."""
    placed = SocketBarrier([door.getsockname()[1]])
    placed.put([ATTACKER], [])
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(20):
        placed.put([ATTACKER, f"192.0.2.{number}"], [])
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_the_sip_sockets_drop_is_counted() -> None:
    """The table of proc_pid_net(5): two sockets on 5060, one elsewhere, and a line that is cut."""
    zero = "00000000:00000000"
    rows = [
        f"  {number}: 0100007F:{port:04X} {zero} 07 {zero} 00:00000000 00000000 0 0 40 2 0 {drops}"
        for number, (port, drops) in enumerate([(5060, 7), (5060, 5), (5099, 100)])
    ]
    text = "\n".join(["  sl  local_address", *rows, "  9: 0100007F:13C4 0000"])
    assert dropped_in(text, frozenset({5060, 5080})) == 12
    assert dropped_at(frozenset({1})) == 0
