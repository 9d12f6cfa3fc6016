"""For all tests: what is made once for all processes of a run, which process runs what, and settings."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings

from tests.servers import PREPARED

_HERE = Path(__file__).parent
#: Folders in the order in which their tests begin: those that wait most come first, so that at the end no
#: process waits for the last of them while the others have nothing left to do.
_FOLDERS = ("e2e", "integration", "protocol")
#: Tests that use one exchange together: the longest groups, which begin first.
_EXCHANGE, _AGENTS = "one exchange", "agents"

# Property tests are not failed by a machine that is busy with something else.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

_configure = structlog.configure


def _without_memory(*args: Any, **options: Any) -> None:
    """A logger that kept the settings of its first use would show `capture_logs` nothing after a command of
    another test has set them anew."""
    _configure(*args, **{**options, "cache_logger_on_first_use": False})


structlog.configure = _without_memory


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main() -> Iterator[None]:
    """A folder for what is made once for all processes of a run; it ends with the run."""
    if PREPARED in os.environ:  # one of several processes
        return (yield)
    shared = tempfile.mkdtemp(prefix="fernamt-tests-")
    Path(shared).chmod(0o711)
    os.environ[PREPARED] = shared
    try:
        return (yield)
    finally:
        del os.environ[PREPARED]
        shutil.rmtree(shared, ignore_errors=True)


def pytest_itemcollected(item: pytest.Item) -> None:
    """What uses one exchange runs in one process, all else file by file (--dist loadgroup)."""
    item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item: pytest.Item) -> str:
    place = item.path.relative_to(_HERE)
    if place.is_relative_to("e2e/agents"):
        return _AGENTS
    if isinstance(item, pytest.Function):
        shared = item._fixtureinfo.name2fixturedefs.get("running", ())
        if shared and shared[-1].baseid == "tests/e2e":
            return _EXCHANGE
    return str(place)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Random as before within a folder and a group."""
    items.sort(key=_begins)


def _begins(item: pytest.Item) -> tuple[int, bool]:
    name = item.path.relative_to(_HERE).parts[0]
    folder = _FOLDERS.index(name) if name in _FOLDERS else len(_FOLDERS)
    return folder, _group(item) not in (_EXCHANGE, _AGENTS)
