"""Arrow tables and record frames on local disk, whole under their name or not there, mapped into memory when read."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import Any

import pandas as pd
import pyarrow as pa

from records.text import to_arrow, to_series

PRIVATE = 0o700


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a file of another name, then give it its own; whoever writes it at the same time, a reader finds all of it or nothing."""
    path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    handle, part = mkstemp(dir=path.parent, prefix=".part-")
    os.close(handle)
    try:
        write(Path(part))
        Path(part).rename(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Keep a small value."""
    text = json.dumps(value)
    write_whole(path, lambda part: _write_text(part, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def read_json(path: Path) -> Any:
    """A small value kept before; None where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def write_table(path: Path, table: pa.Table) -> None:
    """Keep a table, one chunk per column: a chunk is read without a copy."""

    def write(part: Path) -> None:
        with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table.combine_chunks())

    write_whole(path, write)


def read_table(path: Path) -> pa.Table | None:
    """A table kept before, mapped; None where there is none."""
    if not path.exists():
        return None
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def table_of(frame: pd.DataFrame) -> pa.Table:
    """A frame of text and number columns as a table."""
    return pa.table(
        {name: to_arrow(frame[name]) if frame[name].dtype == "str" else pa.array(frame[name].to_numpy()) for name in frame.columns}
    )


def frame_of(table: pa.Table) -> pd.DataFrame:
    """The inverse of `table_of`; text columns share the table's memory."""
    columns = zip(table.column_names, table.columns, strict=True)
    return pd.DataFrame(
        {name: to_series(column) if pa.types.is_large_string(column.type) else column.to_numpy() for name, column in columns}
    )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time build what is kept in a folder."""
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
