"""The program's first step: make the standard library cooperative before anything else is imported."""

from __future__ import annotations

import sys
import warnings


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
    prepare()
    from cli.main import fernamt

    sys.exit(fernamt())


if __name__ == "__main__":
    main()
