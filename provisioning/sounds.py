"""Announcements as the switch plays them: tones as they are, recordings by their path, texts spoken.

Texts are spoken by espeak-ng in German when a configuration is compiled, once each: the file's name is the
digest of voice and text. A text that cannot be spoken here, or a recording that is missing, becomes a tone,
for an exchange that plays a tone instead of a sentence beats one that refuses its configuration; `problems`
says so.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from freeswitch.private_files import make_folder, replace_private

if TYPE_CHECKING:  # who only asks for addresses, secrets or sounds needs no schema
    from provisioning.schema.plan import PromptEntry

VOICE: Final = "de"
#: Seconds that a text may take to be spoken; a thousand characters take one.
TIMEOUT_S: Final = 20
#: Three short tones: something should have been said here.
ATTENTION: Final = "tone_stream://%(200,100,880);%(200,100,880);%(200,800,880)"
PROGRAM: Final = "espeak-ng"


class SoundBook(Protocol):
    """Gives what the switch plays for an announcement."""

    def sound(self, prompt: PromptEntry) -> str:
        """Never fails: what cannot be played becomes `ATTENTION`."""
        ...

    def has(self, file: str) -> bool:
        """Whether there is such a recording below the sounds directory."""
        ...


class TonesOnly:
    """Of a machine that speaks nothing: for checks, drawings and trials."""

    def sound(self, prompt: PromptEntry) -> str:
        return f"tone_stream://{prompt.tone}" if prompt.tone is not None else ATTENTION

    def has(self, file: str) -> bool:
        return False


class Sounds:
    """Sounds below `directory`, an absolute path; spoken texts are kept in `directory/spoken`, for the
    account that FreeSWITCH runs as.

    The program is searched in the environment's PATH. Make a new one for each compilation.
    """

    def __init__(self, environment: Mapping[str, str], directory: Path) -> None:
        self._environment = environment
        self._directory = directory
        self.problems: dict[str, str] = {}

    def sound(self, prompt: PromptEntry) -> str:
        if prompt.tone is not None:
            return f"tone_stream://{prompt.tone}"
        if prompt.file is not None:
            path = self._directory / prompt.file
            if path.is_file():
                return str(path)
            return self._attention(prompt, f"there is no file {path}")
        return self._spoken(prompt, prompt.text or "")

    def has(self, file: str) -> bool:
        return (self._directory / file).is_file()

    def _spoken(self, prompt: PromptEntry, text: str) -> str:
        name = hashlib.sha256(f"{VOICE}\n{text}".encode()).hexdigest()[:32]
        path = self._directory / "spoken" / f"{name}.wav"
        if path.exists():
            return str(path)
        program = shutil.which(PROGRAM, path=self._environment.get("PATH", ""))
        if program is None:
            return self._attention(prompt, f"the program {PROGRAM} is not installed, which speaks texts")
        try:
            with tempfile.TemporaryDirectory(prefix="fernamt-spoken-") as place:
                spoken = Path(place) / path.name
                done = subprocess.run(
                    [program, "-v", VOICE, "-s", "150", "-w", str(spoken), "--stdin"],
                    input=text.encode(),
                    capture_output=True,
                    timeout=TIMEOUT_S,
                    check=False,
                )
                if done.returncode != 0 or not spoken.is_file():
                    return self._attention(prompt, f"{PROGRAM} failed with status {done.returncode}")
                make_folder(path.parent)
                # Several controllers compile the same version at one moment: the last one's stays.
                replace_private(path, spoken.read_bytes())
        except (OSError, subprocess.TimeoutExpired) as error:
            return self._attention(prompt, f"{PROGRAM} cannot be run: {type(error).__name__}")
        return str(path)

    def _attention(self, prompt: PromptEntry, why: str) -> str:
        self.problems[prompt.id] = why
        return ATTENTION
