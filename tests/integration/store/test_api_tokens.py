"""Tokens of users of the HTTP interface (C8), and what streams hear over Redis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import redis
from sqlalchemy import Engine, text

from acd.events import CallerJoined
from cli.wiring.web_users import FRESH, STALE, TokenUsers
from store.acd_live import AcdLive
from store.api_tokens import PREFIX, ApiToken, ApiTokens
from store.audit import AuditLog
from store.errors import DatabaseUnavailable, RecordRefused
from tests.integration.store.test_contact_centre_owner import SPEC, owner, wait_until
from web.errors import Away
from web.rights import Role

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=30)


@pytest.fixture
def tokens(engine: Engine) -> ApiTokens:
    return ApiTokens(engine)


def test_a_token_is_known_by_its_text_and_kept_as_a_hash(engine: Engine, tokens: ApiTokens) -> None:
    token, number = tokens.create("kunde", "anna", "agent", "anna-1", LATER, "tester")
    assert token.startswith(PREFIX)
    assert len(token) > 40
    found = tokens.find(token, NOW)
    assert found is not None
    assert (found.id, found.customer_id, found.role, found.agent_id) == (number, "kunde", "agent", "anna-1")
    assert tokens.find(token[:-1], NOW) is None
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM api_token")).mappings().one()
    assert token not in repr(dict(row))
    (entry,) = AuditLog(engine).latest(object_kind="token")
    assert (entry.action, entry.actor, token in repr(entry)) == ("token.create", "tester", False)


def test_a_token_ends_by_time_or_by_hand_and_only_for_its_customer(tokens: ApiTokens) -> None:
    token, number = tokens.create("kunde", "boss", "admin", None, LATER, "tester")
    assert tokens.find(token, LATER + timedelta(milliseconds=1)) is None
    assert not tokens.revoke(number, NOW, "somebody", "other")
    assert [each.id for each in tokens.valid(NOW, "kunde")] == [number]
    assert tokens.revoke(number, NOW, "tester", "kunde")
    assert not tokens.revoke(number, NOW, "tester", "kunde")
    assert tokens.find(token, NOW) is None
    assert tokens.valid(NOW) == ()


@pytest.mark.parametrize(("role", "agent"), [("agent", None), ("king", "anna")])
def test_a_token_of_nobody_is_refused(tokens: ApiTokens, role: str, agent: str | None) -> None:
    with pytest.raises(RecordRefused):
        tokens.create("kunde", "anna", role, agent, LATER, "tester")


class Sometimes(ApiTokens):
    """The database, when it is there."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.away = False
        self.asked = self.read = 0

    def find(self, token: str, now: datetime) -> ApiToken | None:
        self.asked += 1
        if self.away:
            raise DatabaseUnavailable("database", "nobody there", "Wait")
        return super().find(token, now)

    def hashes(self, now: datetime) -> frozenset[bytes]:
        self.read += 1
        if self.away:
            raise DatabaseUnavailable("database", "nobody there", "Wait")
        return super().hashes(now)


def test_screens_go_on_for_a_while_when_the_database_is_away(engine: Engine) -> None:
    """What is looked up is remembered for seconds, and longer only while nobody answers."""
    found, moment = Sometimes(engine), [NOW]
    token, number = found.create("kunde", "anna", "agent", "anna-1", LATER, "tester")
    users = TokenUsers(found, lambda: moment[0])
    for _ in range(3):
        user = users.of_token(token)
        assert user is not None
        assert (user.name, user.role) == ("anna", Role.AGENT)
    assert found.asked == 1
    found.away = True
    moment[0] += FRESH
    assert users.of_token(token) is not None
    with pytest.raises(Away):
        users.of_token("another")
    moment[0] = NOW + STALE
    with pytest.raises(Away):
        users.of_token(token)
    found.away = False
    found.revoke(number, NOW, "tester")
    assert users.of_token(token) is None


def test_guesses_cost_the_database_nothing(engine: Engine) -> None:
    """Hashes of all tokens are read at once, every few seconds at most."""
    found, moment = Sometimes(engine), [NOW]
    users = TokenUsers(found, lambda: moment[0])
    token, number = found.create("kunde", "anna", "agent", "anna-1", LATER, "tester")
    assert (users.has(token), users.has("guess"), users.has("")) == (True, False, False)
    late, _ = found.create("kunde", "late", "agent", "anna-1", LATER, "tester")
    assert found.revoke(number, NOW, "tester")
    assert [users.has(f"guess-{each}") for each in range(50)] == [False] * 50
    assert (found.read, found.asked) == (1, 0)
    found.away = True
    moment[0] += FRESH
    assert users.has(token)
    found.away = False
    moment[0] += FRESH
    assert (users.has(token), users.has(late)) == (False, True)


def test_what_an_owner_logs_is_heard_at_once(redis_client: redis.Redis) -> None:
    live, heard = AcdLive(redis_client), []
    live.on(SPEC.id, heard.append)
    live.hear()
    with owner(redis_client, "first") as (first, _, _):
        wait_until(lambda: first.is_owner)
        first.tell(CallerJoined("c1", "verkauf"))
        wait_until(lambda: len(first.state.members) == 1)
        for _ in range(20):
            live.hear()
            if any('"Entered"' in each for each in heard):
                break
    live.off(SPEC.id, heard.append)
    live.close()
    assert any('"Entered"' in each and '"c1"' in each for each in heard)
