"""The dialplan of the door: calls of other nodes to phones and systems that are registered here.

Such a call was decided, limited and recorded over there, so here it has no record, and what the phone answers
goes back as it is. Any name but that of a phone, or of a system with the number that is called, fails.

Where the phone wants the call to go is told to the other node in the phone's own way, by 302 or REFER: it
knows whose phone its leg leads to, and decides. Who was joined with the call here (attended transfer) is not
whom the other node called, and may not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from dialplan.carrier import Trunk
from freeswitch.dialstring import (
    ADDRESS,
    AGENTS_LEG,
    NUMBER_SHAPES,
    OF_PHONE,
    OVER,
    PHONE_REDIRECTED,
    PHONE_TRANSFERRED,
    media_variables,
    phone_of_this_node,
    system_of_this_node,
)
from freeswitch.queue_calls import agents_phone
from freeswitch.render.xml import actions, extension
from freeswitch.settings import BETWEEN_NODES_SILENT_MS, NODE, SwitchSettings

#: A user name, as the configuration allows it: nothing that could be syntax of a dial string.
_USER: Final = r"[A-Za-z0-9._+~-]{1,128}"
_PHONE: Final = rf"^({_USER})$"
#: Behind one of NUMBER_SHAPES: the digits of a number; the user name of the system that has it follows.
_DIGITS: Final = r"([0-9*]{1,40})"
#: No record is made; whatever the phone wants is told back, and the codec that it takes.
_BEGUN: Final = (
    "^^;process_cdr=false;hangup_after_bridge=true;call_timeout=600;inherit_codec=true;"
    f"media_timeout_audio={BETWEEN_NODES_SILENT_MS}"
)
_LEG: Final = r"^([0-9a-f-]{36})$"
#: What a phone may name: it is text of a peer, so digits alone go on.
_NUMBER: Final = r"^(\+?[0-9*]{1,40})$"
#: The leg that the call was joined with, and the call's own: the phone's has that with a word behind.
_ASKED_BY: Final = "${last_bridge_to}/${uuid}"
_THE_PHONE: Final = rf"^([0-9a-f-]{{36}}){OF_PHONE}/\1$"


def for_other_nodes(settings: SwitchSettings, trunks: Iterable[Trunk] = ()) -> list[Element]:
    """The contexts. Of `trunks` those that register here may want codecs of their own, or encryption."""
    door = Element("context", name=NODE)
    _door(door, settings.domain, trunks)
    transferred = Element("context", name=PHONE_TRANSFERRED)
    asked = extension(transferred, "transfer", (_ASKED_BY, _THE_PHONE), ("destination_number", _NUMBER))
    actions(asked, [("deflect", f"sip:$1@{settings.domain}"), ("hangup", "NORMAL_CLEARING")])
    refused = extension(transferred, "refused", ("destination_number", "^"))
    actions(refused, [("hangup", "CALL_REJECTED")])
    redirected = Element("context", name=PHONE_REDIRECTED)
    moved = extension(redirected, "redirect", ("destination_number", _NUMBER))
    actions(moved, [("redirect", f"sip:$1@{settings.domain}"), ("hangup", "NORMAL_CLEARING")])
    return [door, transferred, redirected]


def _door(context: Element, domain: str, trunks: Iterable[Trunk]) -> None:
    """An agent's phone gets a mark with the leg that leads here, by which controllers hear when the agent has
    gone, whatever becomes of that leg."""
    tests = (("destination_number", _PHONE), (f"${{sip_h_{AGENTS_LEG}}}", _LEG))
    marked = extension(context, "phone", *tests)
    (phone,) = context.findall("./extension/condition[@field='destination_number']")
    own = f"{_BEGUN};force_transfer_context={PHONE_TRANSFERRED};fernamt_there=$1;sip_h_{AGENTS_LEG}="
    actions(phone, [("multiset", own)])
    for tag, mark in (("action", agents_phone("$1")), ("anti-action", "")):
        ring = phone_of_this_node("${fernamt_there}", domain, mark)
        for application, data in (("bridge", ring), ("hangup", "${originate_disposition}")):
            SubElement(marked, tag, application=application, data=data)
    for trunk in trunks:
        if trunk.registered_as is not None and (media := media_variables(trunk)):
            user, name = re.escape(trunk.registered_as), f"-{trunk.id}"
            if trunk.only_by_tls:
                _systems_by_tls(context, domain, user, name, media)
            else:
                _systems(context, domain, user, name, media)
    _systems(context, domain, _USER, "", {})


def _systems(context: Element, domain: str, user: str, name: str, media: Mapping[str, str]) -> None:
    """Calls to systems whose user name is `user`, an expression."""
    for shape in NUMBER_SHAPES:
        expression = f"^{shape}{_DIGITS}!({user})$"
        called = extension(context, f"system-{shape}{name}", ("destination_number", expression))
        steps = [
            ("multiset", f"{_BEGUN};force_transfer_context={PHONE_TRANSFERRED}"),
            ("bridge", system_of_this_node(shape, domain, media)),
            ("hangup", "${originate_disposition}"),
        ]
        actions(called, steps)


def _systems_by_tls(context: Element, domain: str, user: str, name: str, media: Mapping[str, str]) -> None:
    """Calls to a system that must be called by TLS: over the connection that the other node names, or not."""
    over = f"fernamt_over=${{sip_h_{OVER}}};sip_h_{OVER}="
    for shape in NUMBER_SHAPES:
        expression = f"^{shape}{_DIGITS}!({user})$"
        named = (f"${{sip_h_{OVER}}}", f"^{ADDRESS}$")
        called = extension(context, f"system-{shape}{name}", named, ("destination_number", expression))
        steps = [
            ("multiset", f"{_BEGUN};force_transfer_context={PHONE_TRANSFERRED};{over}"),
            ("bridge", system_of_this_node(shape, domain, media, "${fernamt_over}")),
            ("hangup", "${originate_disposition}"),
        ]
        actions(called, steps)
        refused = extension(context, f"system-{shape}{name}-in-clear", ("destination_number", expression))
        actions(refused, [("multiset", _BEGUN), ("hangup", "USER_NOT_REGISTERED")])
