"""Programs of the kernel's classic packet filter (bpf(4); linux/filter.h), as bytes for SO_ATTACH_FILTER.

They run for every packet before a socket takes it. `SKF_NET_OFF` counts from the IP header, so that the same
program fits UDP, TCP and packet sockets. A program has at most 4,096 instructions, which bounds the lists.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Sequence
from typing import Final

#: (code, jump if true, jump if false, constant)
Instruction = tuple[int, int, int, int]

MAX_INSTRUCTIONS: Final = 4_096
#: Sources in one program: an IPv6 network takes five instructions, and while one program replaces another
#: both count against net.core.optmem_max (128 KiB since Linux 6.8).
MOST_BANNED: Final = 400
MOST_SLOWED: Final = 50
#: A jump goes over at most 255 instructions.
MOST_PORTS: Final = 200

_LD_WORD: Final = 0x20
_LD_HALF: Final = 0x28
_LD_BYTE: Final = 0x30
_LD_LENGTH: Final = 0x80
#: X = the length of an IPv4 header; and a half word so far behind X.
_LDX_HEADER: Final = 0xB1
_LD_HALF_BEHIND: Final = 0x48
_RSH: Final = 0x74
_JA: Final = 0x05
_JEQ: Final = 0x15
_JGT: Final = 0x25
_JGE: Final = 0x35
_JSET: Final = 0x45
_RET: Final = 0x06

_NET: Final = 0x1_0000_0000 - 0x10_0000
_ANCILLARY: Final = 0x1_0000_0000 - 0x1000
_PACKET_TYPE: Final = _ANCILLARY + 4
_RANDOM: Final = _ANCILLARY + 56

_DROP: Final[Instruction] = (_RET, 0, 0, 0)
_TAKE: Final[Instruction] = (_RET, 0, 0, 0xFFFF_FFFF)
_OUTGOING: Final = 4
_TCP, _UDP = 6, 17
#: IPv6 headers that may stand before those (RFC 8200 4.1): hop by hop, routing, fragment, destination.
V6_EXTENSIONS: Final = (0, 43, 44, 60)
_UDP_HEAD: Final = 8
_FRAGMENT: Final = 0x1FFF
#: Of a slowed source's packets one in ten gets through; UDP peers send what is lost again (RFC 3261 17.1).
_ONE_IN_TEN: Final = 0xFFFF_FFFF // 10
#: Where the list of slowed sources ends; `_to_the_end` says how far that is.
_ON: Final[Instruction] = (_JA, 0, 0, 0)


def barrier(banned: Sequence[str], slowed: Sequence[str]) -> bytes:
    """Take everything but packets of `banned` sources, and nine of ten UDP packets of `slowed` ones.

    What an emergency call begins with is taken from slowed ones too, see `_thin_out`. Sources are texts of
    dialplan.strangers: an IPv4 address or an IPv6 /64. ValueError for more than MOST_BANNED or MOST_SLOWED.
    """
    if len(banned) > MOST_BANNED or len(slowed) > MOST_SLOWED:
        raise ValueError(f"{len(banned)} banned and {len(slowed)} slowed sources do not fit in one program")
    four = [
        (_LD_WORD, 0, 0, _NET + 12),
        *_each_v4(banned, [_DROP]),
        *_to_the_end(_each_v4(slowed, [_ON])),
        *_thin_out(_NET + 9),
    ]
    six = [*_each_v6(banned, [_DROP]), *_to_the_end(_each_v6(slowed, [_ON])), *_thin_out(_NET + 6)]
    return _assembled([*_if_v6(four), *six])


def meter(ports: Sequence[int], skipped: Sequence[str]) -> bytes:
    """For a packet socket: what comes in by UDP or TCP for one of the ports, but from `skipped` sources.

    At most MOST_BANNED sources and MOST_PORTS ports. IPv4 fragments behind the first one are left out. IPv6
    packets with extension headers are let through whatever their port: firewall.meter looks behind those.
    """
    if len(skipped) > MOST_BANNED or len(ports) > MOST_PORTS:
        raise ValueError("too many sources or ports for one program")
    only_in = [(_LD_WORD, 0, 0, _PACKET_TYPE), (_JEQ, 0, 1, _OUTGOING), _DROP]
    four = [
        (_LD_HALF, 0, 0, _NET + 6),
        (_JSET, 0, 1, _FRAGMENT),
        _DROP,
        *_if_transport(_NET + 9),
        (_LD_WORD, 0, 0, _NET + 12),
        *_each_v4(skipped, [_DROP]),
        (_LDX_HEADER, 0, 0, _NET),
        *_if_port(_LD_HALF_BEHIND, _NET + 2, ports),
    ]
    six = [
        *_each_v6(skipped, [_DROP]),
        *_take_extended(_NET + 6),
        *_if_transport(_NET + 6),
        *_if_port(_LD_HALF, _NET + 42, ports),
    ]
    return _assembled([*only_in, *_if_v6(four), *six])


def _to_the_end(block: list[Instruction]) -> list[Instruction]:
    """The list of slowed sources with its jumps: behind it what is not among them is taken, then comes what
    thins out the others."""
    jumps = [(_JA, 0, 0, len(block) - at) if each == _ON else each for at, each in enumerate(block)]
    return [*jumps, _TAKE]


def _thin_out(transport_at: int) -> list[Instruction]:
    """Take one UDP packet in ten, but everything that a call to 110 or 112 needs: its INVITE with and without
    credentials, ACK, and answers to us. The data of a UDP socket's packet begins with the UDP header.

    TCP is let in: its sender has shown where it is, or gets no further than the kernel.
    """
    return [
        (_LD_BYTE, 0, 0, transport_at),
        (_JEQ, 17, 0, _TCP),  # take
        (_LD_LENGTH, 0, 0, 0),
        (_JGE, 0, 12, _UDP_HEAD + 16),  # shorter: by chance
        (_LD_WORD, 0, 0, _UDP_HEAD),
        (_JEQ, 13, 0, _text(b"ACK ")),
        (_JEQ, 12, 0, _text(b"SIP/")),
        (_JEQ, 0, 8, _text(b"INVI")),
        (_LD_WORD, 0, 0, _UDP_HEAD + 4),
        (_JEQ, 0, 6, _text(b"TE s")),
        (_LD_WORD, 0, 0, _UDP_HEAD + 8),
        (_JEQ, 0, 4, _text(b"ip:1")),
        (_LD_WORD, 0, 0, _UDP_HEAD + 12),
        (_RSH, 0, 0, 8),
        (_JEQ, 4, 0, _text(b"10@")),
        (_JEQ, 3, 0, _text(b"12@")),
        (_LD_WORD, 0, 0, _RANDOM),  # by chance
        (_JGT, 0, 1, _ONE_IN_TEN),
        _DROP,
        _TAKE,
    ]


def _text(four: bytes) -> int:
    return int.from_bytes(four)


def _take_extended(next_header_at: int) -> list[Instruction]:
    count = len(V6_EXTENSIONS)
    asked = [(_JEQ, count - 1 - at, int(at == count - 1), kind) for at, kind in enumerate(V6_EXTENSIONS)]
    return [(_LD_BYTE, 0, 0, next_header_at), *asked, _TAKE]


def _if_v6(four: list[Instruction]) -> list[Instruction]:
    """Run `four` for IPv4; go on behind it for IPv6."""
    return [(_LD_BYTE, 0, 0, _NET), (_RSH, 0, 0, 4), (_JEQ, 0, 1, 6), (_JA, 0, 0, len(four)), *four]


def _if_transport(at: int) -> list[Instruction]:
    return [(_LD_BYTE, 0, 0, at), (_JEQ, 2, 0, _UDP), (_JEQ, 1, 0, _TCP), _DROP]


def _if_port(load: int, at: int, ports: Sequence[int]) -> list[Instruction]:
    asked = [(_JEQ, len(ports) - number, 0, port) for number, port in enumerate(ports)]
    return [(load, 0, 0, at), *asked, _DROP, _TAKE]


def _each_v4(sources: Sequence[str], then: list[Instruction]) -> list[Instruction]:
    """`then` for each of these; the source's address is in the accumulator."""
    found: list[Instruction] = []
    for source in sources:
        if ":" not in source:
            found += [(_JEQ, 0, len(then), int(ipaddress.IPv4Address(source))), *then]
    return found


def _each_v6(sources: Sequence[str], then: list[Instruction]) -> list[Instruction]:
    """The same by the first 64 bits of an IPv6 source."""
    found: list[Instruction] = []
    for source in sources:
        if ":" in source:
            bits = int(ipaddress.IPv6Network(source).network_address)
            found += [
                (_LD_WORD, 0, 0, _NET + 8),
                (_JEQ, 0, 2 + len(then), bits >> 96),
                (_LD_WORD, 0, 0, _NET + 12),
                (_JEQ, 0, len(then), bits >> 64 & 0xFFFF_FFFF),
                *then,
            ]
    return found


def _assembled(program: list[Instruction]) -> bytes:
    if len(program) > MAX_INSTRUCTIONS:
        raise ValueError(f"{len(program)} instructions, the kernel takes {MAX_INSTRUCTIONS}")
    return b"".join(struct.pack("HBBI", *each) for each in program)
