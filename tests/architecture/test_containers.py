"""The compose files as an engine would read them: what a service needs is given to it (issue 7)."""

from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from tests.architecture.program import ROOT

#: By file: what `docker compose` makes of it, anchors merged.
FILES: Final[dict[str, dict[str, Any]]] = {
    name: yaml.safe_load((ROOT / name).read_text()) for name in ("compose.yaml", "deploy/site.compose.yaml")
}
#: Services that run our program: (file, name, service).
PROGRAMS: Final = [
    (file, name, service)
    for file, tree in FILES.items()
    for name, service in tree["services"].items()
    if service.get("command", [""])[0] == "--settings"
]

programs = pytest.mark.parametrize(
    ("file", "name", "service"), PROGRAMS, ids=[f"{file}-{name}" for file, name, _ in PROGRAMS]
)


@programs
def test_secrets_in_the_environment_reach_a_service(file: str, name: str, service: dict[str, Any]) -> None:
    """`{env: NAME}` in the carrier's files and the settings; without such a file it starts all the same."""
    (entry,) = service["env_file"]
    assert (ROOT / file).parent.joinpath(entry["path"]).resolve() == ROOT / "secrets" / "environment", name
    assert entry["required"] is False
