"""What the steps ask of the live roster, kept as Arrow files under the roster's version."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from imports.trial.store import frame_of, read_table, table_of, write_table
from records.attributes import RecordType
from records.frames import LiveKeys
from roster.selectors.live import LiveRoster


class KeptLive:
    """The live roster of one district at one version (`imports.context.Live`). Columns are kept; the rest is asked of the database.

    Args:
        folder: where columns are kept, one folder per version of the roster.
    """

    def __init__(self, district_id: int, folder: Path) -> None:
        self._roster, self._folder = LiveRoster(district_id), folder

    def keys(self, record_type: RecordType) -> LiveKeys:
        """Keys and fingerprints."""
        return self._roster.keys(record_type)

    def values(self, record_type: RecordType, keys: pd.Series) -> pd.DataFrame:
        """The live records with these keys."""
        return self._roster.values(record_type, keys)

    def columns(self, record_type: RecordType, names: Sequence[str]) -> pd.DataFrame:
        """The given attributes of all live records of a type."""
        digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
        path = self._folder / f"{record_type}-{digest}.arrow"
        kept = read_table(path)
        if kept is None:
            write_table(path, table_of(self._roster.columns(record_type, names)))
            kept = read_table(path)
            assert kept is not None  # noqa: S101 - it was just written
        return frame_of(kept)

    def enrollments_of(self, *, classes: pd.Series, people: pd.Series) -> pd.DataFrame:
        """The live enrollments of these classes or people."""
        return self._roster.enrollments_of(classes=classes, people=people)

    def schools(self) -> dict[str, str]:
        """SourcedId -> organization key of all live schools."""
        return self._roster.schools()

    def offices(self) -> list[str]:
        """The keys of the organizations that are no schools."""
        return self._roster.offices()
