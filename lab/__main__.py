"""`python -m lab switch …`: the lab's programs, each a process of its own."""

import sys

from lab.switch.run import main as switch_main


def main(arguments: list[str]) -> int:
    """Run the named program; the exit status is its own, 2 for a name that does not exist."""
    if arguments[:1] == ["switch"]:
        return switch_main(arguments[1:])
    sys.stderr.write("usage: python -m lab switch -conf DIR -log DIR -db DIR -run DIR\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
