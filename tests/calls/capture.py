"""Takes calls of the demo as new folders of this directory: `python -m tests.calls.capture "in answered"`.

Needs FreeSWITCH on this machine (`--switch lab` takes them from the stand-in, for comparison only: FreeSWITCH
is the truth). What a folder holds and what is scrubbed is told in README.md.
"""

from __future__ import annotations

import json
import re
import socket
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

#: When every captured call is decided: on a Wednesday, ten in the morning in Germany.
DECIDED_AT: Final = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)

HERE: Final = Path(__file__).resolve().parent
#: Where the carrier's addresses are in every captured call, so that captures can be replayed for ever.
NETWORK: Final = {
    "192.0.2.10:5060": 25010,
    "192.0.2.11:5060": 25011,
    "198.51.100.20:5060": 25020,
    "198.51.100.21:5060": 25021,
    "203.0.113.30:5060": 25030,
}
_PORTS: Final = {
    "sip": {"carrier": 25060, "trunk": 25070, "phone": 25080},
    "event_socket": 25100,
    "controllers": [25101, 25102],
    "network": NETWORK,
}
#: Names of FreeSWITCH's own variables whose values tell of the machine and of nothing else.
_MACHINE: Final = re.compile(r"hostname|FreeSWITCH-IPv|local_media_ip_|_dir$|core_uuid", re.IGNORECASE)


def main(names: list[str], switch: str) -> None:
    """Play the demo's calls of these names and write a folder for each."""
    from gevent import monkey

    monkey.patch_all()

    from cli.demonstration.scenarios import SCENARIOS
    from cli.lab_settings import lab_settings
    from store.database import cooperate_with_gevent
    from tests.calls.own_scenarios import OWN_SCENARIOS

    cooperate_with_gevent()
    chosen = [each for each in (*SCENARIOS, *OWN_SCENARIOS) if each.name in names]
    with tempfile.TemporaryDirectory(prefix="fernamt-capture-") as place:
        state_dir = Path(place)
        state_dir.chmod(0o711)
        (state_dir / "lab.json").write_text(json.dumps(_PORTS))
        settings = lab_settings(state_dir, program=switch)
        for name, data, raws in _play(settings, chosen):
            _write(HERE / name.replace(" ", "-"), state_dir, data, raws)


def _play(settings: Any, chosen: list[Any]) -> list[tuple[str, bytes, list[bytes]]]:
    from datetime import timedelta

    from cli.bootstrap import engine, now
    from cli.demo import Records
    from cli.demonstration.stage import staged
    from cli.wiring.carrier import compile_carrier, load_carrier
    from cli.wiring.stack import Stack
    from dialplan.circumstances import Circumstances
    from dialplan.decide import decide
    from freeswitch.channel import ChannelData, Instructions
    from freeswitch.offer import decision_variables, offered_call
    from freeswitch.outbound import OutboundServer
    from store.cdr_repository import CdrRepository

    snapshot = compile_carrier(settings, load_carrier(settings), 1)
    seen: dict[str, bytes] = {}

    def handle(channel: ChannelData) -> Instructions:
        lines = [b"%s: %s" % (name.encode(), channel.headers.raw(name)) for name in channel.headers]
        seen[channel.variable("sip_call_id") or ""] = b"\n".join(lines) + b"\n"
        offered = offered_call(channel.get)
        decision = decide(offered, snapshot, Circumstances(DECIDED_AT))
        return Instructions(decision_variables(decision, offered, domain=settings.node.domain))

    began = now() - timedelta(seconds=1)
    captured = []
    with Stack(settings, print, controllers=0) as stack:
        server = OutboundServer(settings.controllers[0], handle)
        server.start()
        with staged(stack.settings) as stage:
            played = [(each, each.play(stage)) for each in chosen]
        repository = CdrRepository(engine(stack.settings, "fernamt capture"))
        records = Records(repository, began)
        for scenario, outcome in played:
            call_id = outcome.report.sip_call_id
            legs = records.of(call_id, scenario.records)
            raws = [each.raw for leg in legs for each in repository.show(leg.leg_id) if each.leg == leg]
            captured.append((scenario.name, seen[call_id], raws))
        server.stop(1.0)
    return captured


def _write(folder: Path, state_dir: Path, data: bytes, raws: list[bytes]) -> None:
    from tests.calls.replay import replayed

    folder.mkdir(exist_ok=True)
    lines = data.decode().splitlines()
    text = "\n".join(_scrubbed_line(line, state_dir) for line in lines) + "\n"
    (folder / "channel-data.txt").write_text(text)
    for number, raw in enumerate(raws):
        document = _scrubbed(json.loads(raw), state_dir)
        path = folder / ("leg-a.cdr.json" if number == 0 else f"leg-b{number}.cdr.json")
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    for name, content in replayed(folder).items():
        (folder / name).write_text(content)
    print(f"wrote {folder}")  # noqa: T201 - the program's answer


def _scrubbed_line(line: str, state_dir: Path) -> str:
    name, _, value = line.partition(": ")
    return f"{name}: {_scrubbed_value(name, value, state_dir)}"


def _scrubbed(value: Any, state_dir: Path, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _scrubbed(each, state_dir, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_scrubbed(each, state_dir, name) for each in value]
    return _scrubbed_value(name, value, state_dir) if isinstance(value, str) else value


def _scrubbed_value(name: str, value: str, state_dir: Path) -> str:
    if _MACHINE.search(name) and not value.startswith("127."):
        return "scrubbed"
    for secret, stand_in in ((str(state_dir), "/state"), (socket.gethostname(), "node.invalid")):
        value = value.replace(secret, stand_in)
    return value


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help="calls by the demo's first column")
    parser.add_argument("--switch", choices=["freeswitch", "lab"], default="freeswitch")
    chosen_names = parser.parse_args()
    main(chosen_names.names, chosen_names.switch)
