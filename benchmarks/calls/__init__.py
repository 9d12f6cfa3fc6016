"""Call handling on a real FreeSWITCH, measured with SIPp: static dialplan, fernamt, greenswitch."""

from __future__ import annotations

from benchmarks.calls.program import main

__all__ = ["main"]
