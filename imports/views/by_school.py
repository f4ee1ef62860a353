"""The breakdown by school: a table that can be sorted by any column and searched, the same on the app page and on a sync's page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from records.attributes import SCREEN_ORDER, RecordType

MOST_SHOWN = 50  # schools; a search finds the others
NAMELESS = "No school"
COLUMNS = tuple(t for t in SCREEN_ORDER if t not in (RecordType.SCHOOL, RecordType.SESSION))


@dataclass(frozen=True, slots=True)
class SchoolCell:
    """One number of the table."""

    record_type: str
    label: str
    count: int

    @property
    def browsable(self) -> bool:
        """Whether Data Browsing can list these records of one school quickly."""
        return self.record_type not in (RecordType.COURSE, RecordType.ENROLLMENT)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column head: how the column is sorted ("" if it is not), and what a click sorts by."""

    label: str
    direction: str
    next_sort: str


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """One school and its numbers, in the order of COLUMNS; `share` is its part of the largest school's students, 0 to 100."""

    key: str
    name: str
    cells: list[SchoolCell]
    share: int


@dataclass(frozen=True, slots=True)
class SchoolTable:
    """The lines of one view of the breakdown, the sorting they stand in, and how many there are in all."""

    lines: list[SchoolLine]
    sort: str
    search: str
    total: int
    found: int

    @property
    def headings(self) -> list[Heading]:
        """The heads of the number columns; the first click sorts largest first."""
        directions = {f"-{name}": "descending" for name in COLUMNS} | {name.value: "ascending" for name in COLUMNS}
        column = self.sort.removeprefix("-")
        return [
            Heading(
                name.plural,
                directions.get(self.sort, "") if name == column else "",
                name.value if self.sort == f"-{name}" else f"-{name}",
            )
            for name in COLUMNS
        ]


def school_table(schools: Iterable[tuple[str, str, Mapping[str, int]]], *, sort: str = "", search: str = "") -> SchoolTable:
    """The table over (key, name, record type -> number); `sort` is `name` or a record type, with a minus for largest first."""
    sort = sort if sort.removeprefix("-") in {"name", *COLUMNS} else f"-{RecordType.STUDENT.value}"
    every = [(key, name or NAMELESS, counts) for key, name, counts in schools]
    found = [line for line in every if search.casefold() in line[1].casefold()]
    column = sort.removeprefix("-")
    found.sort(key=lambda line: line[1].casefold())
    if column == "name":
        found = found[::-1] if sort.startswith("-") else found
    else:
        found.sort(key=lambda line: line[2].get(column, 0), reverse=sort.startswith("-"))
    largest = max((counts.get(RecordType.STUDENT, 0) for _, _, counts in every), default=0)
    lines = [
        SchoolLine(
            key,
            name,
            [SchoolCell(column.value, column.plural, counts.get(column, 0)) for column in COLUMNS],
            share=round(100 * counts.get(RecordType.STUDENT, 0) / largest) if largest else 0,
        )
        for key, name, counts in found[:MOST_SHOWN]
    ]
    return SchoolTable(lines, sort, search, total=len(every), found=len(found))
