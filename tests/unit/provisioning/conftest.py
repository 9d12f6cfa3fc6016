"""A small valid configuration, and one call that says why another one is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from provisioning.errors import ConfigInvalid
from provisioning.load import CheckedConfig, load_documents

pytest.register_assert_rewrite("refusal_cases")

CARRIER = """\
carrier:
  name: Beispiel-Carrier
  default_area_code: "0221"
  number_blocks:
    - {area_code: "0221", first: "+492214710000", last: "+492214710999"}
  trunks:
    - {id: carrier-a, address: "192.0.2.10:5060", emergency: true}
    - {id: carrier-b, address: "192.0.2.11:5060", emergency: true}
"""

CUSTOMERS = """\
customers:
  - id: kunde
    name: Beispiel Bau GmbH
    main_number: "0221 4710-100"
    trunks:
      - {id: bau-1, address: "198.51.100.20:5060"}
    phones:
      - {id: phone-1, number: "0221 4710-200", secret: {lab: geheim}}
    numbers:
      - {first: "0221 4710-100", last: "0221 4710-199", trunks: [bau-1]}
    company: {legal_name: Beispiel Bau GmbH, legal_form: GmbH}
    addresses: {main: {street: Beispielweg, house_number: "1", postcode: "50667", town: Köln}}
    contacts: [{email: post@bau.example}]
    contract: {product: teams, price_model: basis, start: 2026-01-01}
    sites:
      - id: koeln
        area_code: "0221"
        address: {street: Beispielweg, house_number: "1", postcode: "50667", town: Köln, state: NW}
        evidence: [{kind: lease, dated: 2025-12-01, document: Mietvertrag}]
"""

Lines = list[str]


def load_text(*texts: str | bytes) -> CheckedConfig:
    """Load these texts as a.yaml, b.yaml, …"""
    return load_documents(
        (f"{chr(ord('a') + index)}.yaml", text if isinstance(text, bytes) else text.encode())
        for index, text in enumerate(texts)
    )


@pytest.fixture
def carrier() -> str:
    """The valid carrier section."""
    return CARRIER


@pytest.fixture
def customers() -> str:
    """A valid customers section."""
    return CUSTOMERS


@pytest.fixture
def accepted() -> Callable[..., CheckedConfig]:
    """Load texts that must be valid."""
    return load_text


@pytest.fixture
def refused() -> Callable[..., Lines]:
    """Load texts that must not be valid; the lines that say why."""

    def why(*texts: str | bytes) -> Lines:
        with pytest.raises(ConfigInvalid) as caught:
            load_text(*texts)
        return str(caught.value).splitlines()

    return why


@pytest.fixture
def changed() -> Callable[..., str]:
    """The valid configuration with texts in it replaced, each of which must be there."""

    def change(*pairs: tuple[str, str]) -> str:
        text = CARRIER + CUSTOMERS
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new, 1)
        return text

    return change
