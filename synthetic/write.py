"""A district's day as files: seven CSVs, the manifest and the zip of all eight, byte for byte the same every time."""

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from formats.oneroster.tables import FILES, MANIFEST, ONEROSTER_ZIP, OTHER_MANIFEST_FILES, TABLES
from synthetic.district import District
from synthetic.render import RENDERERS, lines, live_rows

_ROWS_AT_ONCE = 100_000
_FAST = 1  # random ids hardly shrink further at higher levels


@dataclass(frozen=True, slots=True)
class DistrictSummary:
    """What was written: rows per file (header not counted), bytes of the CSVs, and how many changes of which kind led to this day."""

    out: Path
    seed: int
    day: int
    rows: dict[str, int]
    csv_bytes: int
    changes: dict[str, int]

    @property
    def total_rows(self) -> int:
        """Rows of all seven files."""
        return sum(self.rows.values())

    def as_dict(self) -> dict[str, object]:
        """The summary as JSON knows it."""
        return {
            "out": str(self.out), "seed": self.seed, "day": self.day, "rows": self.rows, "total_rows": self.total_rows,
            "csv_bytes": self.csv_bytes, "changes": self.changes,
        }  # fmt: skip


def write_files(d: District, out: Path, changes: dict[str, int]) -> DistrictSummary:
    """Write CSVs, manifest and zip into `out`, which is made if needed; files of those names are replaced."""
    out.mkdir(parents=True, exist_ok=True)
    rows = {file: _write_csv(d, file, out / f"{file}.csv") for file in FILES}
    (out / MANIFEST).write_text(manifest(), encoding="utf-8", newline="")
    names = [*(f"{file}.csv" for file in FILES), MANIFEST]
    _write_zip(out, names)
    size = sum((out / name).stat().st_size for name in names)
    return DistrictSummary(out, d.seed, d.day, rows, size, changes)


def _write_csv(d: District, file: str, path: Path) -> int:
    headers = tuple(column.header for column in TABLES[file])
    rows = live_rows(d, file)
    with path.open("wb") as target:
        target.write(",".join(headers).encode() + b"\n")
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            batch = lines(headers, RENDERERS[file](d, rows[start : start + _ROWS_AT_ONCE]))
            whole = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(batch)], pa.int32()), batch), "\n")
            target.write(whole[0].as_buffer())
            target.write(b"\n")
    return len(rows)


def manifest() -> str:
    """manifest.csv: the seven files in bulk, the other six of the standard absent."""
    modes = {**dict.fromkeys(FILES, "bulk"), **dict.fromkeys(OTHER_MANIFEST_FILES, "absent")}
    pairs = [("propertyName", "value"), ("manifest.version", "1.0"), ("oneroster.version", "1.1")]
    pairs += [(f"file.{file}", modes[file]) for file in sorted(modes, key=str.lower)]
    pairs += [("source.systemName", "Roster Portal synthetic district"), ("source.systemCode", "synthetic")]
    return "".join(f"{name},{value}\n" for name, value in pairs)


def _write_zip(out: Path, names: list[str]) -> None:
    """Entries opened by name carry the zip format's first day as their date, so the bytes do not depend on the clock."""
    with zipfile.ZipFile(out / ONEROSTER_ZIP, "w", zipfile.ZIP_DEFLATED, compresslevel=_FAST) as archive:
        for name in names:
            with (out / name).open("rb") as source, archive.open(name, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 1 << 20)
