"""110 and 112 without a controller: number, address, headers and trunks, all rendered beforehand
(guarantee 1).

What differs from line to line are three short variables: the number, the same in hexadecimal, and the place.
They stand in the directory for phones and systems that log in, and in an extension for each source of a
customer's trunk. That is the customer's main number and its place; where a customer has several places, an
extension for each goes before, with the numbers that are there, and takes the calls that name one of them.
A place (an address) is an extension with its body; it goes on to the extension of its area with the trunks in
order. So the document grows with the addresses and not with the phones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from dialplan.call import Entry
from dialplan.caller.identity import Origin
from dialplan.carrier import Peer, Phone, Trunk, TrunkSide
from dialplan.emergency.calls import NO_LINE_ANNOUNCEMENT, EmergencyLine, address_of, emergency_legs
from dialplan.emergency.routing import LineAddress
from dialplan.legs import EMERGENCY_RINGS_S, Leg
from dialplan.snapshot import Snapshot
from freeswitch.delayed_offer import TO_CARRIERS, WITHOUT_SDP
from freeswitch.dialstring import dial_string
from freeswitch.emergency import NEVER_SILENT, emergency_parts
from freeswitch.render.number_expressions import own_numbers
from freeswitch.render.xml import actions
from freeswitch.settings import LOGGED_IN, SwitchSettings
from numbering.e164 import E164
from numbering.emergency_areas import DIALLED

#: Stands for the line's number in a dial string until the variable takes its place.
_ANY_LINE: Final = E164("+49000000000")
_LINE: Final = "${fernamt_line}"
_LINE_HEX: Final = "${fernamt_line_hex}"
_NO_LINE: Final = "no-line"
_ABROAD: Final = "abroad"
#: What the records of an emergency call tell when no controller said it; `fernamt_call` joins the legs.
#: Nothing that the caller's own system wrote goes along.
STATIC_FACTS: Final = (
    "hangup_after_bridge=true;continue_on_fail=true;sip_copy_custom_headers=false;"
    # FreeSWITCH gives up after 60 s whatever a leg's own limit says.
    f"call_timeout={EMERGENCY_RINGS_S + 1};"
    f"{';'.join(f'{name}={value}' for name, value in NEVER_SILENT.items())};"
    "fernamt_call=${uuid};fernamt_reason=static.emergency;fernamt_direction=emergency;"
    # The codecs of a browser: with Opus alone no carrier's trunk would take the call.
    "export_vars=fernamt_call,fernamt_customer,fernamt_direction,fernamt_reason,fernamt_b_number,"
    "absolute_codec_string," + ",".join(TO_CARRIERS)
)

#: For each attempt the body ("" for none), the pause before it in milliseconds, and the dial string.
_Ways = tuple[tuple[str, int, str], ...]


class StaticEmergency:
    """The places of one snapshot, and their extensions."""

    def __init__(self, snapshot: Snapshot, settings: SwitchSettings) -> None:
        self._snapshot = snapshot
        self._settings = settings
        self._places: dict[LineAddress | None, str] = {}
        self._areas: dict[tuple[_Ways, ...], str] = {}
        self._bridges: dict[object, str] = {}
        self._numbers = _of_several_places(snapshot)

    def phone_variables(self, phone: Phone) -> dict[str, str]:
        """What the directory says of the phone."""
        if not phone.own_line:
            return {"fernamt_place": _NO_LINE}
        origin = Origin(self._snapshot.customers[phone.customer_id], phone.number, None)
        return self._variables(phone.number, address_of(self._snapshot, origin, phone.id))

    def trunk_variables(self, trunk: Trunk, customer_id: str) -> dict[str, str]:
        """The same of a customer's trunk; with its customer."""
        customer = self._snapshot.customers[customer_id]
        origin = Origin(customer, customer.main_number, trunk.id)
        address = address_of(self._snapshot, origin, None)
        known = {"fernamt_customer": customer.id, **self._variables(customer.main_number, address)}
        return {**known, "fernamt_place": _ABROAD} if trunk.abroad else known

    def context(self) -> Element:
        """Everything but the directory. Ask for its variables first: their places are in it."""
        context = Element("context", name="emergency")
        for trunk in self._snapshot.trunks.values():
            if trunk.login is not None:
                self._lines(
                    context, trunk, "^phone-(110|112)$", (f"${{{LOGGED_IN}}}", f"^{re.escape(trunk.id)}$")
                )
        for digits in DIALLED:
            phone = _extension(context, f"phone-{digits}", f"^phone-{digits}$")
            actions(phone, [("execute_extension", f"place-${{fernamt_place}}-{digits} XML emergency")])
        customers = [t for t in self._snapshot.trunks.values() if t.side is TrunkSide.CUSTOMER]
        sources = [(peer, trunk) for trunk in customers for peer in trunk.peers]
        alone = {name: ip for ip, name in self._snapshot.sole_sources.items()}
        sources += [(Peer(alone[trunk.id]), trunk) for trunk in customers if trunk.id in alone]
        # The first match counts: a source with a port is another one than the rest of its address.
        for peer, trunk in sorted(sources, key=lambda source: source[0].port is None):
            tests = [("network_addr", f"^{re.escape(peer.ip)}$")]
            if peer.port is not None:
                tests.append(("${sip_network_port}", f"^{peer.port}$"))
            self._trunk(context, trunk, "^trunk-(110|112)$", *tests)
        for trunk in customers:
            if trunk.teams is not None:
                tenant = ("${sip_h_X-MS-TenantID}", f"(?i)^{re.escape(trunk.teams.tenant_id)}$")
                self._trunk(context, trunk, f"^{Entry.TEAMS}-(110|112)$", tenant)
        for address, key in self._places.items():
            self._place(context, address, key)
        for ways_by_digits, key in self._areas.items():
            for digits, ways in zip(DIALLED, ways_by_digits, strict=True):
                area = _extension(context, f"area-{key}-{digits}", f"^area-{key}-{digits}$")
                for body, pause_ms, bridge in ways:
                    rest = [("sleep", str(pause_ms))] if pause_ms else []
                    actions(area, [("set", f"sip_multipart={body}"), *rest, ("bridge", bridge)])
        unheard = ("${endpoint_disposition}", f"^{WITHOUT_SDP}$")
        no_line_unheard = _extension(context, "no-line-unheard", f"^place-{_NO_LINE}-", unheard)
        actions(no_line_unheard, [("hangup", "OUTGOING_CALL_BARRED")])
        no_line = _extension(context, "no-line", f"^place-{_NO_LINE}-")
        sound = f"{self._settings.sounds_dir}/{NO_LINE_ANNOUNCEMENT}.wav"
        actions(no_line, [("pre_answer", ""), ("playback", sound), ("hangup", "OUTGOING_CALL_BARRED")])
        abroad = _extension(context, "abroad", f"^place-{_ABROAD}-")
        actions(abroad, [("hangup", "OUTGOING_CALL_BARRED")])
        return context

    def _variables(self, number: E164, address: LineAddress | None) -> dict[str, str]:
        return {
            "fernamt_line": number,
            "fernamt_line_hex": _hex(number),
            "fernamt_place": self._key(address),
        }

    def _key(self, address: LineAddress | None) -> str:
        if address is not None and address.abroad:
            return _ABROAD
        return self._places.setdefault(address, str(len(self._places) + 1))

    def _trunk(self, context: Element, trunk: Trunk, destination: str, *tests: tuple[str, str]) -> None:
        if trunk.customer_id is None:
            return
        self._lines(context, trunk, destination, *tests)
        known = self.trunk_variables(trunk, trunk.customer_id)
        _go_on(_extension(context, f"trunk-{trunk.id}", destination, *tests), known)

    def _lines(self, context: Element, trunk: Trunk, destination: str, *tests: tuple[str, str]) -> None:
        """The places of a trunk whose customer has several. Which number calls is FreeSWITCH's reading of
        P-Asserted-Identity, P-Preferred-Identity and From; a number of nobody's is not among them."""
        if trunk.abroad:
            return
        places = self._numbers.get(trunk.customer_id or "", {})
        written = (
            (address, length, expression)
            for address, numbers in places.items()
            for length, expression in own_numbers(numbers)
        )
        for n, (address, length, expression) in enumerate(written, start=1):
            named = (*tests, ("caller_id_number", expression))
            known = {
                "fernamt_customer": trunk.customer_id or "",
                "fernamt_line": "+49" + "".join(f"${{{digit}}}" for digit in range(1, length + 1)),
                # ASCII: the digit d is 3d.
                "fernamt_line_hex": _hex("+49") + "".join(f"3${{{digit}}}" for digit in range(1, length + 1)),
                "fernamt_place": self._key(address),
            }
            _go_on(_extension(context, f"trunk-{trunk.id}-lines-{n}", destination, *named), known)

    def _place(self, context: Element, address: LineAddress | None, key: str) -> None:
        variants: dict[tuple[str, str], int] = {}
        ways = tuple(
            tuple(self._way(leg, variants) for leg in self._legs(address, digits)) for digits in DIALLED
        )
        area = self._areas.setdefault(ways, str(len(self._areas) + 1))
        place = _extension(context, f"place-{key}", f"^place-{key}-(110|112)$")
        for (content_id, body), n in variants.items():
            actions(place, [("set", f"fernamt_cid_{n}={content_id}"), ("set", f"fernamt_body_{n}={body}")])
        actions(place, [("execute_extension", f"area-{area}-$1 XML emergency")])

    def _legs(self, address: LineAddress | None, digits: str) -> tuple[Leg, ...]:
        routing = self._snapshot.emergency
        route = routing.route(address, digits, routing.static_at)
        line = EmergencyLine(_ANY_LINE, address)
        return emergency_legs(self._snapshot, self._snapshot.emergency_trunks, line, digits, route)

    def _way(self, leg: Leg, variants: dict[tuple[str, str], int]) -> tuple[str, int, str]:
        """The leg with everything that belongs to its line or place taken from variables."""
        parts = emergency_parts(leg, self._settings.domain, number=_LINE)
        pause_ms = leg.pause_s * 1_000
        if not parts.bodies:
            return "", pause_ms, self._bridge(leg, "", "")
        content_id = parts.bodies[0].content_id
        n = variants.setdefault((content_id, parts.multipart), len(variants) + 1)
        return f"${{fernamt_body_{n}}}", pause_ms, self._bridge(leg, content_id, f"${{fernamt_cid_{n}}}")

    def _bridge(self, leg: Leg, content_id: str, variable: str) -> str:
        """The dial string. Of a place it has no more than the area: it is written once for many places."""
        call = leg.emergency
        ags = call.address.ags if call is not None and call.address is not None else None
        key = (leg.to.id, leg.number, call.route if call else None, ags, variable, leg.no_progress_s)
        known = self._bridges.get(key)
        if known is None:
            text: str = dial_string([leg], domain=self._settings.domain)
            known = text.replace(_ANY_LINE, _LINE).replace(_hex(_ANY_LINE), _LINE_HEX)
            self._bridges[key] = known = known.replace(content_id, variable) if content_id else known
        return known


def _of_several_places(snapshot: Snapshot) -> Mapping[str, Mapping[LineAddress | None, list[E164]]]:
    """The numbers at each place, by customer; of those that have trunks and more than one place.

    One look at each number of the carrier, and only where a customer has no single place.
    """
    wanted = {
        trunk.customer_id
        for trunk in snapshot.trunks.values()
        if trunk.customer_id is not None and snapshot.customers[trunk.customer_id].address is None
    }
    found: dict[str, dict[LineAddress | None, list[E164]]] = {name: {} for name in wanted}
    for assigned in snapshot.numbers.values() if wanted else ():
        if assigned.customer_id in wanted:
            found[assigned.customer_id].setdefault(assigned.address, []).append(assigned.number)
    return {name: places for name, places in found.items() if len(places) > 1}


def _go_on(condition: Element, known: Mapping[str, str]) -> None:
    """With these variables to the place."""
    assigned = ";".join(f"{name}={value}" for name, value in known.items())
    steps = [
        ("multiset", "^^;" + assigned),
        ("execute_extension", "place-${fernamt_place}-${fernamt_b_number} XML emergency"),
    ]
    actions(condition, steps)


def _hex(number: str) -> str:
    return number.encode().hex().upper()


def _extension(context: Element, name: str, destination: str, *tests: tuple[str, str]) -> Element:
    """An extension with conditions; the last one takes the actions."""
    extension = SubElement(context, "extension", name=name)
    for field, expression in (("destination_number", destination), *tests):
        condition = SubElement(extension, "condition", field=field, expression=expression)
    return condition
