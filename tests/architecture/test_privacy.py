"""No table is forgotten by the deletion of data (F4)."""

from __future__ import annotations

from privacy.kinds import ABOUT_NOBODY, KINDS
from store.every_table import every_table
from tests.architecture.privacy import PATH, page


def test_every_table_is_of_a_kind_that_is_deleted_or_about_nobody() -> None:
    """F4: whoever adds a table says in privacy/kinds.py how long its rows are kept and by which law."""
    kinds = {name for each in KINDS for name in each.tables}
    there = set(every_table().tables)
    assert there - kinds - set(ABOUT_NOBODY) == set(), "name the table in a kind of privacy/kinds.py"
    assert (kinds | set(ABOUT_NOBODY)) - there == set(), "privacy/kinds.py names tables that are not there"


def test_the_tables_of_the_privacy_page_are_up_to_date() -> None:
    assert PATH.read_text() == page(), "run `python -m tests.architecture.privacy`"
