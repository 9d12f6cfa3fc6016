"""One node for a small carrier, and its configuration as it was last read over by a person.

`python -m tests.unit.freeswitch.node` writes the golden file anew: read the difference before committing.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from dialplan.carrier import SipAddress, Srtp, Transport
from dialplan.snapshot import Snapshot
from freeswitch.render import render
from freeswitch.settings import EventSocketAddress, SwitchSettings, TlsSettings
from tests.unit.dialplan.carriers import BAU_2, PHONE_1, snapshot
from tests.unit.dialplan.teams_customer import with_teams

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


GOLDEN_TLS: Final = GOLDEN.with_name("freeswitch-tls.xml")
TLS_SETTINGS: Final = replace(
    SETTINGS,
    tls=TlsSettings(
        Path("/var/lib/fernamt/tls"),
        carrier_port=5065,
        trunk_port=5071,
        phone_port=5081,
        wss_port=7443,
        teams_port=5061,
    ),
)


def rendered_with_tls() -> str:
    """The node with certificates: a trunk by TLS, a browser, a customer with Teams."""
    carrier = with_teams()
    trunks = {
        **carrier.trunks,
        BAU_2.id: replace(
            BAU_2, address=SipAddress("pbx.bau.example", 5061, Transport.TLS), srtp=Srtp.REQUIRED
        ),
    }
    phones = {**carrier.phones, PHONE_1.id: replace(PHONE_1, webrtc=True)}
    return render(replace(carrier, trunks=trunks, phones=phones), TLS_SETTINGS)


def rendered(carrier: Snapshot | None = None) -> str:
    """The configuration of the node for this carrier."""
    return render(carrier or snapshot(), SETTINGS)


if __name__ == "__main__":
    GOLDEN.write_text(rendered())
    GOLDEN_TLS.write_text(rendered_with_tls())
