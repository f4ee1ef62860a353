"""Unpack a delivered zip without trusting anything it says about itself."""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from formats.oneroster.tables import FILE_NAMES, MANIFEST, OTHER_MANIFEST_FILES
from formats.package_kind import identify_package
from formats.problems import FileProblem, refuse

_CHUNK = 1024 * 1024
_MAGIC_BYTES = 512
_ROSTER_NAMES = {name.casefold(): name for name in (*FILE_NAMES, MANIFEST)}
_OTHER_NAMES = {f"{name}.csv".casefold() for name in OTHER_MANIFEST_FILES}
_ARCHIVES = {".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".bz2", ".xz", ".zst", ".lz", ".lzma", ".z", ".cab", ".jar", ".iso"}
_DOCUMENTS = {".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp"}  # zips inside, yet nobody means them as archives
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"MSCF")
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # traditional, strong, and encrypted directory
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_NAME_CHARS = 255
_DAMAGE = (zipfile.BadZipFile, EOFError, zlib.error, struct.error, ValueError, OverflowError, RuntimeError, OSError)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a zip may hold; bytes are counted while they come out, never taken from its headers."""

    max_file_bytes: int = 2 * 1024**3
    max_total_bytes: int = 4 * 1024**3
    max_ratio: int = 200  # unpacked to packed, looked at only beyond ratio_after_bytes
    ratio_after_bytes: int = 64 * 1024**2
    max_entries: int = 1000


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The roster files and the manifest of a zip, under the standard's names; warnings about the rest."""

    paths: tuple[Path, ...]
    problems: tuple[FileProblem, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    info: zipfile.ZipInfo
    path: PurePosixPath

    @property
    def roster_name(self) -> str | None:
        return _ROSTER_NAMES.get(self.path.name.casefold())


def unpack(zip_path: Path, into: Path, limits: Limits | None = None) -> Unpacked:
    """Write the roster files of a zip into the folder `into`, which has none yet; other files are left in the zip and named.

    Raises:
        Refused: the zip breaks a rule; nothing that was written stays.
    """
    limits = limits or Limits()
    _check_directory_size(zip_path, limits)
    written: list[Path] = []
    try:
        with _opened(zip_path) as archive:
            entries = _entries(archive, zip_path.name, limits)
            _check_names(entries, zip_path.name)
            problems = _remarks(entries, zip_path.name)
            budget = _Budget(zip_path, limits)
            for entry in entries:
                if name := entry.roster_name:
                    written.append(into / name)
                    _extract(archive, entry, into / name, budget)
                else:
                    _peek(archive, entry, zip_path.name)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return Unpacked(tuple(written), tuple(problems))


def inspect(zip_path: Path, limits: Limits | None = None) -> tuple[str, ...]:
    """The standard's names of the roster files in a zip, by its directory alone; what `unpack` will find inside is not looked at.

    Raises:
        Refused: as unpack, for what the directory shows.
    """
    limits = limits or Limits()
    _check_directory_size(zip_path, limits)
    with _opened(zip_path) as archive:
        entries = _entries(archive, zip_path.name, limits)
        _check_names(entries, zip_path.name)
        for entry in entries:
            if entry.info.flag_bits & _ENCRYPTED:
                raise refuse("zip-encrypted", zip_path.name, value=str(entry.path))
    return tuple(name for entry in entries if (name := entry.roster_name))


def _check_directory_size(zip_path: Path, limits: Limits) -> None:
    """Look at the end record before the whole directory is read into memory."""
    with zip_path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 66_000))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        file_start = tail[:4] if size <= len(tail) else _first_bytes(zip_path)
        raise refuse("zip-damaged" if file_start[:2] == b"PK" else "zip-not-a-zip", zip_path.name)
    count = struct.unpack_from("<H", tail, at + 10)[0]
    if count > limits.max_entries:
        raise refuse("zip-too-many-entries", zip_path.name, value=str(count), detail=str(limits.max_entries))


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _opened(zip_path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(zip_path)
    except _DAMAGE as error:
        raise refuse("zip-damaged", zip_path.name) from error


def _entries(archive: zipfile.ZipFile, zip_name: str, limits: Limits) -> list[_Entry]:
    """The files of the zip, less folders, `__MACOSX` and dot files; every entry, passed over or not, must be harmless."""
    infos = archive.infolist()
    if len(infos) > limits.max_entries:
        raise refuse("zip-too-many-entries", zip_name, value=str(len(infos)), detail=str(limits.max_entries))
    entries = []
    for info in infos:
        path = _safe_path(info, zip_name)
        if info.is_dir() or "__MACOSX" in path.parts or any(part.startswith(".") for part in path.parts):
            continue
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refuse("zip-method", zip_name, value=str(path))  # other methods cannot be unpacked in bounded memory
        if path.suffix.lower() in _ARCHIVES:
            raise refuse("zip-nested-archive", zip_name, value=str(path))
        entries.append(_Entry(info, path))
    return entries


def _safe_path(info: zipfile.ZipInfo, zip_name: str) -> PurePosixPath:
    raw = info.orig_filename
    path = PurePosixPath(raw)
    tricks = raw.startswith("/") or ".." in path.parts or "\\" in raw or raw[1:2] == ":" or _CONTROL.search(raw)
    if tricks or len(raw) > _MAX_NAME_CHARS or not path.parts:
        raise refuse("zip-path", zip_name, value=ascii(raw[:_MAX_NAME_CHARS])[1:-1])
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise refuse("zip-link", zip_name, value=raw)
    if info.flag_bits & _ENCRYPTED:
        raise refuse("zip-encrypted", zip_name, value=raw)
    return path


def _check_names(entries: list[_Entry], zip_name: str) -> None:
    """One roster file of each name, all at the root or all in one folder, and no other standard's package."""
    roster = [entry for entry in entries if entry.roster_name]
    folders = {entry.path.parent for entry in roster}
    shallow = {folder for folder in {entry.path.parent for entry in entries} if len(folder.parts) <= 1}
    kind = next(filter(None, (identify_package(e.path.name for e in entries if e.path.parent == folder) for folder in shallow)), None)
    if kind:
        raise refuse("package-not-supported", zip_name, value=kind)
    if not roster:
        raise refuse("zip-no-roster-files", zip_name)
    seen: set[str] = set()
    for entry in entries:
        key = entry.roster_name or str(entry.path).casefold()
        if key in seen:
            raise refuse("zip-name-twice", zip_name, value=entry.roster_name or str(entry.path))
        seen.add(key)
    if len(folders) > 1 or len(next(iter(folders)).parts) > 1:
        raise refuse("zip-folders", zip_name, detail=", ".join(sorted(str(folder) for folder in folders)))


def _remarks(entries: list[_Entry], zip_name: str) -> list[FileProblem]:
    problems = []
    for entry in entries:
        name, path = entry.roster_name, str(entry.path)
        if name is None:
            code = "zip-gradebook-file" if entry.path.name.casefold() in _OTHER_NAMES else "zip-file-ignored"
            problems.append(FileProblem(code, zip_name, value=path, severity="warning"))
        elif entry.path.name != name:
            problems.append(FileProblem("file-respelled", zip_name, value=path, detail=name, severity="warning"))
    return problems


class _Budget:
    """What may still come out of one zip."""

    def __init__(self, zip_path: Path, limits: Limits) -> None:
        self.zip_name = zip_path.name
        self._zip_bytes = zip_path.stat().st_size
        self._limits = limits
        self._total = 0

    def foresee(self, promised: int, name: str) -> None:
        """Refuse a file that is too big by its own account; one that lies is found while it comes out."""
        if promised > self._limits.max_file_bytes:
            raise refuse("zip-file-too-big", self.zip_name, value=name, detail=_megabytes(self._limits.max_file_bytes))

    def spend(self, count: int, file_bytes: int, packed: int, name: str) -> None:
        """Count bytes that came out; raise Refused at the first one over a limit."""
        limits = self._limits
        self._total += count
        self.foresee(file_bytes, name)
        if self._total > limits.max_total_bytes:
            raise refuse("zip-too-big", self.zip_name, detail=_megabytes(limits.max_total_bytes))
        for unpacked, source in ((file_bytes, packed), (self._total, self._zip_bytes)):  # entries may share the same packed bytes
            if unpacked > limits.ratio_after_bytes and unpacked > limits.max_ratio * source:
                raise refuse("zip-bomb", self.zip_name, value=name, detail=str(limits.max_ratio))


def _megabytes(count: int) -> str:
    return f"{count / 1024**2:,.0f} MB"


def _extract(archive: zipfile.ZipFile, entry: _Entry, target: Path, budget: _Budget) -> None:
    size = 0
    budget.foresee(entry.info.file_size, target.name)
    with target.open("xb") as out:
        for chunk in _chunks(archive, entry, budget.zip_name):
            if size == 0:
                _check_magic(chunk, entry, budget.zip_name)
            size += len(chunk)
            budget.spend(len(chunk), size, entry.info.compress_size, target.name)
            out.write(chunk)
    if size != entry.info.file_size:
        raise refuse("zip-damaged", budget.zip_name, value=str(entry.path))


def _chunks(archive: zipfile.ZipFile, entry: _Entry, zip_name: str) -> Iterator[bytes]:
    """The bytes of an entry; what breaks here is the zip, as nothing is written here."""
    try:
        with archive.open(entry.info) as source:
            while chunk := source.read(_CHUNK):
                yield chunk
    except _DAMAGE as error:
        raise refuse("zip-damaged", zip_name, value=str(entry.path)) from error


def _peek(archive: zipfile.ZipFile, entry: _Entry, zip_name: str) -> None:
    """Look at the first bytes of a file that stays in the zip: an archive in disguise is refused all the same."""
    if entry.path.suffix.lower() in _DOCUMENTS:
        return
    try:
        with archive.open(entry.info) as source:
            start = source.read(_MAGIC_BYTES)
    except _DAMAGE as error:
        raise refuse("zip-damaged", zip_name, value=str(entry.path)) from error
    _check_magic(start, entry, zip_name)


def _check_magic(start: bytes, entry: _Entry, zip_name: str) -> None:
    if start.startswith(_MAGIC) or start[257:262] == b"ustar":
        raise refuse("zip-nested-archive", zip_name, value=str(entry.path))
