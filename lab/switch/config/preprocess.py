"""FreeSWITCH's preprocessor: `X-PRE-PROCESS` set and include, `$${globals}`; text in, one XML text out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from lab.errors import ConfigurationError

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_DEPTH: Final = 16

_DIRECTIVE: Final = re.compile(r"<\s*X-PRE-PROCESS\s+(?P<attributes>[^>]*?)/?\s*>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"""(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_GLOBAL: Final = re.compile(r"\$\$\{([^}]*)\}")
_INCLUDE_TAG: Final = re.compile(r"</?\s*include\s*>", re.IGNORECASE)


def preprocess(path: Path, variables: dict[str, str]) -> str:
    """The text of `path` with everything included; `variables` receives what `set` says.

    Include patterns are relative to the including file's folder and read in alphabetic order. Unknown
    globals become empty, as in FreeSWITCH. Raises ConfigurationError with file and line.
    """
    return "\n".join(_lines(path, variables, 0))


def _lines(path: Path, variables: dict[str, str], depth: int) -> list[str]:
    if depth > MAX_DEPTH:
        raise ConfigurationError(f"{path}: includes are nested deeper than {MAX_DEPTH}; look for a circle")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigurationError(f"{path}: larger than {MAX_BYTES} bytes; split it")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"{path}: {problem}; check the path given with -conf") from None
    lines: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        expanded = _GLOBAL.sub(lambda found: variables.get(found[1], ""), line)
        directive = _DIRECTIVE.search(expanded)
        if directive is None:
            lines.append(_INCLUDE_TAG.sub("", expanded) if depth else expanded)
            continue
        lines.append(expanded[: directive.start()])
        lines += _follow(directive["attributes"], path, number, variables, depth)
        lines.append(expanded[directive.end() :])
    return lines


def _follow(attributes: str, path: Path, number: int, variables: dict[str, str], depth: int) -> list[str]:
    found = {name.lower(): double or single for name, double, single in _ATTRIBUTE.findall(attributes)}
    command, data = found.get("cmd", ""), found.get("data", "")
    match command:
        case "set":
            name, equals, value = data.partition("=")
            if not equals or not name:
                raise ConfigurationError(f"{path}:{number}: set wants name=value, not {data!r}")
            variables[name] = value
            return []
        case "include":
            pattern = Path(data)
            base = Path(pattern.anchor) if pattern.is_absolute() else path.parent
            relative = str(pattern.relative_to(pattern.anchor)) if pattern.is_absolute() else data
            lines: list[str] = []
            for included in sorted(base.glob(relative)):
                lines += _lines(included, variables, depth + 1)
            return lines
        case _:
            raise ConfigurationError(
                f"{path}:{number}: X-PRE-PROCESS cmd={command!r} is not known to the lab; use set or include"
            )
