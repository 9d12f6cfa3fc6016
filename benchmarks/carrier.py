"""A carrier to be measured, as YAML: what each one has to say before it says what it is for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dialplan.carrier import Trunk


@dataclass(frozen=True, slots=True)
class Town:
    """Where the carrier and its customer are; `block` is the area's numbers for films, without the last three
    digits."""

    name: str
    state: str
    area_code: str
    block: str
    street: str
    house_number: str
    postcode: str

    @property
    def address(self) -> dict[str, str]:
        """As the configuration writes it."""
        return {
            "street": self.street,
            "house_number": self.house_number,
            "postcode": self.postcode,
            "town": self.name,
        }


COLOGNE: Final = Town("Köln", "NW", "0221", "+492214710", "Musterweg", "10 a", "50667")
BERLIN: Final = Town("Berlin", "BE", "030", "+493023125", "Beispielufer", "7", "10115")


def write(folder: Path, carrier: dict[str, Any], customer: dict[str, Any]) -> Path:
    """A directory for `carrier` in the settings. JSON is YAML."""
    folder.mkdir()
    tree = {"carrier": carrier, "customers": [customer]}
    (folder / "carrier.yaml").write_text(json.dumps(tree), encoding="utf-8")
    return folder


def carrier(town: Town, trunks: list[dict[str, Any]]) -> dict[str, Any]:
    """The carrier's own part, with the town's numbers."""
    block = {"area_code": town.area_code, "first": f"{town.block}000", "last": f"{town.block}999"}
    return {
        "name": "Beispiel-Carrier",
        "default_area_code": town.area_code,
        "number_blocks": [block],
        "trunks": trunks,
    }


def customer(town: Town, id_: str, name: str, main_number: str, product: str) -> dict[str, Any]:
    """A customer in that town with all that a contract needs, and without lines."""
    return {
        "id": id_,
        "name": name,
        "main_number": main_number,
        "company": {"legal_name": f"{name} GmbH", "legal_form": "GmbH"},
        "addresses": {"main": town.address},
        "contacts": [{"email": "buero@kunde.example"}],
        "contract": {"product": product, "price_model": "basis", "start": "2026-01-01"},
        "sites": [
            {
                "id": "main",
                "address": town.address | {"state": town.state},
                "area_code": town.area_code,
                "evidence": [{"kind": "lease", "dated": "2025-12-01", "document": "Mietvertrag"}],
            }
        ],
    }


def port_of(trunk: Trunk) -> int:
    """Where the carrier is to listen. Raises ValueError for a trunk that logs in and has no address."""
    if trunk.address is None:
        raise ValueError(f"trunk {trunk.id} has no address")
    return trunk.address.port
