"""What the rendered dialplan does with an emergency call without a controller, read as FreeSWITCH does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

#: $1 and ${1} in an action.
_CAPTURED = re.compile(r"\$(?:([0-9]+)|\{([0-9]+)\})")


@dataclass(frozen=True, slots=True)
class StaticAttempt:
    """One `bridge` with its variables filled in, the body that goes along, and the pause before."""

    bridge: str
    body: str
    pause_ms: int


def from_static_phone(tree: Element, user: str, digits: str) -> list[StaticAttempt]:
    """The attempts for a phone, by the user name that it registers with."""
    variables = tree.findall(f".//user[@id='{user}']/variables/variable")
    known = {each.get("name", ""): each.get("value", "") for each in variables}
    return _run(tree, f"phone-{digits}", known | {"fernamt_b_number": digits})


def from_static_trunk(tree: Element, trunk_id: str, digits: str, caller: str = "") -> list[StaticAttempt]:
    """The attempts for a customer's trunk that calls as `caller`."""
    name = re.compile(rf"trunk-{trunk_id}(-lines-[0-9]+)?")
    for extension in tree.iterfind(".//context[@name='emergency']/extension"):
        if name.fullmatch(extension.get("name", "")):
            *_, last = extension.iter("condition")
            lines = last.get("field") == "caller_id_number"
            match = re.search(last.get("expression", "") if lines else "", caller, re.ASCII)
            if match:
                return _carry_out(tree, extension, match.groups(), {"fernamt_b_number": digits})
    raise AssertionError(f"no calls are taken from the trunk {trunk_id}")


def _run(tree: Element, destination: str, known: dict[str, str]) -> list[StaticAttempt]:
    for extension in tree.iterfind(".//context[@name='emergency']/extension"):
        tests = [(each.get("field"), each.get("expression", "")) for each in extension.iter("condition")]
        if [field for field, _ in tests] == ["destination_number"]:
            match = re.search(tests[0][1], destination)
            if match:
                return _carry_out(tree, extension, match.groups(), known)
    return []


def _carry_out(
    tree: Element, extension: Element, captured: tuple[str, ...], known: dict[str, str]
) -> list[StaticAttempt]:
    attempts: list[StaticAttempt] = []
    pause_ms = 0
    for action in extension.iter("action"):
        text = _CAPTURED.sub(lambda found: captured[int(found[1] or found[2]) - 1], action.get("data", ""))
        text = _expanded(text, known)
        match action.get("application"):
            case "set":
                name, _, value = text.partition("=")
                known[name] = value
            case "multiset":
                known |= dict(each.split("=", 1) for each in text.removeprefix("^^;").split(";"))
            case "bridge":
                attempts.append(StaticAttempt(text, known.get("sip_multipart", ""), pause_ms))
                pause_ms = 0
            case "sleep":
                pause_ms = int(text)
            case "execute_extension":
                attempts += _run(tree, text.split(" ")[0], known)
    return attempts


def _expanded(text: str, known: dict[str, str]) -> str:
    return re.sub(r"\$\{([^}]*)\}", lambda match: known.get(match[1], ""), text)
