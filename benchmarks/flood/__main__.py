"""`python -m benchmarks.flood`."""

import sys

from benchmarks.flood.program import main

if __name__ == "__main__":
    sys.exit(main())
