"""The sync report: what commands print as JSON and the API answers."""

from collections import Counter
from typing import Any

from imports.models import Sync
from imports.selectors.findings import open_findings, positions_with, view_findings
from imports.states import ACCEPTED, State
from records.attributes import SCREEN_ORDER
from records.outcomes import COUNTS
from roster.models import RosterState

MOST_ERRORS = 1_000
# What the list of errors holds: everything that needs mending. Rows left out on purpose and mere warnings are among the findings only.
ERRORS = ("error", "invalid", "duplicate", "skipped", "reported")
_DECIDED = frozenset({*ACCEPTED, State.NO_CHANGES, State.ROLLED_BACK})  # whose counts of live records came true
_FILE_FACTS = ("name", "rows", "encoding", "sha256", "mode")
_NO_SHARES = {"update_share": 0.0, "deletion_share": 0.0}


def sync_report(sync: Sync) -> dict[str, Any]:
    """The report of a sync as it stands, ready for JSON; that of a simulation is the one that the import would have had."""
    detail = sync.detail
    errors = sync_errors(sync)
    return {
        "id": sync.pk,
        "district": sync.district.slug,
        "app": sync.app.kind,
        "state": str(sync.ends_as),
        **({"simulated": True} if sync.is_simulation else {}),
        "hold": {"kind": sync.hold_kind, "detail": sync.hold_detail} if sync.ends_as == State.HELD else None,
        "files": [{name: file.get(name) for name in _FILE_FACTS} for file in detail.files],
        "records": record_counts(sync),
        "thresholds": {name: detail.thresholds.get(name, _NO_SHARES) for name in ("all", *map(str, SCREEN_ORDER))},
        "findings": detail.findings or _count(errors),
        "errors": [{name: error[name] for name in ("file", "line", "column", "code", "value", "message", "fix")} for error in errors],
        "duration_seconds": sync.duration_seconds,
        "rows_per_second": rows_per_second(sync),
        "peak_memory_mb": sync.peak_memory_mb,
    }


def rows_per_second(sync: Sync) -> int | None:
    """The rows of all files over the seconds the sync took; None before it has ended."""
    rows = sum(int(file["rows"]) for file in sync.detail.files)
    return round(rows / sync.duration_seconds) if sync.duration_seconds else None


def record_counts(sync: Sync) -> dict[str, dict[str, int]]:
    """All counts of all nine record types; `live` counts the roster after the sync, or as it is while nothing was applied."""
    counts = {str(kind): {name: int(sync.detail.counts.get(kind, {}).get(name, 0)) for name in COUNTS} for kind in SCREEN_ORDER}
    if sync.ends_as not in _DECIDED or not sync.detail.counts:
        state = RosterState.objects.of(sync.district_id).first()
        live = state.counts if state else {}
        for kind, count in counts.items():
            count["live"] = int(live.get(kind, 0))
    return counts


def sync_errors(sync: Sync, limit: int = MOST_ERRORS) -> list[dict[str, Any]]:
    """The first errors of a sync, by file and line."""
    found = open_findings(sync)
    if found is None:
        return []
    rows = view_findings(found, positions_with(found, ERRORS, limit))
    return [{name: getattr(row, name) for name in row.__slots__} for row in rows]


def _count(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The findings of a sync that failed before it counted anything: what is wrong with its files."""
    counted = Counter((error["code"], error["outcome"], error["record_type"]) for error in errors)
    names = ("code", "outcome", "record_type")
    return [dict(zip(names, kind, strict=True), count=count) for kind, count in counted.most_common()]
