"""The download of a list of rows: all that the page would list, page after page."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence

from django.http import StreamingHttpResponse
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, address_of, require_member
from accounts.models import Membership
from accounts.services.audit import record_event
from formats.csv_safe import neutralise
from imports.models import Sync
from imports.selectors.drill_down import RowPage, RowView, read_rows
from imports.views.row_filter import read_filter
from imports.views.rows import HIDDEN
from imports.views.scope import find_sync
from imports.views.sensitive import hides_attribute, hides_column
from records.attributes import RecordType, attribute_label, live_columns
from roster.selectors.browse import SCHOOL_COLUMNS, school_names

ROWS_AT_ONCE = 4_000
_WHO = ("SIS ID", "Name", "School", "File", "Line")
_CHANGE = ("Attribute", "Before", "After")
_WHY = ("Reason", "What to do")
_OWN = "Other values"


@require_safe
@require_member
def rows_csv(request: DistrictRequest, sync_id: int, record_type: str, outcome: str) -> StreamingHttpResponse:
    """All rows that the page of the same address lists: of updated ones a line per changed attribute, of others a line per record."""
    sync, kind, wanted = find_sync(request, sync_id), RecordType(record_type), read_filter(request.GET)

    def read(offset: int) -> RowPage:
        return read_rows(sync, record_type, outcome, **wanted.arguments, offset=offset, limit=ROWS_AT_ONCE)

    first = read(0)
    record_event(
        district=request.district, action="sync.rows_downloaded", by=request.user, target=f"sync {sync.pk}", address=address_of(request),
        record_type=record_type, outcome=outcome, rows=first.total, narrowed={name: value for name, value in wanted.arguments.items() if value},
    )  # fmt: skip
    lines = _Lines(sync, kind, outcome, request.membership)
    response = StreamingHttpResponse(_stream(lines, first, read), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="sync-{sync.pk}-{record_type}-{outcome}.csv"'
    return response


def _stream(lines: "_Lines", first: RowPage, read: Callable[[int], RowPage]) -> Iterator[str]:
    yield _text([lines.header])
    done, page = 0, first
    while page.rows:
        yield _text([cells for row in lines.named(page.rows) for cells in row])
        done += len(page.rows)
        if done >= first.total:
            return
        page = read(done)


def _text(rows: Sequence[Sequence[str]]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerows([neutralise(cell) for cell in row] for row in rows)
    return target.getvalue()


class _Lines:
    """How rows become lines for this member."""

    def __init__(self, sync: Sync, record_type: RecordType, outcome: str, membership: Membership) -> None:
        self._sync, self._type, self._outcome, self._membership = sync, record_type, outcome, membership
        self._names = [name for name in live_columns(record_type) if name != "key"]

    @property
    def header(self) -> tuple[str, ...]:
        """The first line."""
        if self._outcome == "updated":
            return (*_WHO, *_CHANGE)
        return (*_WHO, *(attribute_label(self._type, name) for name in self._names), _OWN, *_WHY)

    def named(self, rows: list[RowView]) -> Iterator[list[tuple[str, ...]]]:
        """The lines of each row, schools by their names."""
        keys = {row.school for row in rows}
        keys |= {values.get(name) or "" for row in rows for values in (row.values, row.before or {}) for name in SCHOOL_COLUMNS}
        schools = school_names(self._sync.district, keys)
        for row in rows:
            who = (row.key, row.name, schools.get(row.school, row.school), row.file, str(row.line or ""))
            if self._outcome == "updated":
                yield [(*who, *self._change(row, name, schools)) for name in row.changed] or [(*who, "", "", "")]
            else:
                yield [(*who, *self._values(row), *self._why(row))]

    def _change(self, row: RowView, name: str, schools: dict[str, str]) -> tuple[str, str, str]:
        label = attribute_label(self._type, name)
        if self._hides(name):
            return label, HIDDEN, HIDDEN
        before, after = (row.before or {}).get(name, ""), row.values.get(name, "")
        if name in SCHOOL_COLUMNS:
            before, after = schools.get(before, before), schools.get(after, after)
        return label, before, after

    def _values(self, row: RowView) -> list[str]:
        own = {name: value for name, value in row.values.items() if name not in self._names and name != "key" and value}
        listed = "; ".join(f"{attribute_label(self._type, name)}: {HIDDEN if self._hides(name) else value}" for name, value in own.items())
        return [*(HIDDEN if self._hides(name) and row.values.get(name) else row.values.get(name, "") for name in self._names), listed]

    def _why(self, row: RowView) -> tuple[str, str]:
        said = []
        for reason in row.reasons:
            is_hidden = hides_column(reason.file or row.file, reason.column, self._membership)
            said.append(reason.title if is_hidden else f"{reason.title}: {reason.message}")
        return " ".join(said), " ".join(dict.fromkeys(reason.fix for reason in row.reasons))

    def _hides(self, name: str) -> bool:
        return hides_attribute(self._type, name, self._membership)
