"""A large carrier as YAML files: made up, nobody's numbers.

The numbers are those that the numbering authority keeps for films, with six digits behind them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

NUMBERS_EACH: Final = 100
#: Of these the last few are written one by one, the others as a range.
_LISTED: Final = 20
_PREFIX: Final = "+492214710"
_CARRIER: Final = """\
carrier:
  name: Beispiel-Carrier
  default_area_code: "0221"
  number_blocks:
    - {area_code: "0221", first: "+492214710000000", last: "+492214710999999"}
  trunks:
    - {id: carrier-a, address: "192.0.2.10:5060", emergency: true}
    - {id: carrier-b, address: "192.0.2.11:5060", emergency: true}
"""


def number(index: int) -> str:
    """The number at this place of the block."""
    return f"{_PREFIX}{index:06}"


def customer_file(directory: Path, index: int) -> Path:
    """The file of one customer."""
    return directory / f"kunde-{index:05}.yaml"


def write_carrier(directory: Path, customers: int) -> None:
    """A file for the carrier and one for each customer."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "carrier.yaml").write_text(_CARRIER)
    for index in range(customers):
        write_customer(directory, index)


def write_customer(directory: Path, index: int, *, numbers: int = NUMBERS_EACH) -> None:
    """One customer: a trunk, a phone, a range of numbers and a list of them, a contract."""
    first = index * NUMBERS_EACH
    listed = ", ".join(f'"{number(first + each)}"' for each in range(numbers - _LISTED, numbers))
    last = number(first + numbers - _LISTED - 1)
    address = f"10.{index >> 16 & 255}.{index >> 8 & 255}.{index & 255}:5060"
    customer_file(directory, index).write_text(f"""\
customers:
  - id: kunde-{index:05}
    name: Beispiel Kunde {index:05}
    main_number: "{number(first)}"
    contract: {{product: teams, price_model: basis, start: 2026-01-01, user_price: 3.90 EUR}}
    trunks:
      - {{id: trunk-{index:05}, address: "{address}"}}
    phones:
      - {{id: phone-{index:05}, number: "{number(first)}", secret: {{lab: nur-im-labor}}}}
    numbers:
      - {{first: "{number(first)}", last: "{last}", trunks: [trunk-{index:05}]}}
      - {{list: [{listed}], trunks: [trunk-{index:05}]}}
""")
