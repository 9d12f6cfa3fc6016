"""Events parsed per second: ours against greenswitch, the same bytes in one run.

    python benchmarks/event_parsing.py [--json] [--events N] [--rounds N]

One synthetic event of 15 KB with 190 headers, as large as FreeSWITCH's channel data, sent N times. Both
sides get the stream as from a socket, cut messages, and read ten headers of every event. The best of the
rounds counts, in turn, so that a busy moment of the machine hits both.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import sys
import time
from collections.abc import Callable
from urllib.parse import quote

from greenswitch.esl import ESLProtocol

from freeswitch.events import event_of
from freeswitch.protocol import Framer

HEADERS = 190
#: What FreeSWITCH's switch_url_encode leaves as it is, besides letters and digits.
UNENCODED = "!$'()*,-./_~"
VALUES = (
    "",
    "8d6d5e5c-0000-4000-8000-000000000003",
    "true",
    "1763785843123456",
    "PCMA@8000h@20i@64000b,PCMU@8000h@20i@64000b",
    "sip:02214710123@127.0.0.1:5060;transport=udp",
    "sofia/carrier/+4930231250@127.0.0.1:5070",
    "v=0\r\no=switch 1763785843 1763785844 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 16390 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n",
    "127.0.0.1",
    '"Zoë Beispiel" <sip:+4930231250@127.0.0.1>;tag=9a8b7c6d',
    "default",
)
CHUNK = 64 * 1024
LOOKED_AT = (
    "Event-Name",
    "Unique-ID",
    "Caller-Caller-ID-Name",
    "Caller-Destination-Number",
    "Channel-State",
    *(f"variable_name_of_a_variable_{number}" for number in (2, 40, 95, 141, 171)),
)
#: The requirement: events per second on one core.
REQUIRED = 15_000


def synthetic_event() -> bytes:
    """A text/event-plain message of about 15 KB: values of the kinds and lengths that a SIP leg has."""
    headers = {
        "Event-Name": "CHANNEL_ANSWER",
        "Core-UUID": "8d6d5e5c-0000-4000-8000-000000000001",
        "Unique-ID": "8d6d5e5c-0000-4000-8000-000000000002",
        "Channel-State": "CS_EXECUTE",
        "Caller-Caller-ID-Name": "Zoë Beispiel, Köln",
        "Caller-Destination-Number": "02214710123",
    }
    for number in range(HEADERS - len(headers)):
        headers[f"variable_name_of_a_variable_{number}"] = VALUES[number % len(VALUES)]
    lines = [f"{name}: {quote(value, safe=UNENCODED) or '_undef_'}" for name, value in headers.items()]
    body = "\n".join(lines).encode() + b"\n\n"
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(body) + body


def ours(stream: bytes) -> int:
    """Events read from the stream by our parser."""
    framer = Framer()
    seen = 0
    for start in range(0, len(stream), CHUNK):
        for message in framer.receive_data(stream[start : start + CHUNK]):
            event = event_of(message)
            seen += all(event.get(name) for name in LOOKED_AT)
    return seen


def greenswitchs(stream: bytes) -> int:
    """The same by greenswitch's reader, without its sockets and greenlets."""
    protocol = ESLProtocol()
    protocol.connected = True
    protocol.sock_file = io.BytesIO(stream)
    protocol.receive_events()
    seen = 0
    while protocol._esl_event_queue.qsize():
        headers = protocol._esl_event_queue.get().headers
        seen += all(headers.get(name) for name in LOOKED_AT)
    return seen


def per_second(parse: Callable[[bytes], int], stream: bytes, events: int) -> float:
    """Events per second of CPU time."""
    began = time.process_time()
    assert parse(stream) == events, "a parser lost events or headers"
    return events / (time.process_time() - began)


def measure(events: int, rounds: int) -> dict[str, object]:
    """The figures, as they are printed."""
    message = synthetic_event()
    stream = message * events
    fast = slow = 0.0
    for _ in range(rounds):
        fast = max(fast, per_second(ours, stream, events))
        slow = max(slow, per_second(greenswitchs, stream, events))
    return {
        "event_bytes": len(message),
        "headers": HEADERS,
        "headers_read": len(LOOKED_AT),
        "ours_per_s": round(fast),
        "greenswitch_per_s": round(slow),
        "ratio": round(fast / slow, 1),
        "required_per_s": REQUIRED,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def main() -> int:
    """0 when the requirement is met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the figures for programs")
    parser.add_argument("--events", type=int, default=2000, help="events in the stream")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the best counts")
    chosen = parser.parse_args()
    figures = measure(chosen.events, chosen.rounds)
    if chosen.json:
        print(json.dumps(figures))
    else:
        print("{event_bytes} bytes, {headers} headers, {headers_read} of them read".format(**figures))
        print("ours        {ours_per_s:>7} events/s".format(**figures))
        print("greenswitch {greenswitch_per_s:>7} events/s".format(**figures))
        print("ratio       {ratio:>7}   (required: {required_per_s} events/s)".format(**figures))
    return 0 if int(str(figures["ours_per_s"])) >= REQUIRED else 1


if __name__ == "__main__":
    sys.exit(main())
