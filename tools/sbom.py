"""What is installed, as a list for others: `python tools/sbom.py DIRECTORY`.

DIRECTORY/sbom.json is CycloneDX 1.6, each distribution with version and licence; DIRECTORY/installed.txt has
all but our own as requirements. It reads what pip left on disk: no network, no other package, a moment. The
same packages make the same files.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Final

OWN: Final = "fernamt"
#: Of those whose wheel does not say it: the licence, and where it stands.
STATED: Final = {"saxonche": ("MPL-2.0", "saxonica.com/saxon-c, SaxonC-HE")}
NOT_STATED: Final = "not stated"
_CLASSIFIER: Final = "License :: "
#: Longer ones are the text itself.
_MOST: Final = 100
_SPACE: Final = uuid.UUID("7c1ad7ee-0a3c-5a0e-8f0b-2f6a6c3b1f3e")


def name_of(distribution: Distribution) -> str:
    """As registries compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()


def installed() -> dict[str, Distribution]:
    """Of each name the one that is imported."""
    found: dict[str, Distribution] = {}
    for each in distributions():
        if each.metadata["Name"]:
            found.setdefault(name_of(each), each)
    return dict(sorted(found.items()))


def licence_of(distribution: Distribution) -> str:
    """By the first that says it: expression (PEP 639), field, classifiers, our own table, names of the files
    that hold it. NOT_STATED where nothing does."""
    metadata = distribution.metadata
    field = (metadata.get("License") or "").strip()
    short = field if len(field) <= _MOST and "\n" not in field and field.upper() != "UNKNOWN" else ""
    classified = " AND ".join(
        each.rpartition(" :: ")[2]
        for each in metadata.get_all("Classifier") or ()
        if each.startswith(_CLASSIFIER) and each != "License :: OSI Approved"
    )
    stated = STATED.get(name_of(distribution), ("", ""))[0]
    files = ", ".join(metadata.get_all("License-File") or ())
    return (
        (metadata.get("License-Expression") or "").strip()
        or short
        or classified
        or stated
        or (f"as in its file {files}" if files else NOT_STATED)
    )


def document(found: Iterable[Distribution]) -> dict[str, Any]:
    """The list."""
    components = [_component(each) for each in found]
    serial = uuid.uuid5(_SPACE, json.dumps(components, sort_keys=True))
    own = [each for each in components if each["name"] == OWN]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": {**own[0], "type": "application"}} if own else {},
        "components": components,
    }


def _component(distribution: Distribution) -> dict[str, Any]:
    name, licence = name_of(distribution), licence_of(distribution)
    purl = f"pkg:pypi/{name}@{distribution.version}"
    said: dict[str, Any] = {"license": {"name": licence}}
    if (distribution.metadata.get("License-Expression") or "").strip():
        said = {"expression": licence}
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": distribution.version,
        "purl": purl,
        "licenses": [said],
    }


def main(directory: Path) -> int:
    """How many distributions there are."""
    found = installed()
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "sbom.json").write_text(json.dumps(document(found.values()), indent=1) + "\n")
    lines = [f"{name}=={each.version}\n" for name, each in found.items() if name != OWN]
    (directory / "installed.txt").write_text("".join(lines))
    return len(found)


if __name__ == "__main__":
    where = Path(sys.argv[1] if len(sys.argv) > 1 else "var")
    sys.stdout.write(f"{where}/sbom.json: {main(where)} packages\n")
