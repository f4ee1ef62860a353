"""The Parquet files of a sync: their names, and the columns by which rows are found; apart from `records.changeset`, which loads pandas."""

from pathlib import Path

from records.attributes import PERSON_TYPES, SCHOOL_ATTRIBUTE, RecordType

# What a search among the rows of a sync looks through.
SEARCHED: dict[RecordType, tuple[str, ...]] = {
    RecordType.SCHOOL: ("key", "name", "identifier"),
    RecordType.SESSION: ("key", "title"),
    RecordType.COURSE: ("key", "title", "course_code"),
    **dict.fromkeys(PERSON_TYPES, ("key", "last_name", "first_name", "email", "username")),
    RecordType.CLASS: ("key", "class_name", "class_code"),
    RecordType.ENROLLMENT: ("key", "person_id", "class_id"),
}
# Columns that hold few distinct values, neighbours above all.
REPEATING = frozenset(
    {"class_id", "person_id", "first_name", "last_name", "class_name", "title", "course_code", *SCHOOL_ATTRIBUTE.values()}
)


def found_by(record_type: RecordType) -> tuple[str, ...]:
    """The columns by which rows are found: what is searched, and the school."""
    school = SCHOOL_ATTRIBUTE.get(record_type)
    return (*SEARCHED[record_type], *([school] if school else []))


def rows_path(folder: Path, record_type: RecordType) -> Path:
    """Every row that is not unchanged, then the live records deleted and kept."""
    return folder / f"{record_type}.rows.parquet"


def before_path(folder: Path, record_type: RecordType) -> Path:
    """The live values of the records that are updated, as they were."""
    return folder / f"{record_type}.before.parquet"


def unchanged_path(folder: Path, record_type: RecordType) -> Path:
    """Line of the unchanged rows, and the columns by which they are found."""
    return folder / f"{record_type}.unchanged.parquet"


def churn_path(folder: Path) -> Path:
    """The deleted and created records that look like the same one, in pairs."""
    return folder / "churn.parquet"


def findings_path(folder: Path) -> Path:
    """All findings, by file and line."""
    return folder / "findings.parquet"
