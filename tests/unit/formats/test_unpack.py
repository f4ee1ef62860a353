import io
import struct
import time
import zipfile
from pathlib import Path

import pytest

from formats.oneroster.tables import FILE_NAMES
from formats.problems import Refused
from formats.unpack import Limits, unpack

ROW = b"sourcedId,name\n1,North\n"


def zipped(*entries, method=zipfile.ZIP_DEFLATED):
    """The bytes of a zip of (name or ZipInfo, content) entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries:
            if isinstance(name, zipfile.ZipInfo):
                archive.writestr(name, content)
            else:  # a name with a backslash or a doubled name is written as it stands
                info = zipfile.ZipInfo("x")
                info.filename, info.compress_type = name, method
                archive.NameToInfo.clear()  # it would warn of a doubled name
                archive.writestr(info, content)
    return out.getvalue()


@pytest.fixture
def run(tmp_path):
    into = tmp_path / "out"
    into.mkdir()

    def run(raw, limits=None):
        path = tmp_path / "OneRoster.zip"
        path.write_bytes(raw)
        result = unpack(path, into, limits)
        assert sorted(into.iterdir()) == sorted(result.paths)
        return result

    return run


@pytest.fixture
def refusal(run, tmp_path):
    """The one problem for which a zip is refused; nothing may be left of it."""

    def refusal(raw, limits=None):
        with pytest.raises(Refused) as refused:
            run(raw, limits)
        assert sorted(p.name for p in tmp_path.rglob("*")) == ["OneRoster.zip", "out"]
        (problem,) = refused.value.problems
        assert (problem.file, problem.severity) == ("OneRoster.zip", "refused")
        return problem

    return refusal


def remarks(result):
    return [(p.code, p.value) for p in result.problems]


@pytest.mark.parametrize("folder", ["", "OneRoster/", "./", "My Export (1)/"])
def test_the_roster_files_and_the_manifest_come_out_under_their_names(run, folder):
    names = (*FILE_NAMES, "manifest.csv")
    result = run(zipped(*((f"{folder}{name}", name.encode()) for name in names)))
    assert [(p.name, p.read_text()) for p in result.paths] == [(name, name) for name in names]
    assert result.problems == ()


def test_stored_entries_folder_entries_and_empty_files_are_fine(run):
    result = run(zipped(("d/", b""), ("d/users.csv", ROW), ("d/orgs.csv", b""), method=zipfile.ZIP_STORED))
    assert {p.name: p.read_bytes() for p in result.paths} == {"users.csv": ROW, "orgs.csv": b""}


def test_mac_and_dot_files_are_passed_over_in_silence(run):
    result = run(zipped(("d/users.csv", ROW), ("__MACOSX/d/._users.csv", b"x"), ("d/.DS_Store", b"x"), (".git/users.csv", b"x")))
    assert ([p.name for p in result.paths], result.problems) == (["users.csv"], ())


def test_other_case_of_a_name_is_a_warning(run):
    result = run(zipped(("USERS.CSV", ROW), ("academicsessions.csv", ROW)))
    assert [p.name for p in result.paths] == ["users.csv", "academicSessions.csv"]
    assert remarks(result) == [("file-respelled", "USERS.CSV"), ("file-respelled", "academicsessions.csv")]


def test_files_that_are_not_used_stay_in_the_zip_and_are_named(run):
    result = run(zipped(("users.csv", ROW), ("lineItems.csv", ROW), ("readme.txt", b"hi"), ("more/notes.xlsx", b"PK\x03\x04")))
    assert [p.name for p in result.paths] == ["users.csv"]
    assert remarks(result) == [
        ("zip-gradebook-file", "lineItems.csv"),
        ("zip-file-ignored", "readme.txt"),
        ("zip-file-ignored", "more/notes.xlsx"),
    ]


@pytest.mark.parametrize("raw", [b"", b"sourcedId,name\n", b"\x1f\x8b\x08", b"x" * 100_000], ids=["empty", "a CSV", "gzip", "long"])
def test_what_is_not_a_zip_is_refused(refusal, raw):
    assert refusal(raw).code == "zip-not-a-zip"


def test_a_zip_cut_short_anywhere_is_refused(refusal):
    raw = zipped(("users.csv", ROW * 100), ("orgs.csv", ROW))
    assert {refusal(raw[:end]).code for end in range(4, len(raw), 7)} == {"zip-damaged"}


def test_a_changed_byte_in_the_content_is_found_by_its_checksum(refusal):
    raw = zipped(("users.csv", ROW), ("orgs.csv", ROW), method=zipfile.ZIP_STORED)
    problem = refusal(raw.replace(b"North", b"Nurth", 2))
    assert (problem.code, problem.value) == ("zip-damaged", "users.csv")


def test_whatever_byte_is_damaged_the_answer_is_files_or_a_refusal(tmp_path):
    raw = zipped(("users.csv", ROW), ("readme.txt", b"hello"))
    path = tmp_path / "a.zip"
    for at in range(len(raw)):
        for value in {0x00, 0xFF, raw[at] ^ 0x01, raw[at] ^ 0x80}:
            path.write_bytes(raw[:at] + bytes([value]) + raw[at + 1 :])
            into = tmp_path / f"{at}-{value}"
            into.mkdir()
            try:
                result = unpack(path, into)
            except Refused:
                assert list(into.iterdir()) == []
            else:
                assert [p.read_bytes() for p in result.paths] == [ROW]


@pytest.mark.parametrize(
    "name",
    [
        "../users.csv",
        "a/../users.csv",
        "/etc/users.csv",
        "a\\users.csv",
        "C:users.csv",
        "C:/users.csv",
        "users.csv\0.txt",
        "a\nusers.csv",
        "x" * 300,
    ],
)
def test_path_tricks_are_refused_even_in_files_that_are_not_used(refusal, name):
    assert refusal(zipped(("users.csv", ROW), (name, b"x"))).code == "zip-path"


@pytest.mark.parametrize("mode", [0o120777, 0o010644, 0o020644, 0o060644, 0o140644])
def test_links_and_special_files_are_refused(refusal, mode):
    info = zipfile.ZipInfo("users.csv")
    info.create_system, info.external_attr = 3, mode << 16
    problem = refusal(zipped((info, b"/etc/passwd")))
    assert (problem.code, problem.value) == ("zip-link", "users.csv")


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x2000])
def test_encrypted_entries_are_refused(refusal, flag):
    raw = bytearray(zipped(("users.csv", ROW)))
    at = raw.index(b"PK\x01\x02") + 8
    struct.pack_into("<H", raw, at, flag)
    assert refusal(bytes(raw)).code == "zip-encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_cannot_be_unpacked_in_bounded_memory_are_refused(refusal, method):
    assert refusal(zipped(("users.csv", ROW), method=method)).code == "zip-method"


@pytest.mark.parametrize("name", ["more.zip", "users.csv.gz", "a.7Z", "b.rar", "c.tar", "d.tgz", "e.xz", "f.bz2", "g.zst"])
def test_archives_inside_are_refused_by_name(refusal, name):
    assert refusal(zipped(("users.csv", ROW), (name, b"x"))).code == "zip-nested-archive"


@pytest.mark.parametrize("name", ["users.csv", "readme.txt"])
@pytest.mark.parametrize(
    "start", [b"PK\x03\x04", b"\x1f\x8b\x08", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a", b"BZh9", b"\xfd7zXZ\0", b"a" * 257 + b"ustar"]
)
def test_archives_in_disguise_are_refused_by_their_first_bytes(refusal, name, start):
    problem = refusal(zipped(("orgs.csv", ROW), (name, start + b"rest")))
    assert (problem.code, problem.value) == ("zip-nested-archive", name)


@pytest.mark.parametrize(
    "names",
    [
        ("users.csv", "users.csv"),
        ("users.csv", "Users.CSV"),
        ("users.csv", "d/users.csv"),
        ("a/users.csv", "b/users.csv"),
        ("users.csv", "a.txt", "A.txt"),
    ],
)
def test_two_entries_of_one_name_are_refused(refusal, names):
    assert refusal(zipped(*((name, ROW) for name in names))).code == "zip-name-twice"


@pytest.mark.parametrize("names", [("users.csv", "d/orgs.csv"), ("a/users.csv", "b/orgs.csv"), ("a/b/users.csv",)])
def test_roster_files_must_lie_together_and_not_deep(refusal, names):
    assert refusal(zipped(*((name, ROW) for name in names))).code == "zip-folders"


@pytest.mark.parametrize("names", [(), ("readme.txt",), (".users.csv",)])
def test_a_zip_without_roster_files_is_refused(refusal, names):
    assert refusal(zipped(*((name, ROW) for name in names))).code == "zip-no-roster-files"


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("d/students.csv", "d/sections.csv", "d/enrollments.csv"), "Clever"),
        (("School.csv", "Section.csv", "Student.csv", "StudentEnrollment.csv"), "Microsoft SDS"),
        (("orgs.csv", "users.csv", "roles.csv"), "Microsoft SDS"),
        (("manifest.csv", "users.csv", "roles.csv", "orgs.csv"), "OneRoster 1.2"),
    ],
)
def test_packages_of_other_standards_are_named(refusal, names, kind):
    problem = refusal(zipped(*((name, ROW) for name in names)))
    assert (problem.code, problem.value) == ("package-not-supported", kind)


def test_limits_count_the_bytes_that_come_out(run, refusal):
    exact = Limits(max_file_bytes=1000, max_total_bytes=1500, max_entries=3)
    assert run(zipped(("users.csv", b"x" * 1000), ("orgs.csv", b"x" * 500), ("a.txt", b"")), exact).paths[0].stat().st_size == 1000


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([("users.csv", b"x" * 1001)], "zip-file-too-big"),
        ([("users.csv", b"x" * 1000), ("orgs.csv", b"x" * 501)], "zip-too-big"),
        ([(f"{i}.txt", b"") for i in range(4)], "zip-too-many-entries"),
    ],
)
def test_over_a_limit(refusal, entries, code):
    assert refusal(zipped(*entries), Limits(max_file_bytes=1000, max_total_bytes=1500, max_entries=3)).code == code


def test_sizes_in_the_headers_are_not_trusted(refusal):
    raw = bytearray(zipped(("users.csv", b"x" * 5000)))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", raw, raw.index(mark) + offset, 10)
    assert refusal(bytes(raw), Limits(max_file_bytes=1000)).code == "zip-damaged"


def test_a_bomb_is_refused_at_once_and_leaves_nothing(refusal, tmp_path):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open("users.csv", "w") as entry:
        for _ in range(300):
            entry.write(bytes(1024 * 1024))
    start = time.process_time()
    assert refusal(bomb.getvalue()).code == "zip-bomb"
    assert time.process_time() - start < 2


def test_a_packed_size_that_lies_does_not_hide_a_bomb(refusal):
    raw = bytearray(zipped(("users.csv", bytes(1_000_000))))
    for mark, offset in ((b"PK\x03\x04", 18), (b"PK\x01\x02", 20)):
        struct.pack_into("<I", raw, raw.index(mark) + offset, 900_000)
    assert refusal(bytes(raw), Limits(ratio_after_bytes=30_000)).code == "zip-bomb"


def test_a_directory_longer_than_the_limit_is_refused_before_it_is_read(refusal):
    raw = zipped(*((f"{i}.txt", b"") for i in range(1001)))
    problem = refusal(raw)
    assert (problem.code, problem.value, problem.detail) == ("zip-too-many-entries", "1001", "1000")


def test_the_folder_may_hold_other_things(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(("users.csv", ROW), ("x.zip", b"")))
    other = tmp_path / "out" / "kept.txt"
    other.parent.mkdir()
    other.write_text("kept")
    with pytest.raises(Refused):
        unpack(path, other.parent)
    assert [p.name for p in Path(other.parent).iterdir()] == ["kept.txt"]
