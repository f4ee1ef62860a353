"""Hold files against the standard alone: no district, no configuration, no database."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from formats.problems import Refused
from formats.read import TextTable
from formats.unpack import Limits
from imports.reading import as_findings, describe_files, open_files, read_texts
from imports.sentences import Problem, say, say_file_problem
from imports.steps.references import ReferenceParams, link_references
from imports.steps.split import SplitParams, split
from imports.steps.standard import StandardParams, check_standard
from mapping.steps.attributes import default_sources
from records.frames import gather
from records.rules import RULES

MOST_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found, the first thousand of each kind in words and all of them counted.

    An error breaks the standard, whether or not the row could be imported all the same; a warning is an unusual spelling.
    files: [{name, rows, encoding, sha256, mode, size}]; empty where the files could not be opened.
    """

    files: list[dict[str, object]] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    error_count: int = 0
    warning_count: int = 0
    by_code: dict[str, int] = field(default_factory=dict)


def validate_files(paths: Sequence[Path], scratch: Path, limits: Limits) -> Validation:
    """Read the files of one delivery as an import would, and name every departure from the standard; `scratch` is an empty folder."""
    sources = default_sources()
    try:
        opened = open_files(paths, scratch, limits)
        texts = read_texts(opened, sources, scratch)
    except Refused as refusal:
        problems = [say_file_problem(problem) for problem in refusal.problems]
        return Validation(errors=problems, error_count=len(problems), by_code=dict(Counter(problem.code for problem in problems)))
    deltas = frozenset(file for file in opened.paths if opened.mode(file) == "delta")
    found = gather([*as_findings(texts.warnings), *_check_rows(texts.tables, deltas)])
    is_error = found["code"].map({code: rule.is_issue or rule.mark == "error" for code, rule in RULES.items()})
    is_warning = found["code"].map({code: rule.mark == "warning" for code, rule in RULES.items()})
    errors = found[is_error.eq(True)]
    warnings = found[is_warning.eq(True) | is_error.isna()]  # what the table of rules does not know is said about a file, and is a warning
    return Validation(
        describe_files(opened, texts), _in_words(errors), _in_words(warnings), len(errors), len(warnings),
        {str(code): int(count) for code, count in pd.concat([errors, warnings])["code"].value_counts().items()},
    )  # fmt: skip


def _check_rows(tables: Mapping[str, TextTable], deltas: frozenset[str]) -> list[pd.DataFrame]:
    """The steps of an import that look at the standard only. Aides and proctors are people of the standard like any others."""
    sources = default_sources()
    parts = split(tables, SplitParams(sources, aides_as_teachers=True))
    frames, checked = check_standard(parts.frames, StandardParams(sources, deltas))
    _, _, linked = link_references(frames, parts.organizations, ReferenceParams(sources))
    if deltas:
        linked = []  # what a delta refers to may have been sent before
    return [*parts.findings, *checked, *linked]


def _in_words(found: pd.DataFrame) -> list[Problem]:
    first = found.sort_values(["file", "line"], kind="stable").head(MOST_LISTED)
    return [say({str(name): value for name, value in row.items()}) for row in first.to_dict("records")]
