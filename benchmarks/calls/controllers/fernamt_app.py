"""fernamt's controller as a program: make the standard library cooperative, then start it."""

from __future__ import annotations

import argparse


def main() -> None:
    """Run until SIGTERM. Prints "ready" when calls may come."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ports", required=True)
    parser.add_argument("--redis", required=True)
    options = parser.parse_args()

    from gevent import monkey

    monkey.patch_all()

    from benchmarks.calls.controllers.fernamt_wiring import serve

    serve(options.ports, options.redis)


if __name__ == "__main__":
    main()
