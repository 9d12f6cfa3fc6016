"""`python -m benchmarks.calls`."""

from __future__ import annotations

import sys

from benchmarks.calls.program import main

sys.exit(main())
