"""Files that stayed the same are not read again, and nothing is overlooked for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioning import load_changed as module
from provisioning.canonical import items_of
from provisioning.errors import ConfigInvalid, Finding
from provisioning.load import load
from provisioning.load_changed import LoadedConfig, load_changed
from store.config_items import CARRIER_KEY, CUSTOMER, ItemKey

CARRIER = """\
carrier:
  name: Beispiel-Carrier
  default_area_code: "0221"
  creditor_id: DE98ZZZ09999999999
  number_blocks:
    - {area_code: "0221", first: "+492214710000", last: "+492214710999"}
  trunks:
    - {id: carrier-a, address: "192.0.2.10:5060", emergency: true}
    - {id: carrier-b, address: "192.0.2.11:5060", emergency: true}
"""
CUSTOMER_FILE = """\
customers:
  - id: kunde-{n}
    name: Beispiel Kunde {n}
    main_number: "+49221471{n}000"
    mandate: {{reference: MREF-{n}, signed: 2026-01-01, scheme: core}}
    bank: {{iban: DE02120300000000202051}}
    trunks:
      - {{id: trunk-{n}, address: "10.0.0.{n}:5060"}}
      - {{id: system-{n}, login: {{username: system-login-{n}, secret: {{lab: geheim}}}}}}
    phones: [{{id: phone-{n}, number: "+49221471{n}000", username: login-{n}, secret: {{lab: geheim}}}}]
    agents: [{{id: agent-{n}, username: agent-login-{n}, secret: {{lab: geheim}}}}]
    teams_trunks: [{{id: teams-{n}, tenant_id: 00000000-0000-4000-8000-00000000000{n}, fqdn: t{n}.example}}]
    numbers:
      - {{first: "+49221471{n}000", last: "+49221471{n}049", trunks: [trunk-{n}], ported_in: true}}
      - number: "+49221471{n}07"
        trunks: [trunk-{n}]
        ported_in: true
        users: [{{extension: 12, active_from: 2026-01-01}}]
"""


class Files:
    """Three customers, a memory of ours, and what is in force."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "carrier"
        self.memory = directory / "state" / "checked"
        self.directory.mkdir()
        (self.directory / "carrier.yaml").write_text(CARRIER)
        for n in (2, 3, 4):
            self.of(n).write_text(CUSTOMER_FILE.format(n=n))
        self.in_force: dict[ItemKey, bytes] = {}
        self.load()
        self.apply()

    def of(self, n: int) -> Path:
        return self.directory / f"kunde-{n}.yaml"

    def change(self, n: int, old: str, new: str) -> None:
        text = self.of(n).read_text()
        assert old in text
        self.of(n).write_text(text.replace(old, new))

    def load(self) -> LoadedConfig:
        return load_changed([self.directory], self.memory, self.in_force)

    def apply(self) -> None:
        config = load([self.directory]).config
        self.in_force = {key: item.sha256 for key, item in items_of(config).items()}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def read(loaded: LoadedConfig) -> list[str]:
    return [each.id for each in loaded.checked.config.customers]


def kept(loaded: LoadedConfig) -> list[str]:
    return sorted(key.id for key in loaded.unchanged)


def test_only_what_changed_is_read(files: Files) -> None:
    assert read(files.load()) == []
    files.change(3, "Beispiel Kunde 3", "Beispiel Kunde drei")
    loaded = files.load()
    assert (read(loaded), kept(loaded)) == (["kunde-3"], ["kunde-2", "kunde-4"])
    whole = load([files.directory])
    wanted = items_of(whole.config)
    assert {key: item.sha256 for key, item in wanted.items()} == {
        **loaded.unchanged,
        **{key: item.sha256 for key, item in items_of(loaded.checked.config).items()},
    }
    assert loaded.checked.warnings == whole.warnings
    assert CARRIER_KEY not in loaded.unchanged
    files.apply()
    assert read(files.load()) == []


CONFLICTS = {
    "customers": ("id: kunde-3", "id: kunde-2"),
    "trunks": ("trunk-3", "trunk-2"),
    "phones": ("id: phone-3", "id: phone-2"),
    "agents": ("id: agent-3", "id: agent-2"),
    "logins": ("username: login-3", "username: login-2"),
    "logins of a phone and an agent": ("username: login-3", "username: agent-login-2"),
    "logins of a phone and a trunk": ("username: login-3", "username: system-login-2"),
    "logins of trunks": ("system-login-3", "system-login-2"),
    "sources": ("10.0.0.3:5060", "10.0.0.2:5060"),
    "Microsoft tenants": ("8000-000000000003", "8000-000000000002"),
    "mandates": ("MREF-3", "MREF-2"),
    "a range over another's number": ('{first: "+492214713000"', '{first: "+492214712049"'),
    "a range within another's": ('last: "+492214713049"', 'last: "+492214714010"'),
    "a number in another's range": ('number: "+49221471307"', 'number: "+492214712010"'),
    "an extension that is another's number": ('number: "+49221471307"', 'number: "+4922147120"'),
    "a number that is another's extension": (
        'number: "+49221471307"\n',
        'number: "+4922147120712"\n',
    ),
    "an extension that is dialled as another's": (
        'number: "+49221471307"\n        trunks: [trunk-3]\n        ported_in: true\n'
        "        users: [{extension: 12,",
        'number: "+492214712071"\n        trunks: [trunk-3]\n        ported_in: true\n'
        "        users: [{extension: 2,",
    ),
    "a carrier's trunk": ("trunk-3", "carrier-a"),
}


@pytest.mark.parametrize("what", sorted(CONFLICTS))
def test_what_two_customers_claim_is_told_as_when_all_is_read(files: Files, what: str) -> None:
    files.change(3, *CONFLICTS[what])
    with pytest.raises(ConfigInvalid) as whole:
        load([files.directory])
    with pytest.raises(ConfigInvalid) as changed:
        files.load()
    assert str(changed.value) == str(whole.value)


def test_two_that_share_an_address_and_differ_in_the_port_are_no_conflict(files: Files) -> None:
    files.change(3, "10.0.0.3:5060", "10.0.0.2:5061")
    assert read(files.load()) == ["kunde-2", "kunde-3"]
    (warning,) = [each for each in files.load().checked.warnings if each.id == "config.address-shared"]
    assert warning.file.endswith("kunde-3.yaml")
    assert files.load().checked.warnings == load([files.directory]).warnings
    files.apply()
    files.change(4, "10.0.0.4:5060", "10.0.0.2:5061")
    with pytest.raises(ConfigInvalid, match=r"config\.peer-twice"):
        files.load()


def test_numbers_may_move_from_one_changed_file_to_another(files: Files) -> None:
    files.change(2, 'last: "+492214712049"', 'last: "+492214712039"')
    files.change(3, "    numbers:\n", '    numbers:\n      - {number: "+492214712040", trunks: [trunk-3], '
                 "ported_in: true}\n")  # fmt: skip
    loaded = files.load()
    assert (read(loaded), kept(loaded)) == (["kunde-2", "kunde-3"], ["kunde-4"])
    files.change(4, 'last: "+492214714049"', 'last: "+492214714048"')
    assert kept(files.load()) == []  # two are not in force


def test_a_file_that_went_and_one_that_came(files: Files) -> None:
    files.of(2).rename(files.of(5))
    loaded = files.load()
    assert (read(loaded), kept(loaded)) == (["kunde-2"], ["kunde-3", "kunde-4"])
    files.of(5).unlink()
    loaded = files.load()
    assert (read(loaded), kept(loaded)) == ([], ["kunde-3", "kunde-4"])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda files: (files.directory / "carrier.yaml").write_text(CARRIER.replace("er-b", "er-c")),
        lambda files: files.memory.write_bytes(b"no database" * 1_000),
        lambda files: files.memory.unlink(),
        lambda files: files.in_force.clear(),
    ],
    ids=["another carrier", "a damaged memory", "no memory", "nothing in force"],
)
def test_then_everything_is_read(files: Files, spoil: Callable[[Files], object]) -> None:
    spoil(files)
    assert len(read(files.load())) == 3
    files.apply()
    files.load()
    assert kept(files.load()) == ["kunde-2", "kunde-3", "kunde-4"]


def test_what_another_program_checked_does_not_count(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisioning.file_memory._program_digest", lambda: "another")
    assert len(read(files.load())) == 3


def test_customers_are_counted_as_when_all_is_read(files: Files) -> None:
    files.change(4, "    agents:", "    agent:")
    for loading in (lambda: load([files.directory]), files.load):
        with pytest.raises(ConfigInvalid, match=r"customers\[2\]\.agent: an unknown key"):
            loading()
    files.change(4, "    agent:", "    agents:")
    files.change(4, "Kunde 4", "Kunde vier")
    loaded = files.load()
    assert read(loaded) == ["kunde-4"]
    finding = Finding("config.removal", ("customers", 0, "id"), "x")
    assert loaded.checked.places.problem(finding).path == "customers[2].id"


def test_a_content_that_is_not_in_force_is_read(files: Files) -> None:
    """Somebody else applied another one, or went back."""
    files.in_force[ItemKey(CUSTOMER, "kunde-4")] = b"another"
    assert read(files.load()) == ["kunde-4"]


def test_the_memory_keeps_no_secret_and_is_its_owner_s(files: Files) -> None:
    """F5."""
    assert b"geheim" not in files.memory.read_bytes()
    assert files.memory.stat().st_mode & 0o077 == 0
    assert module.load_changed is load_changed
