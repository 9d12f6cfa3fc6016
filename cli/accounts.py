"""Who runs the program: the account, by the kernel's word and not by a variable of the environment."""

from __future__ import annotations

import os
import pwd


def account() -> str:
    """The name of the account; behind sudo the one that called it. Accounts without a name have a number."""
    number = os.getuid()
    if number == 0:
        # sudo(8) sets it; whoever is root can be whoever he wants to be anyway.
        behind = os.environ.get("SUDO_UID", "")
        number = int(behind) if behind.isascii() and behind.isdigit() and len(behind) <= 10 else 0
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"account {number}"
