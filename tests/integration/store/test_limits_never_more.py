"""Never more than the limit, whoever asks at once and whatever dies; and nothing stays taken (B11)."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field

import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.local_limits import LocalLimits
from dialplan.limits.agreed import Claim, Counter, Scope
from store.embedded.process import wait_until
from store.limits import CallCounters
from store.redis_client import call_path_client

LIMIT = 7
CALLERS = 50
CALLS_EACH = 20
BAU = Claim(Counter.SIMULTANEOUS_CALLS, Scope.CUSTOMER, "bau", LIMIT)


@dataclass
class Line:
    """What is really up: calls count from being let through to their end, or to the death of their node."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    up: int = 0
    most: int = 0
    refused: int = 0
    let_through: int = 0

    def begin(self) -> None:
        with self.lock:
            self.up += 1
            self.let_through += 1
            self.most = max(self.most, self.up)

    def end(self) -> None:
        with self.lock:
            self.up -= 1


def test_fifty_callers_at_once_and_dying_controllers_never_exceed_the_limit(
    redis_client: redis.Redis, redis_url: str
) -> None:
    """One in four calls ends with its controller and node: its lease is not given back and ends by itself."""
    line, start = Line(), threading.Barrier(CALLERS)
    failures: list[Exception] = []

    def caller(number: int) -> None:
        chance = random.Random(number)
        client = call_path_client(redis_url)
        counters = CallCounters(client, controller=f"controller-{number % 3}", lease_s=1.0)
        rest = threading.Event()
        try:
            start.wait(40)
            for call in range(CALLS_EACH):
                call_id = f"{number}-{call}"
                if counters.take(call_id, f"node-{number % 2}", [BAU]) is not None:
                    line.refused += 1
                    continue
                line.begin()
                rest.wait(chance.uniform(0, 0.01))
                line.end()
                if chance.random() >= 0.25:
                    counters.release([call_id])
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)
        finally:
            client.close()

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert line.most <= LIMIT
    assert line.refused > 0
    assert line.let_through >= LIMIT
    assert wait_until(lambda: not list(redis_client.scan_iter("fernamt:limit:*")), timeout_s=40)


CLAIMS = {
    owner: Claim(Counter.SIMULTANEOUS_CALLS, Scope.CUSTOMER, owner, limit)
    for owner, limit in (("a", 1), ("b", 2), ("c", 3))
}
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("take"), st.integers(0, 6), st.lists(st.sampled_from("abc"), min_size=1, unique=True)
        ),
        st.tuples(st.just("end"), st.integers(0, 6), st.just([])),
        st.tuples(st.just("renew"), st.just(0), st.just([])),
    ),
    max_size=40,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_redis_and_a_controller_by_itself_decide_as_plain_sets_would(
    redis_client: redis.Redis, script: list[tuple[str, int, list[str]]]
) -> None:
    """B11, whatever the order of calls, ends, calls that ask again and calls that are passed on."""
    redis_client.flushdb()
    shared, local = CallCounters(redis_client, controller="c"), LocalLimits(lambda: 0.0)
    model: dict[str, set[str]] = {owner: set() for owner in CLAIMS}
    for what, number, owners in script:
        call_id = f"call-{number}"
        if what == "end":
            shared.release([call_id])
            local.release(call_id)
            for held in model.values():
                held.discard(call_id)
        elif what == "renew":
            shared.renew("node-1")
        else:
            claims = [CLAIMS[owner] for owner in owners]
            full = [each for each in claims if len(model[each.owner] - {call_id}) >= each.limit]
            full = [each for each in full if call_id not in model[each.owner]]
            expected = full[0] if full else None
            assert shared.take(call_id, "node-1", claims) == expected
            assert local.take(call_id, "node-1", claims) == expected
            if expected is None:
                for owner in owners:
                    model[owner].add(call_id)
        assert shared.counts(list(CLAIMS.values())) == tuple(len(held) for held in model.values())
