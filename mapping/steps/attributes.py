"""Feed the attributes of the nine record types from the headers of the delivered files.

Source: attributes mapping; records.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from records.attributes import ATTRIBUTES, FILE_OF, PERSON_TYPES, RecordType
from records.sources import Source
from records.text import blank, distinct, join, positions, spread, strip, to_arrow, to_series
from records.values import user_id_of

Tables = Mapping[str, pa.Table]  # file ("users") -> text columns by header, and _line


def default_sources() -> dict[RecordType, dict[str, Source]]:
    """The default map: every attribute from the header the standard gives it."""
    return {
        record_type: {attribute.name: source for attribute in attributes if (source := Source.parse(attribute.source))}
        for record_type, attributes in ATTRIBUTES.items()
    }


def files_for(record_type: RecordType) -> tuple[str, ...]:
    """The files whose headers may feed a record type."""
    own = FILE_OF[record_type]
    return (own, "demographics") if record_type in PERSON_TYPES else (own,)


def headers_needed(sources: Mapping[RecordType, Mapping[str, Source]], file: str) -> set[str]:
    """The headers of one file that any mapping reads."""
    return {source.header for mapped in sources.values() for source in mapped.values() if source.file == file}


def build_frame(
    record_type: RecordType, tables: Tables, rows: np.ndarray, sources: Mapping[str, Source], demographic_rows: np.ndarray
) -> pd.DataFrame:
    """The record frame of one type, raw: values as sent, trimmed.

    Args:
        record_type: the type; its file must be among the tables.
        tables: text tables by file.
        rows: positions of the type's rows in its file's table.
        sources: attribute -> source, extra attributes included.
        demographic_rows: for every row its position in demographics, -1 where it has none (ignored but for persons).

    Returns:
        key, source_id and _orgs (people), every mapped attribute but sis_id, metadata.* of the type's own file and of its demographics; `_status`, `_line`.
        A source whose header was not sent feeds an empty column.
    """
    own = FILE_OF[record_type]
    own_table, whole = tables[own], len(rows) == tables[own].num_rows

    def column(file: str, header: str) -> pd.Series:
        table = tables.get(file)
        if table is None or header not in table.column_names:
            return blank(len(rows))
        values = table.column(header)
        if file == own:
            return strip(to_series(values if whole else values.take(pa.array(rows))))
        return _joined(values, demographic_rows)

    result: dict[str, pd.Series] = {}
    for name, source in sources.items():
        values = column(source.file, source.header)
        result["key" if name == "sis_id" else name] = user_id_of(values, source.user_id_type) if source.user_id_type else values
    if record_type in PERSON_TYPES:
        result["source_id"] = column(own, "sourcedId")
        result["_orgs"] = _all_orgs(result)
    result["_status"] = column(own, "status")
    for file in files_for(record_type):
        if file in tables and (file == own or record_type is RecordType.STUDENT):
            for header in tables[file].column_names:
                if header.startswith("metadata."):
                    result[header] = column(file, header)
    lines = own_table.column("_line").take(pa.array(rows)).to_numpy()
    return pd.DataFrame(result).assign(_line=lines.astype(np.int64), _fate=np.uint8(0), _reason=np.int16(0))


def _all_orgs(columns: Mapping[str, pd.Series]) -> pd.Series:
    """The organizations of a person as one list, primary first; where both attributes come from one header, that list itself."""
    primary, others = (columns.get(name, blank(0)) for name in ("primary_school", "other_schools"))
    if len(others) == 0 or to_arrow(primary).equals(to_arrow(others)):
        return primary
    return to_series(join([primary, others], ","))


def _joined(values: pa.ChunkedArray, at: np.ndarray) -> pd.Series:
    """Values by position, empty where the position is -1."""
    uniques, codes = distinct(values)
    options = ["", *uniques.to_pylist()]
    padded = np.append(codes + 1, 0)  # position -1 takes the empty one
    return strip(spread(options, padded[at]))


def demographic_values(table: pa.Table, headers: Mapping[str, str], rows: np.ndarray) -> pd.DataFrame:
    """What demographics.csv says of people, as sent and trimmed; empty where there is no row.

    Args:
        table: the usable rows. headers: attribute -> its header. rows: for every person their position in the table, -1 for none.
    """
    columns = {
        name: _joined(table.column(header), rows) if header in table.column_names and table.num_rows else blank(len(rows))
        for name, header in headers.items()
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))


def match_demographics(table: pa.Table | None, source_ids: pd.Series) -> np.ndarray:
    """For every person the row of demographics that describes them, or -1. The table's sourcedIds must be distinct."""
    if table is None or table.num_rows == 0:
        return np.full(len(source_ids), -1, dtype=np.int64)
    return positions(to_arrow(source_ids), to_arrow(strip(to_series(table.column("sourcedId")))))
