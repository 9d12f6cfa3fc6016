"""`python -m lab.robots`: see `lab.robots.wire` for the lines it speaks."""

import sys

from lab.robots.server import main

sys.exit(main())
