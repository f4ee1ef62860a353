"""What one measurement found, and how it travels from the measuring process."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Measurement:
    """rows: data rows of the files read. cpu_seconds: user and system time of the measured process alone (not of a database server).

    peak_mb: the most memory the measured process held (MiB), filled in by that process at its end. facts: what else it says of itself.
    """

    rows: int
    seconds: float
    cpu_seconds: float
    facts: dict[str, Any] = field(default_factory=dict)
    peak_mb: float = 0.0

    def to_json(self) -> str:
        """The measurement as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Measurement":
        """The inverse of `to_json`."""
        return cls(**json.loads(text))

    @property
    def rows_per_second(self) -> float:
        """How many rows were read, or found unchanged, in a second."""
        return self.rows / self.seconds

    @property
    def seconds_per_row(self) -> float:
        """The cost of one row."""
        return self.seconds / max(self.rows, 1)
