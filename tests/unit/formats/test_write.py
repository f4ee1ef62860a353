import os
import zipfile

import pyarrow as pa

from formats.manifest import read_manifest
from formats.oneroster.tables import FILES, TABLES
from formats.oneroster.write import headers_of, write_csv, write_manifest, write_rows, write_zip
from formats.read import read_csv
from formats.unpack import unpack


def test_rows_are_written_with_as_few_quotes_as_needed(tmp_path):
    write_rows(tmp_path / "a.csv", ["sourcedId", "name"], [["1", 'a "b", c'], ["", "Zoë\nx"]])
    assert (tmp_path / "a.csv").read_bytes() == 'sourcedId,name\n1,"a ""b"", c"\n,"Zoë\nx"\n'.encode()


def test_rows_stand_under_the_standards_headers(tmp_path):
    write_csv(tmp_path / "orgs.csv", "orgs", [["1", "", "", "North", "school", "", ""]])
    lines = (tmp_path / "orgs.csv").read_text().splitlines()
    assert lines == ["sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId", "1,,,North,school,,"]


def test_a_table_is_brought_into_the_standards_order_and_metadata_comes_last(tmp_path):
    table = pa.table({"_line": [2], "metadata.b": ["B"], "name": ["North"], "own": ["x"], "metadata.a": ["A"], "sourcedId": ["1"]})
    write_csv(tmp_path / "orgs.csv", "orgs", table)
    lines = (tmp_path / "orgs.csv").read_text().splitlines()
    assert lines == ["sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId,metadata.a,metadata.b", "1,,,North,,,,A,B"]


def test_what_is_written_is_read_back_as_it_was(tmp_path):
    count = 25_000
    columns = {header: [f'{header} "{i}",\n' for i in range(count)] for header in headers_of("users", ["metadata.x"])}
    table = pa.table({name: pa.array(values, pa.large_string()) for name, values in columns.items()})
    write_csv(tmp_path / "users.csv", "users", table)
    result = read_csv(tmp_path / "users.csv", name="users.csv", scratch=tmp_path)
    assert (result.problems, result.bad) == ((), ())
    assert result.table.drop_columns(["_line"]).combine_chunks().equals(table.combine_chunks())


def test_the_same_files_give_the_same_zip_and_it_is_one_that_we_accept(tmp_path):
    for file in FILES:
        write_csv(tmp_path / f"{file}.csv", file, [["v"] * len(TABLES[file])])
    write_manifest(tmp_path / "manifest.csv", dict.fromkeys(FILES, "bulk"))
    (tmp_path / "notes.txt").write_text("not part of it")
    write_zip(tmp_path, tmp_path / "a.zip")
    os.utime(tmp_path / "users.csv", (1, 1))
    write_zip(tmp_path, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert sorted(archive.namelist()) == sorted(["manifest.csv", *(f"{file}.csv" for file in FILES)])

    into = tmp_path / "out"
    into.mkdir()
    result = unpack(tmp_path / "a.zip", into)
    assert result.problems == ()
    assert all(path.read_bytes() == (tmp_path / path.name).read_bytes() for path in result.paths)
    manifest, warnings = read_manifest(into / "manifest.csv", scratch=tmp_path)
    assert (set(manifest.modes.values()), warnings) == ({"bulk"}, ())
