"""The column `changed` of rows.parquet: the names of the attributes that differ, a comma between; apart from `records.changeset`, which loads pandas.

After the names may stand marks, which begin with @ and say how a value differs. A comma, a % or a leading @ in a name is written as in an address.
"""

from collections.abc import Iterable

CHANGED = "changed"  # the column
PROMOTED, REGRADED = "@promoted", "@regraded"  # grades moved to the next grade; grades changed in another way
REWRITTEN = "@rewritten"  # stored in another form, no value differs
_MARKS = (PROMOTED, REGRADED, REWRITTEN)


def written(name: str) -> str:
    """A name, or a mark, as it stands in the column."""
    if name in _MARKS:
        return name
    safe = name.replace("%", "%25").replace(",", "%2C")
    return f"%40{safe[1:]}" if safe.startswith("@") else safe


def names_in(text: str) -> list[str]:
    """The names of the attributes that differ, without the marks."""
    return [_read(part) for part in text.split(",") if part and not part.startswith("@")]


def all_names_in(texts: Iterable[str | None]) -> list[str]:
    """The names that stand in any of the texts, in order of appearance."""
    return list(dict.fromkeys(name for text in texts if text for name in names_in(text)))


def _read(part: str) -> str:
    return part.replace("%40", "@").replace("%2C", ",").replace("%25", "%")
