from collections.abc import Callable
from pathlib import Path

import pytest

from formats.read import TextTable, read_csv

Read = Callable[..., TextTable]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read bytes (or text in UTF-8) as if they had been delivered under a name."""

    def run(content: bytes | str, name: str = "orgs.csv", columns: set[str] | None = None) -> TextTable:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        table = read_csv(path, name=name, scratch=tmp_path, columns=columns)
        assert [p.name for p in tmp_path.iterdir()] == [name], "the scratch copy must be gone"
        return table

    return run
