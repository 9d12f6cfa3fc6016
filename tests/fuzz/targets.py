"""One function for each reader: foreign bytes in; what is raised besides its own errors is a finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from dialplan.cdr import RecordUnreadable
from freeswitch.errors import ProtocolError
from freeswitch.events import event_of
from freeswitch.json_cdr import parse
from freeswitch.protocol import EVENT_JSON, EVENT_PLAIN, Framer, Limits, Message
from numbering.classes import NumberClass
from numbering.dial import Dialled, Line, normalise
from provisioning.errors import ConfigInvalid
from provisioning.load import load_documents

_SMALL: Final = Limits(header_line=200, headers=40, header_block=2_000, body=4_000)
_LINES: Final = (Line("221"), Line("30"))


def event_socket(data: bytes) -> None:
    """A stream, whole and byte by byte: the same messages, the same end; every event can be looked into."""
    whole, whole_end = _messages([data])
    single, single_end = _messages([data[at : at + 1] for at in range(len(data))])
    assert [(each.content_type, each.body) for each in whole] == [
        (each.content_type, each.body) for each in single
    ]
    assert whole_end == single_end
    for message in whole:
        if message.content_type in (EVENT_PLAIN, EVENT_JSON):
            with suppress(ProtocolError):
                event = event_of(message)
                for name in ("Unique-ID", "Event-Subclass", "variable_sip_from_user", "Content-Length"):
                    event.get(name)
                _ = event.body, event.subclass, repr(event), dict(event.headers)


def _messages(chunks: list[bytes]) -> tuple[list[Message], str]:
    found: list[Message] = []
    framer = Framer(_SMALL)
    try:
        for chunk in chunks:
            for message in framer.receive_data(chunk):
                found.append(message)  # one by one: what came before an error counts
        framer.receive_eof()
    except ProtocolError as error:
        return found, error.id
    return found, ""


def dialled_number(data: bytes) -> None:
    """Any text is a number or refused; what became a number means the same when it is dialled in E.164."""
    text = data.decode("utf-8", "replace")
    for line in _LINES:
        found = normalise(text, line)
        if isinstance(found, Dialled) and found.number_class is not NumberClass.EMERGENCY:
            written = str(found.number)
            again = normalise(written, line)
            assert isinstance(again, Dialled), (text, written, again)
            assert (again.number, again.number_class) == (found.number, found.number_class)


def configuration(data: bytes) -> None:
    """Files are a configuration, or refused with problems that have a place and fit on a line each."""
    try:
        load_documents([("fuzzed.yaml", data)])
    except ConfigInvalid as error:
        for problem in error.problems:
            assert problem.id
            assert len(str(problem).splitlines()) == 1


def call_record(data: bytes) -> None:
    """A record is read, with what fits into the database, or unreadable."""
    with suppress(RecordUnreadable):
        leg = parse(data)
        assert leg.started_at <= leg.ended_at
        for text in (leg.leg_id, leg.call_id, leg.b_dialled, leg.a_network):
            assert text is None or ("\0" not in str(text) and len(str(text)) <= 4_096)
            str(text).encode()


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "event_socket": event_socket,
    "dialled_number": dialled_number,
    "configuration": configuration,
    "call_record": call_record,
}
