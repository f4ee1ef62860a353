"""Turn findings into the sentences a person reads: what happened, where, and how to mend it."""

from collections.abc import Mapping
from dataclasses import dataclass

from formats.messages import MESSAGES
from formats.problems import FileProblem
from records.attributes import RecordType, attribute_label
from records.rules import RULES

_SEEN = 120  # characters of a value that are quoted


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding in words. `title` is the Error Type of the errors window."""

    code: str
    title: str
    message: str
    fix: str
    file: str = ""
    line: int = 0
    column: str = ""
    value: str = ""


def templates(code: str) -> tuple[str, str, str]:
    """Title, message and fix of a code, as templates."""
    if code in MESSAGES:
        return MESSAGES[code]
    rule = RULES[code]
    return rule.title, rule.message, rule.fix


def say(finding: Mapping[str, object]) -> Problem:
    """Put one finding into words.

    Args:
        finding: code, record_type, file, line, column, attribute, value, detail.
    """
    code, kind, name = str(finding["code"]), str(finding.get("record_type", "")), str(finding.get("attribute", ""))
    title, message, fix = templates(code)
    column, value = str(finding.get("column", "")), str(finding.get("value", ""))
    label = attribute_label(RecordType(kind), name) if kind and name else name or column
    words = {
        "file": finding.get("file", ""), "line": finding.get("line", 0), "column": column or label,
        "value": value[:_SEEN] + ("…" if len(value) > _SEEN else ""), "detail": finding.get("detail", ""), "record": kind or "row", "attribute": label,
    }  # fmt: skip
    return Problem(
        code,
        title,
        message.format(**words),
        fix.format(**words),
        str(finding.get("file", "")),
        int(str(finding.get("line", 0) or 0)),
        column,
        value,
    )


def say_file_problem(problem: FileProblem) -> Problem:
    """Put a problem of a file or zip into words."""
    return say({name: getattr(problem, name) for name in ("code", "file", "line", "column", "value", "detail")})
