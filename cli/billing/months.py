"""German calendar months as options of commands."""

from __future__ import annotations

import re
from typing import Any

import click

from rating.berlin import Month


class MonthOption(click.ParamType[Month]):
    """`2026-11`: a German calendar month."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        match = re.fullmatch(r"(20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])", str(value), re.ASCII)
        if match is None:
            self.fail(f"{str(value)[:40]!r} is no month such as 2026-11", param, ctx)
        return Month(int(match[1]), int(match[2]))
