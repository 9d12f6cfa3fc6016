"""Commands about a customer or trunk that there is not say so, with an id and the next step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dialplan.trunks.status import TrunkState, TrunkStatus
from store.redis_client import call_path_client
from store.trunk_statuses import TrunkStatuses
from tests.integration.config.conftest import Operator
from tests.servers import redis_server


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.mark.parametrize(
    "command",
    [
        ("emergency", "report", "--customer"),
        ("mailbox", "list"),
        ("abuse", "list", "--customer"),
        ("limit", "show"),
    ],
)
def test_a_customer_that_there_never_was_is_named(
    applied: Operator, redis_url: str, command: tuple[str, ...]
) -> None:
    applied.write_settings(redis={"url": redis_url})
    done = applied(*command, "kunde-bauu")
    assert done.exit_code == 1
    assert "customer kunde-bauu" in done.output
    assert "fernamt customer list" in done.output
    assert "[customer-unknown]" in done.output
    assert applied(*command, "kunde-bau").exit_code == 0


def test_what_is_kept_of_a_customer_that_is_gone_can_be_seen(applied: Operator) -> None:
    """F4: the records outlive the contract."""
    (applied.files / "kunde-kanzlei.yaml").unlink()
    done = applied.config("apply", "--yes", "--allow-removal")
    assert done.exit_code == 0, done.output
    assert applied("emergency", "report", "--customer", "kunde-kanzlei").exit_code == 0


def test_a_trunk_that_no_controller_watches_is_named(applied: Operator, redis_url: str) -> None:
    applied.write_settings(redis={"url": redis_url})
    client = call_path_client(redis_url)
    TrunkStatuses(client).put("127.0.0.1:1", [TrunkStatus("carrier-a", TrunkState.UP)])
    client.close()
    done = applied("trunk", "show", "nope")
    assert done.exit_code == 1
    assert "[program.no-such-trunk]" in done.output
    assert "fernamt trunk list" in done.output
