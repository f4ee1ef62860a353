"""The processed file of a record type: every row of a sync with what became of it and why, and the values as they were mapped.

Rows that were accepted and written, left out, deleted or kept have their values with the sync. Of unchanged rows the sync keeps what they are found by; the
rest is what is live, as long as no later sync has changed the record. Where one has, the row says so and shows what is kept only.
"""

import csv
import io
import json
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from django.db.models import Q

from formats.csv_safe import neutralise
from formats.messages import MESSAGES
from imports.files import local_artifact
from imports.models import Sync
from imports.selectors.parquet import ParquetRows
from imports.selectors.reasons import Reason, reason_of_code, reasons_by_key, reasons_by_line
from imports.states import ACCEPTED, State
from records.artifact_paths import found_by, rows_path, unchanged_path
from records.attributes import FILE_OF, SCREEN_ORDER, RecordType, attribute_label, live_columns
from records.places import place_of_row
from records.rules import RULES
from roster.models import LIVE

AT_ONCE = 4_000  # rows
GONE = "The record is gone; only what is kept with this sync is shown."
_WRITTEN = ("created", "updated")
_FIRST, _LAST = ("Outcome", "Rule", "Reason", "File", "Line"), ("Other values", "Note")
_HARMLESS = frozenset(["", *string.ascii_letters, *string.digits])  # how cells begin that are no formula, which are nearly all
_SEEN = ("in_file", "deleted", "kept")


@dataclass(frozen=True, slots=True)
class Processed:
    """What can be downloaded of one record type; the hash is empty until it was downloaded for the first time."""

    record_type: RecordType
    rows: int
    sha256: str


def processed_files(sync: Sync) -> list[Processed]:
    """The processed files of a sync; none while it is worked, and of one that stored no rows."""
    counts: Mapping[str, Mapping[str, int]] = sync.detail.counts
    if sync.is_working or not sync.artifacts:
        return []
    rows = {kind: sum(int(counts.get(kind, {}).get(name, 0)) for name in _SEEN) for kind in SCREEN_ORDER}
    return [Processed(kind, found, sync.detail.processed.get(processed_name(sync, kind), "")) for kind, found in rows.items() if found]


def processed_name(sync: Sync, record_type: RecordType) -> str:
    """Under which name the hash is kept: it names the attempt, for a held sync that is worked again has other rows."""
    return f"{PurePath(sync.artifacts).name}/{record_type}.csv"


def stream_processed(sync: Sync, record_type: RecordType) -> Iterator[str]:
    """The lines of the processed file, in pieces. No spreadsheet runs anything of it."""
    columns = [name for name in live_columns(record_type) if name != "key"]
    yield _text([(*_FIRST, "SIS ID", *(attribute_label(record_type, name) for name in columns), *_LAST)])
    for stored in _batches(sync, rows_path(Path(), record_type).name):
        yield _text(_stored_lines(sync, record_type, columns, stored))
    later = _later(sync)
    for same in _batches(sync, unchanged_path(Path(), record_type).name):
        yield _text(_unchanged_lines(sync, record_type, columns, same, later))


def _batches(sync: Sync, name: str) -> Iterator[list[dict[str, Any]]]:
    path = local_artifact(sync.artifacts, name)
    rows = ParquetRows(path) if path is not None else None
    for group in rows.groups if rows is not None else ():
        if rows is not None:
            found = rows.take(rows.span(group))
            yield from (found[start : start + AT_ONCE] for start in range(0, len(found), AT_ONCE))


def _text(lines: Sequence[Sequence[str]]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerows(
        [cell if cell[:1] in _HARMLESS else neutralise(cell) for cell in line] for line in lines
    )
    return target.getvalue()


# --- rows that the sync keeps with their values -------------------------------------------------------------------------


def _stored_lines(sync: Sync, record_type: RecordType, columns: Sequence[str], rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    by_line = reasons_by_line(sync, record_type, (int(row["line"]) for row in rows if row["line"]))
    kept = [str(row["key"]) for row in rows if row["outcome"] == "kept"]
    by_key = reasons_by_key(sync, record_type, kept) if kept else {}
    lines = []
    for row in rows:
        outcome, code, line = str(row["outcome"]), str(row["code"] or ""), int(row["line"])
        if sync.repeats_id is not None:  # it found what the repeated one had left
            if outcome == "deleted":
                continue
            outcome = "unchanged" if outcome in _WRITTEN else outcome
        reasons = by_line.get(line, []) if line else by_key.get(str(row["key"]), [])
        values = [str(row[name]) for name in columns]
        lines.append((*_fate(record_type, outcome, code, line, reasons), str(row["key"]), *values, _others(record_type, row["extra"]), ""))
    return lines


def _fate(record_type: RecordType, outcome: str, code: str, line: int, reasons: Sequence[Reason]) -> tuple[str, ...]:
    """The first cells: what became of the row, the rule that decided before others that struck, and why in words."""
    told = [one for one in reasons if one.code == code] + [one for one in reasons if one.code != code]
    if code and (not told or told[0].code != code) and (code in RULES or code in MESSAGES):
        told = [reason_of_code(code, record_type), *told]
    codes = list(dict.fromkeys([*([code] if code else []), *(one.code for one in told)]))
    words = " ".join(f"{one.title}: {one.message}" for one in told)
    file, shown = place_of_row(record_type, line)
    return outcome, "; ".join(codes), words, file, str(shown or "")


def _others(record_type: RecordType, extra: object) -> str:
    """A district's own attributes in one cell."""
    if not extra:
        return ""
    own: dict[str, Any] = json.loads(extra) if isinstance(extra, str) else dict(extra)  # type: ignore[call-overload]
    return "; ".join(f"{attribute_label(record_type, name)}: {value}" for name, value in own.items())


# --- unchanged rows -----------------------------------------------------------------------------------------------------


def _unchanged_lines(
    sync: Sync, record_type: RecordType, columns: Sequence[str], rows: list[dict[str, Any]], later: Mapping[int, str]
) -> list[tuple[str, ...]]:
    reasons = reasons_by_line(sync, record_type, (int(row["line"]) for row in rows))
    live = _live(sync, record_type, columns, [str(row["key"]) for row in rows])
    kept, file = {*found_by(record_type)}, f"{FILE_OF[record_type]}.csv"
    lines: list[tuple[str, ...]] = []
    for row in rows:
        key, line = row["key"], row["line"]
        found = live.get(key)
        told = reasons.get(line)
        fate = _fate(record_type, "unchanged", "", line, told or []) if told or line < 0 else ("unchanged", "", "", file, str(line))
        if found is not None and found[0] not in later:
            others = _others(record_type, found[-1]) if found[-1] else ""
            lines.append((*fate, key, *found[2:-1], others, ""))
        else:
            shown = [row[name] if name in kept else "" for name in columns]
            lines.append((*fate, key, *shown, "", GONE if found is None else later[found[0]]))
    return lines


def _live(sync: Sync, record_type: RecordType, columns: Sequence[str], keys: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """By key (last_sync, key, *values, extra) of the live records; deleted ones among them as long as they are kept."""
    records = LIVE[record_type].objects.of(sync.district_id).filter(key__in=keys)
    return {row[1]: row for row in records.values_list("last_sync", "key", *columns, "extra")}


def _later(sync: Sync) -> dict[int, str]:
    """The syncs that changed the live roster after this one had looked at it, each with the note on a row that it changed."""
    base = None if sync.base_version is None else sync.base_version + (1 if sync.repeats_id is not None else 0)
    by_number = Q(pk__gt=sync.pk, state__in=[*ACCEPTED, State.ROLLED_BACK])
    applied = by_number if base is None else Q(applied_version__gt=base) | (by_number & Q(applied_version=None))
    numbers = Sync.objects.of(sync.district_id).filter(applied).exclude(pk=sync.pk).values_list("pk", flat=True)
    return {number: f"Changed by sync {number} since; only what is kept with this sync is shown." for number in numbers}
