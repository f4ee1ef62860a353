"""The rows behind a number of a sync: which records, what they looked like before, and why they ended so.

No page reads a whole file: the rows of one outcome lie together, so that a page without a search is a slice of one row group.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from imports.models import Sync
from imports.selectors.parquet import NOWHERE, Positions
from imports.selectors.reasons import Reason, reason_of_code, reasons_by_key, reasons_by_line, reported_lines
from imports.selectors.row_files import RowFile, Wanted, flat_values, live_values, read_before
from records.attributes import FILE_OF, SCHOOL_ATTRIBUTE, RecordType, display_name
from records.places import place_of_row

__all__ = ["Reason", "RowPage", "RowView", "read_rows"]
WRITTEN = ("created", "updated")


@dataclass(frozen=True, slots=True)
class RowView:
    """One row, or a live record without one (line 0). `before` and `changed` are of updated rows only."""

    key: str
    name: str
    line: int
    file: str
    school: str
    values: dict[str, str]
    before: dict[str, str] | None
    changed: list[str]
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class RowPage:
    """One page of rows, and how many there are in all."""

    rows: list[RowView]
    total: int


def read_rows(
    sync: Sync, record_type: str, outcome: str, *, school: str | None = None, search: str = "", changed: str = "", code: str = "",
    offset: int = 0, limit: int = 50,
) -> RowPage:  # fmt: skip
    """One page of the rows of a record type that ended in an outcome or bear a mark. Unchanged rows show the live values of today.

    Args:
        sync: whose rows; one that repeats another shows that one's, with created and updated rows as unchanged.
        record_type: one of the nine.
        outcome: one of the outcomes, or reported, deleted, kept.
        school: only rows of this school (key of an organization); "" for rows of none, None for all.
        search: words that must all be found in key, name, address or code.
        changed: an attribute that must differ, or a mark of `records.changed`; of updated rows only.
        code: the reason, as a code.
        offset: how many rows to pass over.
        limit: how many at most.
    """
    kind = RecordType(record_type)
    lines = reported_lines(sync, kind) if outcome == "reported" else None
    wanted = Wanted(kind, school, tuple(search.split()), lines, changed=changed if outcome == "updated" else "", code=code)
    in_rows, in_unchanged = _where(sync, outcome)
    rows = RowFile.rows(sync, kind) if in_rows else None
    unchanged = RowFile.unchanged(sync, kind) if in_unchanged else None
    written = rows.find(wanted, in_rows) if rows else NOWHERE
    same = unchanged.find(wanted) if unchanged else NOWHERE
    views = []
    if rows and len(mine := written[offset : offset + limit]):
        views += _stored(sync, kind, rows, mine)
    past = max(offset - len(written), 0)
    if unchanged and len(rest := same[past : past + limit - len(views)]):
        views += _live(sync, kind, unchanged, rest)
    return RowPage(views, len(written) + len(same))


def _where(sync: Sync, outcome: str) -> tuple[Sequence[str], bool]:
    """Which stored outcomes make up the wanted one, and whether the unchanged rows do."""
    is_repeat = sync.repeats_id is not None
    if outcome == "reported":
        return WRITTEN, True
    if outcome == "unchanged":
        return (WRITTEN if is_repeat else ()), True
    return (() if is_repeat and outcome in {*WRITTEN, "deleted"} else (outcome,)), False


def _stored(sync: Sync, record_type: RecordType, file: RowFile, positions: Positions) -> list[RowView]:
    rows = file.read(positions)
    is_repeat = sync.repeats_id is not None
    updated = [str(row["key"]) for row in rows if row["outcome"] == "updated" and not is_repeat]
    before = read_before(sync, record_type, updated) if updated else {}
    by_line = reasons_by_line(sync, record_type, (int(str(row["line"])) for row in rows if row["line"]))
    by_key = reasons_by_key(sync, record_type, (str(row["key"]) for row in rows if row["outcome"] == "kept"))
    views = []
    for row in rows:
        key, line, code = str(row["key"]), int(str(row["line"])), str(row["code"] or "")
        reasons = by_line.get(line, []) if line else by_key.get(key, []) if row["outcome"] == "kept" else []
        reasons = [one for one in reasons if one.code == code] + [one for one in reasons if one.code != code]
        if code and (not reasons or reasons[0].code != code):
            reasons = [reason_of_code(code, record_type), *reasons]
        views.append(_view(record_type, line, flat_values(row), before.get(key), reasons))
    return views


def _live(sync: Sync, record_type: RecordType, file: RowFile, positions: Positions) -> list[RowView]:
    rows = [(str(row["key"]), int(str(row["line"]))) for row in file.read(positions, ["key", "line"])]
    live = live_values(sync.district_id, record_type, [key for key, _ in rows])
    reasons = reasons_by_line(sync, record_type, (line for _, line in rows))
    return [_view(record_type, line, live.get(key, {"key": key}), None, reasons.get(line, [])) for key, line in rows]


def _view(record_type: RecordType, line: int, values: dict[str, str], before: dict[str, str] | None, reasons: list[Reason]) -> RowView:
    file, shown = place_of_row(record_type, line)
    return RowView(
        key=values["key"],
        name=display_name(record_type, values),
        line=shown,
        file=file or f"{FILE_OF[record_type]}.csv",
        school=values.get(SCHOOL_ATTRIBUTE.get(record_type, ""), ""),
        values=values,
        before=before,
        changed=[] if before is None else _changed(before, values),
        reasons=reasons,
    )


def _changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The attributes whose text differs, in the order of the record, then those that are gone."""
    return [name for name in {**after, **before} if before.get(name, "") != after.get(name, "")]
