"""What the rendered dialplan does with an emergency call without a controller, read as FreeSWITCH does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element


@dataclass(frozen=True, slots=True)
class StaticAttempt:
    """One `bridge` with its variables filled in, and the body that goes along."""

    bridge: str
    body: str


def from_static_phone(tree: Element, user: str, digits: str) -> list[StaticAttempt]:
    """The attempts for a phone, by the user name that it registers with."""
    variables = tree.findall(f".//user[@id='{user}']/variables/variable")
    known = {each.get("name", ""): each.get("value", "") for each in variables}
    return _run(tree, f"phone-{digits}", known | {"fernamt_b_number": digits})


def from_static_trunk(tree: Element, trunk_id: str, digits: str) -> list[StaticAttempt]:
    """The attempts for a customer's trunk."""
    extension = tree.find(f".//context[@name='emergency']/extension[@name='trunk-{trunk_id}']")
    assert extension is not None
    return _carry_out(tree, extension, "", {"fernamt_b_number": digits})


def _run(tree: Element, destination: str, known: dict[str, str]) -> list[StaticAttempt]:
    for extension in tree.iterfind(".//context[@name='emergency']/extension"):
        tests = [(each.get("field"), each.get("expression", "")) for each in extension.iter("condition")]
        if [field for field, _ in tests] == ["destination_number"]:
            match = re.search(tests[0][1], destination)
            if match:
                return _carry_out(tree, extension, match[1] if match.re.groups else "", known)
    return []


def _carry_out(
    tree: Element, extension: Element, captured: str, known: dict[str, str]
) -> list[StaticAttempt]:
    attempts: list[StaticAttempt] = []
    for action in extension.iter("action"):
        text = _expanded(action.get("data", "").replace("$1", captured), known)
        match action.get("application"):
            case "set":
                name, _, value = text.partition("=")
                known[name] = value
            case "multiset":
                known |= dict(each.split("=", 1) for each in text.removeprefix("^^;").split(";"))  # type: ignore[misc]
            case "bridge":
                attempts.append(StaticAttempt(text, known.get("sip_multipart", "")))
            case "execute_extension":
                attempts += _run(tree, text.split(" ")[0], known)
    return attempts


def _expanded(text: str, known: dict[str, str]) -> str:
    return re.sub(r"\$\{([^}]*)\}", lambda match: known.get(match[1], ""), text)
