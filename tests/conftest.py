"""For all tests: property tests are not failed by a machine that is busy with something else."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
