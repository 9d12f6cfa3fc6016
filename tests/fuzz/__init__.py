"""What reads foreign bytes, for a fuzzer: `make fuzz`, or `python -m tests.fuzz TARGET --seconds 600`.

corpus/TARGET has what the fuzzer begins with and what it found; test_corpus.py plays it in every `make test`.
"""

from pathlib import Path
from typing import Final

CORPUS: Final = Path(__file__).parent / "corpus"
