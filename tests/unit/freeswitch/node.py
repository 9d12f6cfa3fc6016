"""One node for a small carrier, and its configuration as it was last read over by a person.

`python -m tests.unit.freeswitch.node` writes the golden file anew: read the difference before committing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dialplan.snapshot import Snapshot
from freeswitch.render import render
from freeswitch.settings import EventSocketAddress, SwitchSettings
from tests.unit.dialplan.carriers import snapshot

GOLDEN: Final = Path(__file__).parent / "golden" / "freeswitch.xml"
ES_PASSWORD: Final = "event-socket-geheimnis"
DOMAIN: Final = "phones.fernamt.invalid"

SETTINGS: Final = SwitchSettings(
    node="node-1",
    carrier_port=5060,
    trunk_port=5070,
    phone_port=5080,
    event_socket=EventSocketAddress("127.0.0.1", 8021, ES_PASSWORD),
    controllers=(("127.0.0.1", 8084), ("127.0.0.1", 8085)),
    cdr_dir=Path("/var/spool/fernamt/cdr"),
    sounds_dir=Path("/usr/share/fernamt/sounds"),
)


def rendered(carrier: Snapshot | None = None) -> str:
    """The configuration of the node for this carrier."""
    return render(carrier or snapshot(), SETTINGS)


if __name__ == "__main__":
    GOLDEN.write_text(rendered())
