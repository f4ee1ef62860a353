import pytest

from formats.manifest import Manifest, check_manifest, read_manifest
from formats.oneroster.tables import FILE_NAMES, FILES
from formats.oneroster.write import write_manifest
from formats.problems import Refused


@pytest.fixture
def manifest(tmp_path):
    def read(*rows, header="propertyName,value"):
        path = tmp_path / "manifest.csv"
        path.write_text("\n".join((header, *rows)))
        return read_manifest(path, scratch=tmp_path)

    return read


def all_files(mode):
    return [f"file.{file},{mode}" for file in FILES]


def test_our_own_manifest_is_read_without_a_warning(tmp_path):
    path = tmp_path / "manifest.csv"
    write_manifest(path, {"users": "delta", "orgs": "bulk"}, source_name="SIS")
    read, warnings = read_manifest(path, scratch=tmp_path)
    assert (read.version, read.source_system, warnings) == ("1.1", "SIS", ())
    assert read.modes == {name: "absent" for name in FILE_NAMES} | {"users.csv": "delta", "orgs.csv": "bulk"}


def test_the_order_of_rows_case_and_spaces_do_not_matter(manifest):
    read, _ = manifest("File.Users, BULK ", "oneroster.version,1.1", "file.orgs,Delta", "file.results,bulk", "something.else,x")
    assert (read.modes, read.version) == ({"users.csv": "bulk", "orgs.csv": "delta"}, "1.1")


def test_a_file_without_a_row_is_a_warning_and_counts_as_sent_in_full(manifest):
    read, warnings = manifest(*all_files("bulk")[1:])
    assert [(p.code, p.value) for p in warnings] == [("manifest-row-missing", "orgs.csv")]
    assert read.mode("orgs.csv") == "bulk"


@pytest.mark.parametrize(("sent", "version"), [("1", "1.0"), ("1.0", "1.0"), ("1.1", "1.1"), ("1.1.1", "1.1"), ("", "")])
def test_versions(manifest, sent, version):
    assert manifest(f"oneroster.version,{sent}")[0].version == version


@pytest.mark.parametrize(
    ("rows", "code", "line"),
    [
        (["oneroster.version,1.2"], "version-not-supported", 2),
        (["file.users,bulk", "file.orgs,full"], "manifest-mode-unknown", 3),
        (["file.users,"], "manifest-mode-unknown", 2),
        (["file.users,bulk", "file.users,delta"], "manifest-repeated", 3),
        (["file.users"], "manifest-unreadable", 2),
    ],
)
def test_what_cannot_be_relied_on_is_refused_at_its_line(manifest, rows, code, line):
    with pytest.raises(Refused) as refused:
        manifest(*rows)
    assert [(p.code, p.line, p.file) for p in refused.value.problems] == [(code, line, "manifest.csv")]


@pytest.mark.parametrize(("header", "code"), [("propertyName,worth", "manifest-unreadable"), ("file.users,bulk", "file-has-no-header")])
def test_a_manifest_needs_its_header(manifest, header, code):
    with pytest.raises(Refused) as refused:
        manifest("file.users,bulk", header=header)
    assert refused.value.problems[0].code == code


def test_the_same_property_twice_with_the_same_value_is_harmless(manifest):
    assert manifest("file.users,bulk", "file.users,Bulk")[0].modes == {"users.csv": "bulk"}


def test_a_file_that_came_although_absent_or_did_not_although_promised_refuses_the_delivery():
    said = Manifest({"users.csv": "absent", "orgs.csv": "bulk", "classes.csv": "delta", "courses.csv": "absent", "enrollments.csv": "bulk"})
    problems = check_manifest(said, ["users.csv", "enrollments.csv"])
    assert {(p.code, p.file, p.severity) for p in problems} == {
        ("manifest-file-unexpected", "users.csv", "refused"),
        ("manifest-file-missing", "orgs.csv", "refused"),
        ("manifest-file-missing", "classes.csv", "refused"),
    }
