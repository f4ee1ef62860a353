"""Which of the delivered files an import takes: a zip before loose files, the seven roster files, the manifest."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from formats.oneroster.tables import FILE_NAMES, MANIFEST, ONEROSTER_ZIP
from formats.package_kind import identify_package
from formats.problems import FileProblem, refuse

FIRST_SET = (*FILE_NAMES, MANIFEST)  # what the first run of a landing zone needs
_KNOWN = {name.casefold(): name for name in (*FILE_NAMES, MANIFEST)}


@dataclass(frozen=True, slots=True)
class FileSet:
    """What to import. With `archive` set the files are still in it: unpack it and choose again among what comes out."""

    archive: Path | None = None
    files: Mapping[str, Path] = field(default_factory=dict)  # roster files by the standard's name, in the order of FILE_NAMES
    manifest: Path | None = None
    ignored: tuple[Path, ...] = ()
    problems: tuple[FileProblem, ...] = ()  # warnings

    @property
    def missing(self) -> tuple[str, ...]:
        """The roster files that are not there, in the order of FILE_NAMES."""
        return tuple(name for name in FILE_NAMES if name not in self.files)


def choose_files(paths: Sequence[Path]) -> FileSet:
    """Choose among the files of one delivery.

    Raises:
        Refused: several zips of which none is OneRoster.zip, two files of one name, a package of another standard.
    """
    zips = [path for path in paths if path.suffix.lower() == ".zip"]
    if zips:
        archive = _choose_zip(zips)
        ignored = tuple(path for path in paths if path != archive)
        problems = tuple(FileProblem("file-beside-zip", p.name, detail=archive.name, severity="warning") for p in ignored)
        return FileSet(archive=archive, ignored=ignored, problems=problems)
    return _choose_loose(paths)


def _choose_zip(zips: list[Path]) -> Path:
    named = [path for path in zips if path.name.casefold() == ONEROSTER_ZIP.casefold()]
    exact = [path for path in named if path.name == ONEROSTER_ZIP]
    for candidates in (exact, named, zips):
        if len(candidates) == 1:
            return candidates[0]
    raise refuse("several-zips", zips[0].name, detail=", ".join(sorted(path.name for path in zips)))


def _choose_loose(paths: Sequence[Path]) -> FileSet:
    if kind := identify_package(path.name for path in paths):
        raise refuse("package-not-supported", paths[0].name, value=kind)
    found: dict[str, Path] = {}
    ignored: list[Path] = []
    problems: list[FileProblem] = []
    for path in paths:
        name = _KNOWN.get(path.name.casefold())
        if name is None:
            if not path.name.startswith("."):
                ignored.append(path)
                problems.append(FileProblem("file-ignored", path.name, severity="warning"))
            continue
        if name in found:
            raise refuse("file-twice", name, detail=f"{found[name].name}, {path.name}")
        if path.name != name:
            problems.append(FileProblem("file-respelled", path.name, value=path.name, detail=name, severity="warning"))
        found[name] = path
    files = {name: found[name] for name in FILE_NAMES if name in found}
    return FileSet(None, files, found.get(MANIFEST), tuple(ignored), tuple(problems))


def check_complete(file_set: FileSet, required: Collection[str] = FILE_NAMES) -> list[FileProblem]:
    """Name every file that must be there and is not.

    Args:
        file_set: with the archive, if any, already unpacked.
        required: the seven for an upload, MANIFEST besides for the first run by SFTP; () where any subset will do.
    """
    if not file_set.files:
        return [FileProblem("no-roster-files", "", detail=", ".join(FILE_NAMES), severity="refused")]
    have = {*file_set.files, *((MANIFEST,) if file_set.manifest else ())}
    return [FileProblem("file-missing", name, severity="refused") for name in required if name not in have]
