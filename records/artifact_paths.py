"""Names of the Parquet files of a sync within its folder; apart from `records.changeset`, which loads pandas."""

from pathlib import Path

from records.attributes import RecordType


def rows_path(folder: Path, record_type: RecordType) -> Path:
    """Every row that is not unchanged, then the live records deleted and kept."""
    return folder / f"{record_type}.rows.parquet"


def before_path(folder: Path, record_type: RecordType) -> Path:
    """The live values of the records that are updated, as they were."""
    return folder / f"{record_type}.before.parquet"


def unchanged_path(folder: Path, record_type: RecordType) -> Path:
    """Key and line of the unchanged rows."""
    return folder / f"{record_type}.unchanged.parquet"


def findings_path(folder: Path) -> Path:
    """All findings, by file and line."""
    return folder / "findings.parquet"
