"""For all tests: property tests are not failed by a machine that is busy with something else."""

from __future__ import annotations

from typing import Any

import structlog
from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")

_configure = structlog.configure


def _without_memory(*args: Any, **options: Any) -> None:
    """A logger that kept the settings of its first use would show `capture_logs` nothing after a command of
    another test has set them anew."""
    _configure(*args, **{**options, "cache_logger_on_first_use": False})


structlog.configure = _without_memory
