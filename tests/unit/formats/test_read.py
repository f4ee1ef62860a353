import pyarrow as pa
import pytest

from formats.csv_lines import MAX_FIELD_CHARS
from formats.problems import Refused
from formats.read import read_csv

PLAIN = "sourcedId,name\n1,North\n2,South\n"


def rows(result):
    return [tuple(row.values()) for row in result.table.to_pylist()]


def bad(result):
    return [(row.line, row.code) for row in result.bad]


def codes(result):
    return [problem.code for problem in result.problems]


def test_every_column_is_text_without_nulls_and_every_row_knows_its_line(read):
    result = read(PLAIN)
    assert rows(result) == [("1", "North", 2), ("2", "South", 3)]
    assert result.table.schema == pa.schema([("sourcedId", pa.large_string()), ("name", pa.large_string()), ("_line", pa.int64())])
    assert (result.rows, result.bad, result.problems) == (2, (), ())
    assert (result.encoding, result.delimiter) == ("utf-8", ",")


@pytest.mark.parametrize("breaks", ["", "\n\n"], ids=["fast", "line by line"])
def test_nothing_is_guessed_from_a_value(read, breaks):
    values = ["00123", "1e5", "NA", "null", "TRUE", "", "NaN", " x ", "2024-01-01", "-", "#N/A"]
    content = "sourcedId,name\n" + "".join(f"{value},{value}\n" for value in values) + breaks
    result = read(content)
    assert [row[:2] for row in rows(result)] == [(value, value) for value in values]


@pytest.mark.parametrize("breaks", ["", "\n\n"], ids=["fast", "line by line"])
def test_an_empty_quoted_value_is_an_empty_text(read, breaks):
    assert rows(read('sourcedId,name\n"",""\n' + breaks)) == [("", "", 2)]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "lone CR"])
@pytest.mark.parametrize("last", [True, False], ids=["ended", "no newline at the end"])
def test_any_line_end(read, newline, last):
    content = newline.join(["sourcedId,name", "1,North", '2,"So', 'uth"', "3,East"]) + newline * last
    assert rows(read(content)) == [("1", "North", 2), ("2", f"So{newline}uth", 3), ("3", "East", 5)]


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        ("sourcedId,name\n1,Zoë 𝒵\n".encode(), "utf-8"),
        ("sourcedId,name\n1,Zoë 𝒵\n".encode("utf-8-sig"), "utf-8-sig"),
        ("sourcedId,name\r\n1,Zoë 𝒵\r\n".encode("utf-16"), "utf-16"),
        ("\ufeffsourcedId,name\r\n1,Zoë 𝒵\r\n".encode("utf-16-be"), "utf-16"),
    ],
)
def test_unicode_encodings_are_read_without_a_warning(read, raw, encoding):
    result = read(raw)
    assert rows(result) == [("1", "Zoë 𝒵", 2)]
    assert (result.encoding, result.problems) == (encoding, ())


def test_bytes_that_are_not_utf8_are_read_as_windows_1252_with_a_warning(read):
    result = read(b"sourcedId,name\n1,Zo\xeb \x93North\x94\n2,undefined \x81\n")
    assert rows(result) == [("1", "Zoë “North”", 2), ("2", "undefined \ufffd", 3)]
    assert (result.encoding, codes(result)) == ("windows-1252", ["file-encoding"])


def test_one_line_in_the_wrong_encoding_does_not_spoil_the_names_in_utf8(read):
    result = read("sourcedId,name\n1,Zoë\n".encode() + b"2,Ren\xe9\n")
    assert [row[1] for row in rows(result)] == ["Zoë", "René"]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_accepted_with_a_warning(read, delimiter):
    result = read(f'sourcedId{delimiter}name\n1{delimiter}"a{delimiter}b"\n')
    assert rows(result) == [("1", f"a{delimiter}b", 2)]
    assert (result.delimiter, codes(result)) == (delimiter, ["file-delimiter"])


def test_blank_lines_are_passed_over_and_counted_as_lines(read):
    assert rows(read("\n\nsourcedId,name\n\n1,North\n   \n\r\n2,South\n\n")) == [("1", "North", 5), ("2", "South", 8)]


def test_a_row_of_empty_values_is_a_row(read):
    assert rows(read("sourcedId,name\n,\n")) == [("", "", 2)]


def test_rows_with_too_few_or_too_many_values_are_named_and_the_rest_is_read(read):
    result = read("sourcedId,name\n1,a\n2\n3,c,d\n4,e\n")
    assert rows(result) == [("1", "a", 2), ("4", "e", 5)]
    assert [(b.line, b.code, b.detail, b.excerpt) for b in result.bad] == [
        (3, "row-too-few-fields", "1 instead of 2", "2"),
        (4, "row-too-many-fields", "3 instead of 2", "3,c,d"),
    ]
    assert result.rows == 4


def test_a_nul_byte_spoils_its_row_only(read):
    result = read(b'sourcedId,name\n1,a\n2,b\0\n3,c\n4,"d\0\nd"\n5,e\n')
    assert [row[0] for row in rows(result)] == ["1", "3", "5"]
    assert bad(result) == [(3, "row-nul"), (5, "row-nul")]
    assert result.bad[0].excerpt == "2,b␀"


@pytest.mark.parametrize(
    "after",
    ["2,b\n", '2,"b"\n', '2,"b,c"\n', '"2","b"\n', '2,""\n', '2,"b\nb"\n'],
    ids=["no quote", "quoted", "delimiter", "all quoted", "empty quoted", "line break"],
)
def test_an_unclosed_quote_spoils_its_line_only(read, after):
    result = read('sourcedId,name\n1,"a\n' + after + "3,c\n")
    assert bad(result) == [(2, "row-unclosed-quote")]
    assert [row[0] for row in rows(result)] == ["2", "3"]


def test_an_unclosed_quote_in_the_last_line(read):
    result = read('sourcedId,name\n1,a\n2,"b')
    assert (rows(result), bad(result)) == ([("1", "a", 2)], [(3, "row-unclosed-quote")])


def test_a_value_that_goes_on_after_its_closing_quote_is_not_guessed(read):
    result = read('sourcedId,name\n1,"Robert "Bob" Smith"\n2,b\n')
    assert (rows(result), bad(result)) == ([("2", "b", 3)], [(2, "row-unclosed-quote")])


def test_a_quotation_mark_inside_an_unquoted_value_is_text(read):
    assert rows(read('sourcedId,name\n1,5" pipe\n')) == [("1", '5" pipe', 2)]


def test_many_unclosed_quotes_do_not_take_quadratic_time(read):
    result = read("sourcedId,name\n" + '1,"a\n' * 20_000 + "2,b\n")
    assert (len(result.bad), rows(result)) == (20_000, [("2", "b", 20_002)])


@pytest.mark.parametrize("quote", ["", '"'], ids=["bare", "quoted"])
@pytest.mark.parametrize("length", [MAX_FIELD_CHARS + 1, 10_000_000, 20_000_000])
def test_a_value_that_is_too_long_spoils_its_row_only(read, length, quote):
    result = read(f"sourcedId,name\n1,{quote}{'x' * length}{quote}\n2,b\n")
    assert (rows(result), bad(result)) == ([("2", "b", 3)], [(2, "row-field-too-long")])
    assert len(result.bad[0].excerpt) <= 120


def test_the_longest_value_allowed_is_read(read):
    value = "é" * MAX_FIELD_CHARS
    assert rows(read(f"sourcedId,name\n1,{value}\n")) == [("1", value, 2)]


def test_a_file_in_which_every_row_is_bad_keeps_only_some_excerpts(read):
    result = read("sourcedId,name\n" + "1,2,3\n" * 10_005)
    assert result.rows == 10_005
    assert (result.bad[9_999].excerpt, result.bad[10_000].excerpt) == ("1,2,3", "")


def test_more_rows_than_one_batch_are_read_in_order(read):
    count = 45_000
    result = read("sourcedId,name\n" + "".join(f"{i},n\n" for i in range(count)) + "bad\n")
    assert result.table["sourcedId"].to_pylist() == [str(i) for i in range(count)]
    assert result.table["_line"].to_pylist() == list(range(2, count + 2))
    assert bad(result) == [(count + 2, "row-too-few-fields")]


def test_columns_limits_what_is_loaded_but_metadata_always_is(read):
    content = "sourcedId,name,type,metadata.lunch,own\n1,North,school,free,x\n"
    for tail in ("", "\n\n"):
        result = read(content + tail, columns={"name", "own", "email"})
        assert rows(result) == [("North", "free", "x", 2)]
        assert result.headers == ("sourcedId", "name", "type", "metadata.lunch", "own")


@pytest.mark.parametrize("content", ["sourcedId,name\n", "sourcedId,name", "sourcedId,name\n\n"])
def test_a_header_without_rows_is_an_empty_table(read, content):
    result = read(content)
    assert (result.rows, result.table.column_names, result.problems) == (0, ["sourcedId", "name", "_line"], ())


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n \r\n"], ids=["no byte", "only a mark", "only blank lines"])
def test_an_empty_file_is_a_table_without_rows_and_a_warning(read, content):
    result = read(content, "enrollments.csv")
    assert (result.rows, codes(result), result.headers[0]) == (0, ["file-empty"], "sourcedId")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"1,North,school\n2,South,school\n", "file-has-no-header"),
        (b'"sourcedId,name\n1,North\n', "file-has-no-header"),
        (b"sourcedId," + b"x" * 70_000 + b"\n", "file-has-no-header"),
        (b"sourcedId," + b"x" * 200_000 + b"\n", "file-has-no-header"),
        ("sourcedId," + "é" * 200_000, "file-has-no-header"),
        ('"sourcedId,\n' + "xé\n" * 100_000, "file-has-no-header"),
        (b"sourcedId,name,name\n", "header-repeated"),
        (b"sourcedId,name,Source dID\n", "header-repeated"),
        (b"sourcedId,metadata.a,metadata.a\n", "header-repeated"),
        (b"PK\x03\x04\x14\0\6\0", "file-not-text"),
        ("sourcedId,name\n1,North\n".encode("utf-16-le"), "file-not-text"),
    ],
)
def test_a_file_whose_header_cannot_be_relied_on_is_refused(tmp_path, content, code):
    path = tmp_path / "orgs.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(Refused) as refused:
        read_csv(path, name="orgs.csv", scratch=tmp_path)
    assert [(p.code, p.file, p.severity) for p in refused.value.problems] == [(code, "orgs.csv", "refused")]
