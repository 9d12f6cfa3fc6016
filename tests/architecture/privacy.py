"""docs/privacy.md: its tables, made from the program. `python -m tests.architecture.privacy` writes them."""

from __future__ import annotations

from typing import Final

from privacy.kinds import ABOUT_NOBODY, KINDS
from tests.architecture.program import ROOT

PATH: Final = ROOT / "docs" / "privacy.md"
BEGIN: Final = "<!-- made by python -m tests.architecture.privacy -->\n"
END: Final = "<!-- end -->\n"


def page() -> str:
    """The page as it should be."""
    text = PATH.read_text()
    before, rest = text.split(BEGIN, 1)
    return before + BEGIN + "\n" + _tables() + "\n" + rest[rest.index(END) :]


def _tables() -> str:
    lines = ["| kind | what | kept | from | by | held by | then |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| `{each.id}` | {each.what} | {each.kept()} | {each.clock} | {each.basis} | {each.held.value} "
        f"| {each.afterwards} |"
        for each in KINDS
    ]
    lines += ["", "| kind | tables of the database |", "|---|---|"]
    lines += [f"| `{each.id}` | {', '.join(f'`{name}`' for name in each.tables)} |" for each in KINDS]
    nobody = [f"`{name}` ({why})" for name, why in sorted(ABOUT_NOBODY.items())]
    return "\n".join([*lines, "", f"About nobody: {', '.join(nobody)}.", ""])


if __name__ == "__main__":
    PATH.write_text(page())
