"""Orders of before it could be said that they are secret."""

from __future__ import annotations

from sqlalchemy import text

from store.database import make_engine
from store.schema import upgrade
from store.schema_steps import climb
from tests.servers import Databases

_HOLD = (
    "INSERT INTO privacy_hold (customer_id, kind, opened_at, actor, reason, released_at, released_by,"
    " release_reason) VALUES ('{}', '{}', now(), 'anna', 'x', {})"
)
_OPEN, _RELEASED = "NULL, NULL, NULL", "now(), 'anna', 'y'"


def test_nobody_is_told_of_open_orders_of_before(databases: Databases) -> None:
    """TKG § 174(6): what was told cannot be taken back. Holds are final again afterwards."""
    with databases.empty() as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            climb(connection, "0028")
            for which in (("a", "order", _OPEN), ("b", "order", _RELEASED), ("c", "objection", _OPEN)):
                connection.execute(text(_HOLD.format(*which)))
        upgrade(engine)
        with engine.connect() as connection:
            secret = connection.execute(text("SELECT customer_id, secret FROM privacy_hold ORDER BY 1")).all()
            enabled = connection.scalar(
                text("SELECT tgenabled FROM pg_trigger WHERE tgname = 'privacy_hold_is_final'")
            )
        engine.dispose()
    assert [tuple(each) for each in secret] == [("a", True), ("b", False), ("c", False)]
    assert enabled in ("O", b"O")
