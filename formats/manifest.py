"""Read manifest.csv: which file is sent in full, which as changes only, which not at all."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from formats.oneroster.tables import FILE_NAMES, MANIFEST, MANIFEST_MODES
from formats.problems import FileProblem, refuse
from formats.read import TextTable, read_csv

_MODE_KEYS = {f"file.{name.removesuffix('.csv')}".casefold(): name for name in FILE_NAMES}
_VERSIONS = {"1": "1.0", "1.0": "1.0", "1.1": "1.1", "1.1.1": "1.1", "": ""}


@dataclass(frozen=True, slots=True)
class Manifest:
    """modes: absent, bulk or delta by file name, for the files that it names; version: "1.0", "1.1", or "" if not said."""

    modes: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    source_system: str = ""

    def mode(self, name: str) -> str:
        """How a file that is present was sent; in full where the manifest does not say."""
        return self.modes.get(name, "bulk")


def read_manifest(path: Path, *, scratch: Path) -> tuple[Manifest, tuple[FileProblem, ...]]:
    """Return the manifest and its warnings. The order of the rows is free, case and spaces do not matter.

    Raises:
        Refused: a row that cannot be read, an unknown mode, one property with two values, a version that is not supported.
    """
    table = read_csv(path, name=MANIFEST, scratch=scratch)
    properties = _properties(table)
    modes: dict[str, str] = {}
    for key, (line, value) in properties.items():
        mode = value.lower()
        if key.startswith("file.") and mode not in MANIFEST_MODES:
            raise refuse("manifest-mode-unknown", MANIFEST, line=line, column=key, value=value, detail=", ".join(MANIFEST_MODES))
        if name := _MODE_KEYS.get(key):
            modes[name] = mode
    line, version = properties.get("oneroster.version", (0, ""))
    if version not in _VERSIONS:
        raise refuse("version-not-supported", MANIFEST, line=line, column="oneroster.version", value=version)
    _, source = properties.get("source.systemname", (0, ""))
    missing = [name for name in FILE_NAMES if name not in modes]
    warnings = [FileProblem("manifest-row-missing", MANIFEST, value=name, severity="warning") for name in missing]
    return Manifest(modes, _VERSIONS[version], source), (*table.problems, *warnings)


def _properties(table: TextTable) -> dict[str, tuple[int, str]]:
    """(line, value) by property name in lower case."""
    if table.bad:
        raise refuse("manifest-unreadable", MANIFEST, line=table.bad[0].line, value=table.bad[0].excerpt)
    if not {"propertyName", "value"} <= set(table.headers):
        raise refuse("manifest-unreadable", MANIFEST, line=1, value=", ".join(table.headers))
    properties: dict[str, tuple[int, str]] = {}
    for row in table.table.to_pylist():
        key, value, line = row["propertyName"].strip().casefold(), row["value"].strip(), row["_line"]
        if key in properties and properties[key][1].casefold() != value.casefold():
            raise refuse(
                "manifest-repeated", MANIFEST, line=line, column=row["propertyName"].strip(), value=value, detail=properties[key][1]
            )
        properties.setdefault(key, (line, value))
    return properties


def check_manifest(manifest: Manifest, present: Collection[str]) -> list[FileProblem]:
    """Compare what the manifest says with the roster files that came: every disagreement refuses the delivery."""
    problems = []
    for name, mode in manifest.modes.items():
        if mode == "absent" and name in present:
            problems.append(FileProblem("manifest-file-unexpected", name, severity="refused"))
        elif mode != "absent" and name not in present:
            problems.append(FileProblem("manifest-file-missing", name, value=mode, severity="refused"))
    return problems
