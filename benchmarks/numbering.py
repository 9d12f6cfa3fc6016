"""How long one number takes: `normalise` (number, class, country) beside phonenumbers doing the same.

    python benchmarks/numbering.py [--json]

Target: 3 µs median for what phones and trunks usually send, on one core.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter_ns

if __name__ == "__main__":  # `benchmarks/` is first in sys.path, and this file is called numbering too
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import phonenumbers

from numbering.dial import Line, normalise

TARGET_US = 3.0
ROUNDS = 400
LINE = Line(area_code="221")
#: What a carrier's customers dial, and what Teams sends: digits with or without "+".
TYPICAL = (
    "+492214710123",
    "02214710123",
    "4710123",
    "00493023125000",
    "+496990009123",
    "015228817386",
    "+4915228817386",
    "08001234567",
    "018051234567",
    "+442079460000",
    "0012025550123",
    "112",
)
#: What address books and strange peers send.
ODD = (
    "+49 (0)221 / 4710-123",
    "(0221) 4710-123",
    "tel:+49-221-4710-123;phone-context=+49",
    "sip:+492214710123@sip.example.com;user=phone",
    "*31#02214710123",
    "%2B492214710123",
)


def by_library(text: str) -> object:
    """The nearest that phonenumbers offers: parse, validity, type, country, E.164."""
    try:
        number = phonenumbers.parse(text, "DE")
    except phonenumbers.NumberParseException:
        return None
    return (
        phonenumbers.is_valid_number(number),
        phonenumbers.number_type(number),
        phonenumbers.region_code_for_number(number),
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
    )


def median_us(work: Callable[[str], object], texts: Sequence[str], rounds: int) -> float:
    """Median over all texts and rounds; each sample times ten calls, to keep the clock's cost out."""
    samples = []
    for _ in range(rounds):
        for text in texts:
            start = perf_counter_ns()
            for _ in range(10):
                work(text)
            samples.append((perf_counter_ns() - start) / 10_000)
    return statistics.median(samples)


def main() -> int:
    """Print the medians; 1 when the target is missed."""
    parser = argparse.ArgumentParser(description="How long one number takes.")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    as_json = parser.parse_args().json
    result = {
        "typical_us": median_us(lambda text: normalise(text, LINE), TYPICAL, ROUNDS),
        "odd_us": median_us(lambda text: normalise(text, LINE), ODD, ROUNDS),
        "phonenumbers_typical_us": median_us(by_library, TYPICAL, ROUNDS // 20),
        "target_us": TARGET_US,
    }
    if as_json:
        print(json.dumps({name: round(value, 3) for name, value in result.items()}))
    else:
        print(f"normalise, typical dial strings     {result['typical_us']:8.2f} µs (target {TARGET_US} µs)")
        print(f"normalise, odd spellings            {result['odd_us']:8.2f} µs")
        print(f"phonenumbers, typical dial strings  {result['phonenumbers_typical_us']:8.2f} µs")
    return 0 if result["typical_us"] <= TARGET_US else 1


if __name__ == "__main__":
    sys.exit(main())
