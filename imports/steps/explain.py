"""Gather, record type by record type, what explains a change set: its causes, and its id churn."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa

from imports.steps.causes import Cause, find_causes, rank_causes
from imports.steps.churn import find_churn, write_churn
from imports.steps.difference import TypeChange


@dataclass(slots=True)
class Explanation:
    """What was found so far."""

    found: list[Cause] = field(default_factory=list)
    pairs: list[pd.DataFrame] = field(default_factory=list)

    def add(self, change: TypeChange, before: pd.DataFrame | None, leavers: pd.DataFrame) -> pa.Array:
        """Take in one record type, see `find_causes`; returns what differs in each updated row."""
        told = find_causes(change, before, leavers)
        self.found += told.causes
        self.pairs.append(find_churn(change, leavers))
        return told.changed

    @property
    def causes(self) -> list[Cause]:
        """The causes of all record types, largest first."""
        return rank_causes(self.found)

    def write_churn(self, folder: Path) -> dict[str, int]:
        """Write churn.parquet; returns the pairs per record type."""
        return write_churn(folder, self.pairs)
