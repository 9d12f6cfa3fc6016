"""Runs the benchmark; exit status 1 when a goal is missed."""

import sys

from benchmarks.month.run import main

if __name__ == "__main__":
    sys.exit(main())
