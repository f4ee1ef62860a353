"""Read orgs.csv alone, by the steps that read it in a delivery."""

from collections.abc import Mapping
from pathlib import Path, PurePath

import pandas as pd

from formats.headers import check_headers, detect_version
from formats.oneroster.tables import FILE_NAMES
from formats.problems import Refused
from formats.read import TextTable, read_csv
from formats.sniff import read_headers
from imports.sentences import Problem, say, say_file_problem
from imports.steps.named_schools import NamedSchools, named_schools
from imports.steps.split import ALWAYS_READ, SplitParams, split
from imports.steps.standard import StandardParams, check_standard
from mapping.steps.attributes import headers_needed
from records.attributes import RecordType
from records.frames import gather
from records.outcomes import Fate
from records.rules import RULES
from records.sources import Source

ORGS = "orgs.csv"
MAX_MEGABYTES = 20  # some 200,000 organizations; it is read while somebody waits
MOST_SCHOOLS = 5_000  # that one page can list and send back; the largest districts have some 2,000
MAX_SAID = 20  # problems that are named one by one


class OrgsRefused(Exception):
    """The file is no orgs.csv that can be read whole; `problems` says why, in words, and nothing was written."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


def read_orgs(
    path: Path, *, name: str, sources: Mapping[RecordType, Mapping[str, Source]], scratch: Path
) -> tuple[NamedSchools, tuple[Problem, ...]]:
    """The schools of an orgs.csv, and what is unusual in it without harm.

    A row that cannot be read is refused here, though a sync leaves it out: it may be a school, which would then look gone.

    Args:
        path: where the file lies. name: what the sender calls it.
        sources: what feeds the attributes; the name of a school may come from another header.
        scratch: a folder for a copy in UTF-8.

    Raises:
        OrgsRefused: says all that is wrong.
    """
    _check_file(path, PurePath(name.replace("\\", "/")).name)
    try:
        text = _read(path, sources, scratch)
    except Refused as refusal:
        raise OrgsRefused([say_file_problem(problem) for problem in refusal.problems]) from refusal
    parts = split({"orgs": text}, SplitParams(sources, only=frozenset({RecordType.SCHOOL})))
    frames, more = check_standard(parts.frames, StandardParams(sources))
    if faults := _faults(gather([*parts.findings, *more])):
        raise OrgsRefused(faults)
    named = named_schools(frames)
    if named is None or not named.schools:
        raise OrgsRefused([_problem("No school", "This orgs.csv names no active school.", "Export orgs.csv with the rows of type school.")])
    if len(named.schools) > MOST_SCHOOLS:
        words = f"This orgs.csv names {len(named.schools):,} active schools, more than the {MOST_SCHOOLS:,} that can be mapped here."
        raise OrgsRefused([_problem("Too many schools", words, "Export the schools of your district alone.")])
    return named, tuple(say_file_problem(problem) for problem in text.problems)


def _check_file(path: Path, name: str) -> None:
    """Refuse by name and size, before anything is read."""
    known = {file.casefold(): file for file in FILE_NAMES}.get(name.casefold())
    if name.casefold().endswith(".zip"):
        raise OrgsRefused(
            [
                _problem(
                    "A zip", f"{name} is a zip. Here only {ORGS} is taken.", f"Unpack it and choose {ORGS}, or upload the zip as an import."
                )
            ]
        )
    if known and known != ORGS:
        raise OrgsRefused([_problem("Another file", f"This is {known}, which names no schools.", f"Choose {ORGS} instead.")])
    if path.stat().st_size > MAX_MEGABYTES << 20:
        raise OrgsRefused(
            [_problem("Too large", f"The file is larger than {MAX_MEGABYTES} MB, too large for a list of schools.", f"Choose {ORGS}.")]
        )


def _read(path: Path, sources: Mapping[RecordType, Mapping[str, Source]], scratch: Path) -> TextTable:
    heads = {ORGS: read_headers(path, name=ORGS)}
    missing = [problem for problem in check_headers(heads, detect_version(heads)) if problem.severity != "warning"]
    if missing:
        raise Refused(missing)
    return read_csv(path, name=ORGS, scratch=scratch, columns={*headers_needed(sources, "orgs"), *ALWAYS_READ["orgs"]})


def _faults(found: pd.DataFrame) -> list[Problem]:
    """What makes a row unreadable, in the order of the lines."""
    grave = [code for code, rule in RULES.items() if rule.fate is Fate.INVALID or rule.mark == "error"]
    rows = found[found["code"].isin(grave)].sort_values("line", kind="stable")
    said = [say({str(name): value for name, value in row.items()}) for row in rows.head(MAX_SAID).to_dict("records")]
    said = [Problem(one.code, one.title, _at_line(one), one.fix, one.file, one.line, one.column, one.value) for one in said]
    if len(rows) > MAX_SAID:
        said.append(_problem("More rows", f"And {len(rows) - MAX_SAID:,} more rows that cannot be read.", "Mend these first."))
    return said


def _at_line(problem: Problem) -> str:
    """The sentence with the line in it, which some of them name already."""
    return problem.message if f"ine {problem.line} " in problem.message else f"Line {problem.line}: {problem.message}"


def _problem(title: str, message: str, fix: str) -> Problem:
    return Problem("orgs-refused", title, message, fix, ORGS)
