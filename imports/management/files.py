"""Which files the paths of a command line mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.management.base import CommandError

from formats.oneroster.tables import FILE_NAMES

_ROSTER_NAMES = {name.casefold() for name in FILE_NAMES}


@dataclass(frozen=True, slots=True)
class GivenFiles:
    """The files of a delivery, and sentences about what was passed over."""

    paths: tuple[Path, ...]
    remarks: tuple[str, ...]


def given_files(paths: Sequence[Path]) -> GivenFiles:
    """Files as they are, a folder as the files that lie in it.

    A folder that holds all the roster files means these; zips beside them, such as the one `make_district` writes, are passed over.

    Raises:
        CommandError: a path is neither a file nor a folder, or cannot be read.
    """
    files: list[Path] = []
    remarks: list[str] = []
    for path in paths:
        try:
            found, passed_over = _of_folder(path) if path.is_dir() else ([path], [])
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from error
        if not path.is_dir() and not path.is_file():
            raise CommandError(f"{path} does not exist. Name a zip, a folder or CSV files.")
        files += found
        remarks += [f"{zip_path} was passed over: the CSV files beside it were taken." for zip_path in passed_over]
    return GivenFiles(tuple(files), tuple(remarks))


def _of_folder(folder: Path) -> tuple[list[Path], list[Path]]:
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    if not {path.name.casefold() for path in files} >= _ROSTER_NAMES:
        return files, []
    zips = [path for path in files if path.suffix.lower() == ".zip"]
    return [path for path in files if path not in zips], zips
