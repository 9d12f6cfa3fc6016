"""The program's first step: make the standard library cooperative before anything else is imported."""

from __future__ import annotations

import gc
import sys
import warnings
from typing import Final

#: What is imported stays. Python looks for garbage after every 700 new values, which took a tenth of a start.
_VALUES_BETWEEN_LOOKS: Final = 20_000


def prepare() -> None:
    """Patch for gevent: before anything else of the program is imported."""
    from gevent import monkey

    # fork handlers of threading warn under gevent when children are started; we start children by design.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="gevent")
    monkey.patch_all()

    from store.database import cooperate_with_gevent

    cooperate_with_gevent()


def main() -> None:
    """`fernamt`: patch, then hand over to the commands."""
    gc.set_threshold(_VALUES_BETWEEN_LOOKS, *gc.get_threshold()[1:])
    prepare()
    from cli.main import fernamt

    sys.exit(fernamt())


if __name__ == "__main__":
    main()
