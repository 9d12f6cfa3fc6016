"""`fernamt route explain` about calls that would wait in a queue, by what is applied and who leads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from store.leases import Leases
from store.redis_client import call_path_client
from tests.integration.config.conftest import Operator
from tests.servers import redis_server

#: examples/carrier/kunde-praxis.yaml; here a patient who calls often waits in the queue at once.
CALLED, REGULAR, OPEN = "069 90009-060", "030 23125-001", "2026-11-17T10:00"


@pytest.fixture
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


def explained(office: Operator) -> dict[str, Any]:
    words = ["--incoming", "--to", CALLED, "--from", REGULAR, "--at", OPEN, "--json"]
    done = office("route", "explain", *words)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_call_waits_while_somebody_leads_the_contact_centre_and_overflows_else(
    applied: Operator, redis_url: str
) -> None:
    """C1; B12: the answer is the one that a call would get now."""
    applied.write_settings(redis={"url": redis_url})
    applied.change(
        "kunde-praxis.yaml",
        "to: empfang }\n                - { prefixes",
        "to: warten }\n                - { prefixes",
    )
    done = applied.config("apply", "--yes")
    assert done.exit_code == 0, done.output

    nobody = explained(applied)
    assert nobody["reason"]["id"] == "plan.mailbox", "the overflow of the queue"
    assert any("No controller leads the contact centre of kunde-praxis" in each for each in nobody["notes"])

    client = call_path_client(redis_url)
    lease = Leases(client, ttl_s=60).acquire("acd-kunde-praxis", "127.0.0.1:1/1/now")
    client.close()
    assert lease is not None
    found = explained(applied)
    assert (found["outcome"], found["queue"]["id"]) == ("queue", "anmeldung")
    assert not any("leads" in each for each in found["notes"])
