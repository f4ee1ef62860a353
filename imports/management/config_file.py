"""What the commands share that take a configuration document: reading the file, and saying what is wrong with it."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from imports.config import ConfigRefused
from imports.documents import MOST_BYTES, DocumentUnreadable, read_document


def read_config_file(name: str) -> Any:
    """The document of a file; - is standard input.

    Raises:
        CommandError: it cannot be read, or is no JSON.
    """
    try:
        data = sys.stdin.read(MOST_BYTES + 1).encode("utf-8", "surrogateescape") if name == "-" else _bytes_of(Path(name))
    except (OSError, UnicodeError) as error:
        raise CommandError(f"{name} cannot be read: {error}") from error
    try:
        return read_document(data)
    except DocumentUnreadable as problem:
        raise CommandError(f"{name} {problem}") from problem


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def say_refused(refusal: ConfigRefused, stderr: OutputWrapper) -> None:
    """Every fault, with its path in the document."""
    count = len(refusal.problems)
    stderr.write(f"The configuration was refused, and nothing was changed. It has {count} fault{'s' if count > 1 else ''}:")
    for problem in refusal.problems:
        stderr.write(f"  {problem.path}: {problem.message}")
