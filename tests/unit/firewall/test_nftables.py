"""The rules that nft would be given (nft itself is not on the machines of our tests), and its refusals."""

from __future__ import annotations

import pytest

from firewall.errors import ProgramFailed
from firewall.nftables import NftablesBarrier, nft_stands, ruleset, run_nft

RULES = """\
add table inet fernamt
delete table inet fernamt
table inet fernamt {
	set banned4 {
		type ipv4_addr; flags interval;
		elements = { 192.0.2.1, 192.0.2.7 }
	}
	set banned6 {
		type ipv6_addr; flags interval;
		elements = { 2001:db8::/64 }
	}
	set slowed4 {
		type ipv4_addr; flags interval;
		elements = { 192.0.2.9 }
	}
	set slowed6 {
		type ipv6_addr; flags interval;
	}
	chain slowed {
		@th,64,32 0x41434b20 return
		@th,64,32 0x5349502f return
		@th,64,32 0x494e5649 @th,96,32 0x54452073 @th,128,32 0x69703a31 @th,160,24 0x313040 return
		@th,64,32 0x494e5649 @th,96,32 0x54452073 @th,128,32 0x69703a31 @th,160,24 0x313240 return
		numgen random mod 10 != 0 drop
	}
	chain input {
		type filter hook prerouting priority -300; policy accept;
		meta l4proto { tcp, udp } th dport { 5060, 5080 } ip saddr @banned4 drop
		meta l4proto { tcp, udp } th dport { 5060, 5080 } ip6 saddr @banned6 drop
		meta l4proto udp th dport { 5060, 5080 } ip saddr @slowed4 jump slowed
		meta l4proto udp th dport { 5060, 5080 } ip6 saddr @slowed6 jump slowed
	}
}
"""


def test_the_table_is_replaced_in_one_transaction() -> None:
    assert ruleset([5080, 5060], ["2001:db8::/64", "192.0.2.7", "192.0.2.1"], ["192.0.2.9"]) == RULES


def test_nft_runs_when_something_differs_and_the_table_goes_at_the_end() -> None:
    scripts: list[str] = []
    barrier = NftablesBarrier([5060, 5080], scripts.append, lambda: True)
    assert barrier.put(["192.0.2.1"], []) == 2
    barrier.put(["192.0.2.1"], [])
    assert len(scripts) == 1
    barrier.lift_all()
    assert scripts[1] == "add table inet fernamt\ndelete table inet fernamt\n"


def test_a_table_that_somebody_flushed_is_put_again() -> None:
    scripts: list[str] = []
    standing = [False]
    barrier = NftablesBarrier([5060], scripts.append, lambda: standing[0])
    barrier.put(["192.0.2.1"], [])
    barrier.put(["192.0.2.1"], [])
    assert scripts == [ruleset([5060], ["192.0.2.1"], [])] * 2
    standing[0] = True
    barrier.put(["192.0.2.1"], [])
    assert len(scripts) == 2


@pytest.mark.parametrize(
    ("says", "stands"),
    [
        ("/bin/cat <<'END'\n" + RULES + "END\n", True),
        ("echo 'table inet fernamt { chain input { } }'", False),
        ("echo 'Error: No such file or directory' >&2; exit 1", False),
    ],
    ids=["as it was put", "empty", "gone"],
)
def test_whether_the_table_stands_is_asked_of_nft(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, says: str, stands: bool
) -> None:
    folder = tmp_path_factory.mktemp("bin")
    nft = folder / "nft"
    nft.write_text(f'#!/bin/sh\n[ "$*" = "list chain inet fernamt input" ] || exit 2\n{says}\n')
    nft.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    assert nft_stands() is stands


@pytest.mark.parametrize(("program", "said"), [(None, "install nftables"), ("exit 1", "refused the rules")])
def test_a_missing_or_refusing_nft_is_named(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, program: str | None, said: str
) -> None:
    folder = tmp_path_factory.mktemp("bin")
    if program is not None:
        nft = folder / "nft"
        nft.write_text(f"#!/bin/sh\n/bin/cat >/dev/null\n{program}\n")
        nft.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(ProgramFailed, match=said):
        run_nft("add table inet fernamt\n")
