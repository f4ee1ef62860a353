"""Write OneRoster files: UTF-8, LF, minimal quoting; the same input gives the same bytes."""

import csv
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import pyarrow as pa

from formats.oneroster.tables import FILES, MANIFEST, OTHER_MANIFEST_FILES, TABLES

_STAMP = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: it must not tell when the zip was made
_BATCH_ROWS = 20_000
_METADATA = "metadata."


def write_rows(path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a header row and rows of text, one value per header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(headers)
        writer.writerows(rows)


def headers_of(file: str, extra: Iterable[str] = ()) -> tuple[str, ...]:
    """The standard's headers of a file ("users") in its order, then the metadata columns among `extra`, sorted."""
    return (*(column.header for column in TABLES[file]), *sorted(header for header in extra if header.startswith(_METADATA)))


def write_csv(path: Path, file: str, rows: Iterable[Sequence[str]] | pa.Table) -> None:
    """Write one file of the standard.

    Args:
        path: where to.
        file: "users".
        rows: one value per standard header, in the standard's order; or a table whose columns have the standard's names, where
            missing columns are left empty, `metadata.*` columns come last, and others are left out.
    """
    if not isinstance(rows, pa.Table):
        write_rows(path, headers_of(file), rows)
        return
    headers = headers_of(file, rows.column_names)
    present = [header for header in headers if header in rows.column_names]
    batches = rows.select(present).to_batches(max_chunksize=_BATCH_ROWS)
    write_rows(path, headers, chain.from_iterable(_batch_rows(batch, headers) for batch in batches))


def _batch_rows(batch: pa.RecordBatch, headers: Sequence[str]) -> Iterable[tuple[str, ...]]:
    blank = [""] * batch.num_rows
    columns = [batch.column(header).to_pylist() if header in batch.schema.names else blank for header in headers]
    return zip(*columns, strict=True)


def manifest_rows(modes: Mapping[str, str], *, source_name: str = "", source_code: str = "") -> list[tuple[str, str]]:
    """The rows of a 1.1 manifest.csv; `modes` holds bulk or delta by file ("users"), every other file is absent."""
    files = sorted((*FILES, *OTHER_MANIFEST_FILES), key=str.casefold)
    return [
        ("manifest.version", "1.0"),
        ("oneroster.version", "1.1"),
        *((f"file.{file}", modes.get(file, "absent")) for file in files),
        ("source.systemName", source_name),
        ("source.systemCode", source_code),
    ]


def write_manifest(path: Path, modes: Mapping[str, str], *, source_name: str = "", source_code: str = "") -> None:
    """Write manifest.csv."""
    rows = manifest_rows(modes, source_name=source_name, source_code=source_code)
    write_rows(path, ("propertyName", "value"), rows)


def write_zip(folder: Path, zip_path: Path) -> None:
    """Pack the roster files and the manifest of a folder at the root of a zip; the same files give the same bytes."""
    names = (MANIFEST, *sorted(f"{file}.csv" for file in FILES))
    with zipfile.ZipFile(zip_path, "w") as archive:
        for name in names:
            source = folder / name
            if not source.exists():
                continue
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            info.file_size = source.stat().st_size  # above 2 GB the zip needs the long form, decided before writing
            with source.open("rb") as plain, archive.open(info, "w") as packed:
                while block := plain.read(1024 * 1024):
                    packed.write(block)
