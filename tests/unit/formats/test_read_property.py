"""Both ways of reading, over generated files: the same values, the same lines, nothing lost."""

import csv
import io
import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from formats.headers import parse_head
from formats.read import read_fast, read_slow

NAME = "extra.csv"  # a file the standard does not know, so any header will do
LINE_END = re.compile(r"\r\n|\n|\r")
FEW = settings(max_examples=150, deadline=None)

any_text = st.text(
    st.sampled_from([*'",;\n\r\t ab0', "é", "𝒵", "\u2028", "\x85", "\x0b"]) | st.characters(exclude_categories=["Cs"]), max_size=8
)
values = any_text.map(lambda text: text.replace("\0", ""))
words = st.text(st.sampled_from("abc019é- "), min_size=1, max_size=6).map(lambda text: f"x{text}x")
inner = st.builds(lambda a, between, b: a + between + b, words, st.sampled_from(["", ",", "\n", "\r\n"]), words)


def read_both(content: str):
    """The rows (values, line) and bad rows of the careful reader; the rows of the fast one or None."""
    raw = content.encode()
    head = parse_head(raw, NAME, "utf-8")
    loaded = list(head.headers)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        path.write_bytes(raw)
        fast = read_fast(path, head, loaded)
        slow, bad = read_slow(path, head, loaded)
    return listed(slow), bad, None if fast is None else listed(fast)


def listed(table):
    return [tuple(row.values()) for row in table.to_pylist()]


def rendered(row, quoting, newline):
    out = io.StringIO()
    csv.writer(out, quoting=quoting, lineterminator=newline).writerow(row)
    return out.getvalue()


def tables(cells, min_width):
    width = st.integers(min_width, 5)
    return width.flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), max_size=12).map(lambda rows: (n, rows)))


def written(width, rows, quoting, newline):
    """The file as csv.writer writes it, and every row with the line on which it starts."""
    records = [rendered([f"c{i}" for i in range(width)], quoting, newline), *(rendered(row, quoting, newline) for row in rows)]
    line, expected = 1, []
    for record, row in zip(records, [None, *rows], strict=True):
        if row is not None:
            expected.append((*row, line))
        line += len(LINE_END.findall(record))
    return "".join(records), expected


@FEW
@given(tables(values, 1), st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_quoted_table_comes_back_as_it_was(table, newline):
    content, expected = written(*table, csv.QUOTE_ALL, newline)
    slow, bad, fast = read_both(content)
    assert (slow, bad) == (expected, ())
    assert fast is None or fast == expected


@FEW
@given(tables(values, 2))
def test_any_minimally_quoted_table_comes_back_as_it_was(table):
    content, expected = written(*table, csv.QUOTE_MINIMAL, "\r\n")
    slow, bad, fast = read_both(content)
    assert (slow, bad) == (expected, ())
    assert fast is None or fast == expected


@FEW
@given(
    tables(values.map(lambda text: LINE_END.sub("", text)), 2),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_a_table_without_line_breaks_in_values_is_read_fast(table, quoting, newline):
    content, expected = written(*table, quoting, newline)
    _, _, fast = read_both(content)
    assert fast == expected


@settings(max_examples=500, deadline=None)
@given(st.text(st.sampled_from([*'a",\n\r\0 é']), max_size=40))
def test_on_any_rubbish_the_fast_reader_agrees_or_stands_back(body):
    slow, bad, fast = read_both("c0,c1\n" + body)
    if fast is not None:
        assert (fast, ()) == (slow, bad)
    lines = sorted([row[-1] for row in slow] + [row.line for row in bad])
    assert len(set(lines)) == len(lines)
    assert all(2 <= line <= 2 + len(LINE_END.findall(body)) for line in lines)


BAD = {
    "row-too-few-fields": "one,two\n",
    "row-too-many-fields": "one,two,three,four\n",
    "row-nul": "one,t\0wo,three\n",
    "row-unclosed-quote": 'one,two,"three\n',
}


@FEW
@given(st.lists(st.lists(inner, min_size=3, max_size=3) | st.sampled_from(sorted(BAD)), max_size=15))
def test_every_good_row_is_read_and_every_bad_one_named_at_its_line(rows):
    content, line, good, expected_bad = "c0,c1,c2\n", 2, [], []
    for row in rows:
        if isinstance(row, str):
            record = BAD[row]
            expected_bad.append((line, row))
        else:
            record = rendered(row, csv.QUOTE_MINIMAL, "\n")
            good.append((*row, line))
        content += record
        line += len(LINE_END.findall(record))
    slow, bad, fast = read_both(content)
    assert slow == good
    assert [(row.line, row.code) for row in bad] == expected_bad
    assert fast is None or not expected_bad
