"""From delivered files on local disk to text tables: unpack, file set, manifest, headers, reading. Needs no database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from formats.fileset import FileSet, check_complete, choose_files
from formats.headers import Head, check_headers, detect_version
from formats.manifest import Manifest, check_manifest, read_manifest
from formats.oneroster.tables import FILE_NAMES
from formats.problems import FileProblem, Refused
from formats.read import TextTable, read_csv
from formats.sniff import read_headers
from formats.unpack import Limits, unpack
from imports.files import sha256_of
from imports.steps.split import ALWAYS_READ
from mapping.steps.attributes import headers_needed
from records.attributes import RecordType
from records.frames import single_finding
from records.sources import Source


@dataclass(frozen=True, slots=True)
class Opened:
    """The roster files of a delivery: paths and content hashes by file ("users"), the manifest, warnings."""

    paths: Mapping[str, Path]
    hashes: Mapping[str, str]
    manifest: Manifest
    warnings: tuple[FileProblem, ...]

    def mode(self, file: str) -> str:
        """Bulk or delta."""
        return self.manifest.mode(f"{file}.csv")


@dataclass(frozen=True, slots=True)
class Texts:
    """The files as text, and what reading them found."""

    tables: Mapping[str, TextTable]
    warnings: tuple[FileProblem, ...]
    version: str


def open_files(paths: Sequence[Path], scratch: Path, limits: Limits, required: Collection[str] = FILE_NAMES) -> Opened:
    """Unpack if there is a zip, and check file set and manifest.

    Args:
        paths: what was delivered. scratch: a private folder. limits: of a zip.
        required: the files that must be there; () where any roster file will do.

    Raises:
        Refused: with all that is wrong; nothing may be imported.
    """
    chosen = choose_files(paths)
    warnings = list(chosen.problems)
    if chosen.archive is not None:
        folder = scratch / "unpacked"
        folder.mkdir()
        unpacked = unpack(chosen.archive, folder, limits)
        warnings += unpacked.problems
        chosen = choose_files(unpacked.paths)
    manifest, more = _manifest(chosen, scratch)
    problems = [*check_complete(chosen, required), *check_manifest(manifest, set(chosen.files))]
    if problems:
        raise Refused(problems)
    files = {name.removesuffix(".csv"): path for name, path in chosen.files.items()}
    hashes = {file: sha256_of(path) for file, path in files.items()}
    if chosen.manifest is not None:
        hashes["manifest"] = sha256_of(chosen.manifest)
    return Opened(files, hashes, manifest, (*warnings, *more))


def _manifest(chosen: FileSet, scratch: Path) -> tuple[Manifest, tuple[FileProblem, ...]]:
    return read_manifest(chosen.manifest, scratch=scratch) if chosen.manifest is not None else (Manifest(), ())


def check_heads(opened: Opened) -> tuple[dict[str, tuple[str, ...]], tuple[FileProblem, ...], str]:
    """Hold the headers of all files against the standard.

    Returns:
        The usable headers by file ("users"), the warnings, and the version of OneRoster.

    Raises:
        Refused: a required header is missing (all missing ones of all files are named), or a file cannot be read at all.
    """
    heads: dict[str, Head] = {}
    problems: list[FileProblem] = []
    for file, path in opened.paths.items():
        try:
            heads[f"{file}.csv"] = read_headers(path, name=f"{file}.csv")
        except Refused as refusal:
            problems += refusal.problems
    version = detect_version(heads, opened.manifest.version)
    checked = check_headers(heads, version)
    problems += [problem for problem in checked if problem.severity != "warning"]
    if problems:
        raise Refused(problems)
    headers = {name.removesuffix(".csv"): head.headers for name, head in heads.items()}
    return headers, tuple(problem for problem in checked if problem.severity == "warning"), version


def read_texts(opened: Opened, sources: Mapping[RecordType, Mapping[str, Source]], scratch: Path) -> Texts:
    """Read the columns that are needed of every file.

    Raises:
        Refused: as check_heads.
    """
    _, checked, version = check_heads(opened)
    tables = {
        file: read_csv(path, name=f"{file}.csv", scratch=scratch, columns={*headers_needed(sources, file), *ALWAYS_READ.get(file, ())})
        for file, path in opened.paths.items()
    }
    warnings = [*checked, *(problem for text in tables.values() for problem in text.problems)]
    return Texts(tables, (*opened.warnings, *warnings), version)


def as_findings(problems: Sequence[FileProblem]) -> list[pd.DataFrame]:
    """Problems of files as findings."""
    return [
        single_finding(**{name: getattr(one, name) for name in ("code", "file", "line", "column", "value", "detail")}) for one in problems
    ]


def describe_files(opened: Opened, texts: Texts) -> list[dict[str, object]]:
    """[{name, rows, encoding, sha256, mode, size, headers}] in the order of the standard."""
    return [
        {"name": table.name, "rows": table.rows, "encoding": table.encoding, "sha256": opened.hashes[file], "mode": opened.mode(file),
         "size": opened.paths[file].stat().st_size, "headers": list(table.headers)}
        for file, table in texts.tables.items()
    ]  # fmt: skip
