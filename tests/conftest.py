"""For all tests: what is made once for all processes of a run, which process runs what, and settings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests.servers import PREPARED, temporary_folder

_HERE = Path(__file__).parent
#: Folders in the order in which their tests begin: those that wait most come first, so that at the end no
#: process waits for the last of them while the others have nothing left to do.
_FOLDERS = ("e2e", "integration", "protocol")
#: Files that use the exchanges of tests/e2e/conftest.py; the longest group, which begins first.
_ONE_EXCHANGE = frozenset(
    f"tests/e2e/test_{name}.py"
    for name in (
        *("abuse", "caller_id", "calls", "configuration", "delayed_offer", "doctor", "emergency"),
        *("hostile_sip", "indirections", "limits", "no_controller", "node", "operation", "originate"),
        *("route_explain", "secrets", "session_timers", "torture", "transfer_charges", "trunk_health"),
    )
)
#: Folders whose tests use one exchange of their own.
_ONE_EACH = ("tests/e2e/agents", "tests/e2e/queue_nodes", "tests/e2e/waiting")

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
    shared = temporary_folder("fernamt-tests-")
    shared.chmod(0o711)
    os.environ[PREPARED] = str(shared)
    try:
        return (yield)
    finally:
        del os.environ[PREPARED]
        shutil.rmtree(shared, ignore_errors=True)


class _Groups(LoadScopeScheduling):  # type: ignore[misc]
    """What uses one exchange runs in one process, all else file by file. (xdist 3.8 has groups of its own,
    which pytest 9.2 does not let it see: each test was a group then.)"""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Groups:
    return _Groups(config, log)


def _group(file: str) -> str:
    if file in _ONE_EXCHANGE:
        return "one exchange"
    folder = file.rpartition("/")[0]
    return folder if folder in _ONE_EACH else file


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Folder after folder, group after group; random as before within a group."""
    first: dict[str, int] = {}
    for place, item in enumerate(items):
        first.setdefault(_group(_file(item)), place)
    items.sort(key=lambda item: (_folder(item), _file(item) not in _ONE_EXCHANGE, first[_group(_file(item))]))


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _folder(item: pytest.Item) -> int:
    """Its place in the order of folders."""
    name = item.path.relative_to(_HERE).parts[0]
    return _FOLDERS.index(name) if name in _FOLDERS else len(_FOLDERS)
