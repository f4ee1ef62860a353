"""A problem with a delivered file, as data. The sentence for each code is in `formats.messages`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["refused", "failed", "warning"]


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing that is wrong with a file, a zip, or a set of files.

    refused: nothing of the delivery may be imported; failed: the sync stops after all failures are collected;
    warning: the import goes on. `line` is a physical line (header = 1), 0 where no line can be named.
    """

    code: str
    file: str
    line: int = 0
    column: str = ""
    value: str = ""
    detail: str = ""
    severity: Severity = "failed"


class Refused(Exception):
    """Nothing may be imported; `problems` says why, never empty."""

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        super().__init__("; ".join(f"{p.file}: {p.code}" for p in problems))
        self.problems: tuple[FileProblem, ...] = tuple(problems)


def refuse(code: str, file: str, *, line: int = 0, column: str = "", value: str = "", detail: str = "") -> Refused:
    """Return the refusal for one problem, to be raised by the caller."""
    return Refused([FileProblem(code, file, line, column, value, detail, "refused")])
