import pytest

from formats.headers import HEAD_BYTES, check_headers, detect_version, parse_head
from formats.oneroster.tables import TABLES
from formats.problems import FileProblem
from formats.sniff import read_headers

ALL = {f"{file}.csv": ",".join(c.header for c in columns) for file, columns in TABLES.items()}
OLD = {
    "academicSessions.csv": "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId",
    "classes.csv": "sourcedId,status,dateLastModified,title,grade,courseSourcedId,classCode,classType,schoolSourcedId,termSourcedId",
    "courses.csv": "sourcedId,status,dateLastModified,schoolYearId,metadata.duration,title,courseCode,grade,orgSourcedId,subjects",
    "demographics.csv": "userSourcedId,status,dateLastModified,birthdate,sex,asian,white",
    "enrollments.csv": "sourcedId,classSourcedId,schoolSourcedId,userSourcedId,role,status,dateLastModified,primary",
    "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,metadata.gender,parentSourcedId",
    "users.csv": "sourcedId,status,dateLastModified,orgSourcedIds,role,username,userId,givenName,familyName,email,agents",
}


def head(name, line):
    return parse_head(f"{line}\n".encode(), name, "utf-8")


def heads(lines):
    return {name: head(name, line) for name, line in lines.items()}


def without(name, *headers):
    return ",".join(h for h in ALL[name].split(",") if h not in headers)


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_standards_own_headers_raise_nothing(name):
    parsed = head(name, ALL[name])
    assert (",".join(parsed.headers), parsed.problems, parsed.old_spellings) == (ALL[name], (), ())


@pytest.mark.parametrize("sent", ["sourcedID", "SourcedId", " sourcedId ", "Sourced Id", "\u200bsourcedId", "SOURCEDID"])
def test_other_case_or_spaces_are_accepted_with_a_warning(sent):
    parsed = head("orgs.csv", f"{sent},name")
    assert parsed.headers == ("sourcedId", "name")
    assert [(p.code, p.column, p.value, p.severity) for p in parsed.problems] == [("header-respelled", "sourcedId", sent, "warning")]


def test_unknown_headers_stay_as_sent_and_trimmed():
    parsed = head("users.csv", "sourcedId, Lunch Status ,Metadata.Race,metadata.ELL")
    assert parsed.headers == ("sourcedId", "Lunch Status", "metadata.Race", "metadata.ELL")
    assert [p.value for p in parsed.problems] == [" Lunch Status ", "Metadata.Race"]


def test_the_spellings_of_version_1_0_are_taken_without_a_warning():
    parsed = head("users.csv", OLD["users.csv"])
    assert {"userIds", "agentSourcedIds"} <= set(parsed.headers)
    assert (parsed.old_spellings, parsed.problems) == (("userId", "agents"), ())


def test_birthdate_is_the_old_spelling_and_any_other_case_is_a_warning():
    assert head("demographics.csv", "userSourcedId,birthdate").old_spellings == ("userSourcedId", "birthdate")
    parsed = head("demographics.csv", "sourcedId,BirthDate")
    assert (parsed.headers, parsed.old_spellings, len(parsed.problems)) == (("sourcedId", "birthDate"), (), 1)


def test_an_old_spelling_beside_the_new_one_is_a_column_of_its_own():
    assert head("classes.csv", "sourcedId,grade,grades").headers == ("sourcedId", "grade", "grades")


def test_orgs_is_taken_for_org_sourced_ids_where_that_is_not_there():
    assert head("users.csv", "sourcedId,orgs").headers == ("sourcedId", "orgSourcedIds")
    assert head("users.csv", "sourcedId,orgs,orgSourcedIds").headers == ("sourcedId", "orgs", "orgSourcedIds")


def test_columns_without_a_usable_name_are_left_out_by_position():
    parsed = head("orgs.csv", "sourcedId,,name,_line,")
    assert parsed.fields == ("sourcedId", "", "name", "", "")
    assert [(p.code, p.detail) for p in parsed.problems] == [("header-ignored", "2"), ("header-ignored", "4"), ("header-ignored", "5")]


def test_all_missing_headers_of_all_files_are_named_at_once():
    lines = ALL | {"users.csv": without("users.csv", "givenName", "role", "sms", "phone"), "orgs.csv": without("orgs.csv", "name")}
    problems = check_headers(heads(lines), "1.1")
    assert [(p.file, p.column) for p in problems if p.severity == "failed"] == [
        ("orgs.csv", "name"),
        ("users.csv", "role"),
        ("users.csv", "givenName"),
    ]
    assert [p for p in problems if p.severity == "warning"] == [
        FileProblem("header-optional-missing", "users.csv", 1, detail="sms, phone", severity="warning")
    ]


def test_files_of_version_1_0_may_lack_what_came_later():
    old = heads(OLD)
    assert not [p for p in check_headers(old, "1.0") if p.severity == "failed"]
    assert {p.column for p in check_headers(old, "1.1") if p.severity == "failed"} == {"enabledUser", "schoolYear"}


@pytest.mark.parametrize(
    ("files", "manifest", "version"),
    [
        pytest.param(ALL, "", "1.1", id="the headers of 1.1"),
        pytest.param(OLD, "", "1.0", id="the headers of 1.0"),
        pytest.param(OLD, "1.1", "1.1", id="the manifest counts for more"),
        pytest.param(ALL, "1.0", "1.0", id="the manifest counts for more, also downwards"),
        pytest.param(ALL | {"classes.csv": ALL["classes.csv"].replace("termSourcedIds", "termSourcedId")}, "", "1.1", id="one slip in 1.1"),
        pytest.param({"orgs.csv": ALL["orgs.csv"]}, "", "1.1", id="nothing to tell by"),
    ],
)
def test_the_version_is_what_the_manifest_or_most_headers_say(files, manifest, version):
    assert detect_version(heads(files), manifest) == version


def test_headers_are_read_without_the_rows(tmp_path):
    path = tmp_path / "delivered.csv"
    path.write_bytes(b"sourcedId;name\n" + b"1;Zo\xc3\xab\n" * HEAD_BYTES)
    parsed = read_headers(path, name="orgs.csv")
    assert (parsed.headers, parsed.delimiter, parsed.encoding) == (("sourcedId", "name"), ";", "utf-8")


@pytest.mark.parametrize(
    ("encoding", "named"), [("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("cp1252", "windows-1252")], ids=["mark", "utf-16", "1252"]
)
def test_the_encoding_is_told_by_the_beginning(tmp_path, encoding, named):
    path = tmp_path / "orgs.csv"
    path.write_bytes("sourcedId,name,metadata.größe\n1,é,ß\n".encode(encoding))
    parsed = read_headers(path)
    assert (parsed.headers, parsed.encoding) == (("sourcedId", "name", "metadata.größe"), named)
