"""Passwords of servers from where the settings say they are (issue 7)."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.connection import parse_url

from cli.bootstrap import server_url
from cli.settings import load_settings
from provisioning.secrets import SecretMissing
from tests.architecture.program import ROOT

PASSWORD = "9f2c41aa6b0de7c83f15b6d2490ce8713da5f06c2b9e4d18"


@pytest.mark.parametrize(
    "shipped", ["deploy/fernamt.yaml", "deploy/site-a.yaml", "deploy/systemd/fernamt.yaml"]
)
def test_redis_is_given_the_password_that_has_no_user_beside_it(shipped: str, tmp_path: Path) -> None:
    """`requirepass` knows no names."""
    known = load_settings(ROOT / shipped)
    assert known.redis is not None
    with pytest.raises(SecretMissing):
        server_url(known, known.redis, "Redis")
    (tmp_path / "redis").write_text(f"{PASSWORD}\n")
    secret = known.redis.model_copy(
        update={
            "password": known.node.event_socket_password.model_copy(update={"file": str(tmp_path / "redis")})
        }
    )
    said = parse_url(server_url(known.model_copy(update={"redis": secret}), secret, "Redis"))
    assert said["password"] == PASSWORD
    assert "username" not in said
