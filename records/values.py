"""How a single value is read, by kind. Rules work on one value; `read_column` applies them to the distinct values of a column.

Source: reading (booleans, grades, dates, enumerations), and what real files do.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from records.text import Mask, distinct, spread, strip, to_arrow

MAX_KEY = 255  # characters of an id
OK, SPELLING, US_DATE, UNREADABLE = 0, 1, 2, 3
Reading = tuple[str, int]

TRUE_WORDS = frozenset({"true", "yes", "y", "1", "t"})
FALSE_WORDS = frozenset({"false", "no", "n", "0", "f"})
GRADE_WORDS = {
    "k": "KG", "kindergarten": "KG", "kg": "KG", "pk": "PK", "prek": "PK", "pre-k": "PK", "tk": "TK", "it": "IT", "pr": "PR", "ps": "PS",
    "ug": "UG", "other": "Other",
}  # fmt: skip
SYNONYMS = {"m": "male", "f": "female"}
KIND_WORDS = {"boolean": "true or false", "date": "a date (YYYY-MM-DD)", "grades": "a grade (KG, 01 to 13 …)", "year": "a year (YYYY)"}

_US_DATE = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?(?: grade)?", re.IGNORECASE)
_USER_ID = re.compile(r"\{\s*([^:{}]*?)\s*:\s*([^{}]*?)\s*\}")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as read: its values (str), and where a value was spelled unusually, was a US date, or could not be read (then it is empty)."""

    values: pd.Series
    spelling: Mask
    us_date: Mask
    unreadable: Mask


def read_boolean(value: str) -> Reading:
    """true, false, yes, no, y, n, 1, 0 in any case."""
    word = value.lower()
    if word in TRUE_WORDS or word in FALSE_WORDS:
        normal = "true" if word in TRUE_WORDS else "false"
        return normal, OK if word == normal else SPELLING
    return "", UNREADABLE


def read_date(value: str) -> Reading:
    """ISO dates, also with a time behind them; month/day/year in the US form."""
    iso = value[:10]
    us = _US_DATE.fullmatch(value)
    try:
        if us:
            month, day, year = (int(part) for part in us.groups())
            return date(year, month, day).isoformat(), US_DATE
        if len(value) > 10 and value[10] not in "T ":
            return "", UNREADABLE
        if len(iso) == 10 and iso[4] == "-":
            return date.fromisoformat(iso).isoformat(), OK if value == iso else SPELLING
    except ValueError:
        return "", UNREADABLE
    return "", UNREADABLE


def read_grade(value: str) -> Reading:
    """One grade: K, 1, 1st become KG, 01."""
    known = GRADE_WORDS.get(value.lower())
    if known:
        return known, OK if value == known else SPELLING
    number = _ORDINAL.fullmatch(value)
    if number and 1 <= int(number[1]) <= 13:
        normal = f"{int(number[1]):02d}"
        return normal, OK if value == normal else SPELLING
    return "", UNREADABLE


def read_grades(value: str) -> Reading:
    """A list of grades; the ones that cannot be read are left out."""
    return _read_items(value, read_grade)


def read_list(value: str) -> Reading:
    """A list of texts or ids, trimmed, without empty items."""
    return ",".join(item for item in (part.strip() for part in value.split(",")) if item), OK


def read_year(value: str) -> Reading:
    """YYYY, or a school year such as 2026-27, of which the last year counts."""
    if re.fullmatch(r"\d{4}", value):
        return value, OK
    pair = re.fullmatch(r"(\d{4})\s?[-/–]\s?(\d{2}|\d{4})", value)
    if pair:
        return (pair[2] if len(pair[2]) == 4 else pair[1][:2] + pair[2]), SPELLING
    return "", UNREADABLE


def read_user_ids(value: str) -> Reading:
    """Items {Type:Id}, trimmed; anything else (the plain id of OneRoster 1.0) is kept as it is."""
    items = _USER_ID.findall(value)
    return (",".join(f"{{{kind}:{name}}}" for kind, name in items) if items else value), OK


def _read_items(value: str, rule: Callable[[str], Reading]) -> Reading:
    readings = [rule(item) for item in (part.strip() for part in value.split(",")) if item]
    worst = max((problem for _, problem in readings), default=OK)
    return ",".join(normal for normal, _ in readings if normal), worst


def enum_reader(options: tuple[str, ...]) -> Callable[[str], Reading]:
    """A rule for a fixed list of values, case ignored."""
    by_word = {option.lower(): option for option in options}

    def read(value: str) -> Reading:
        normal = by_word.get(value.lower()) or by_word.get(SYNONYMS.get(value.lower(), ""))
        if normal is None:
            return "", UNREADABLE
        return normal, OK if value == normal else SPELLING

    return read


_READERS: dict[str, Callable[[str], Reading]] = {
    "boolean": read_boolean, "date": read_date, "grades": read_grades, "list": read_list, "refs": read_list, "year": read_year,
    "user_ids": read_user_ids,
}  # fmt: skip


def read_column(values: pd.Series, kind: str, options: tuple[str, ...] = ()) -> Column:
    """Read a text column by its kind. Text and ids are only trimmed; nothing is ever guessed."""
    trimmed = strip(values)
    nothing = np.zeros(len(values), dtype=bool)
    reader = enum_reader(options) if kind == "enum" and options else _READERS.get(kind)
    if reader is None or (kind in {"list", "refs"} and not _has_lists(trimmed)):
        return Column(trimmed, nothing, nothing, nothing)
    uniques, codes = distinct(trimmed)
    readings = [reader(value) if value else ("", OK) for value in uniques.to_pylist()]
    problems = np.array([problem for _, problem in readings], dtype=np.int8)[codes] if readings else np.empty(0, dtype=np.int8)
    normal = [value for value, _ in readings]
    result = trimmed if normal == uniques.to_pylist() else spread(normal, codes)
    return Column(result, problems == SPELLING, problems == US_DATE, problems == UNREADABLE)


def _has_lists(values: pd.Series) -> bool:
    column: pa.ChunkedArray = to_arrow(values)
    return bool(pc.any(pc.match_substring(column, ",")).as_py())


def user_id_of(values: pd.Series, wanted: str) -> pd.Series:
    """From a column of {Type:Id} items the Id of one Type (case ignored); empty where there is none."""
    word = wanted.lower()

    def pick(value: str) -> str:
        return next((name for kind, name in _USER_ID.findall(value) if kind.lower() == word), "")

    uniques, codes = distinct(strip(values))
    return spread([pick(value) for value in uniques.to_pylist()], codes)


def user_id_types(values: pd.Series) -> dict[str, int]:
    """The Types that a column of {Type:Id} items names, each with the rows that name it, most first; spelled as they come first, case ignored."""
    uniques, codes = distinct(strip(values))
    counts = np.bincount(codes, minlength=len(uniques))
    spelled: dict[str, str] = {}
    rows: dict[str, int] = {}
    for value, count in zip(uniques.to_pylist(), counts.tolist(), strict=True):
        kinds = {kind.lower(): kind for kind, _ in reversed(_USER_ID.findall(value)) if kind}
        for word, kind in kinds.items():
            spelled.setdefault(word, kind)
            rows[word] = rows.get(word, 0) + count
    return {spelled[word]: count for word, count in sorted(rows.items(), key=lambda one: -one[1])}
