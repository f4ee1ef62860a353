from pathlib import Path

import pytest

from formats.fileset import check_complete, choose_files
from formats.oneroster.tables import FILE_NAMES, MANIFEST
from formats.package_kind import identify_package
from formats.problems import Refused


def paths(*names):
    return [Path("/landing") / name for name in names]


def refused(*names):
    with pytest.raises(Refused) as refusal:
        choose_files(paths(*names))
    return refusal.value.problems[0].code


def test_loose_files_are_taken_by_name_in_the_order_of_the_standard():
    chosen = choose_files(paths(MANIFEST, *reversed(FILE_NAMES)))
    assert tuple(chosen.files) == FILE_NAMES
    assert (chosen.archive, chosen.manifest, chosen.missing, chosen.ignored, chosen.problems) == (
        None,
        Path("/landing/manifest.csv"),
        (),
        (),
        (),
    )


def test_other_case_of_a_name_is_a_warning():
    chosen = choose_files(paths("Users.CSV"))
    assert chosen.files == {"users.csv": Path("/landing/Users.CSV")}
    assert [(p.code, p.value, p.detail) for p in chosen.problems] == [("file-respelled", "Users.CSV", "users.csv")]


def test_unknown_files_are_named_and_dot_files_passed_over():
    chosen = choose_files(paths("users.csv", "results.csv", ".DS_Store"))
    assert (chosen.ignored, [(p.code, p.file) for p in chosen.problems]) == (
        (Path("/landing/results.csv"),),
        [("file-ignored", "results.csv")],
    )


def test_a_zip_comes_before_loose_files_and_they_are_named():
    chosen = choose_files(paths("users.csv", "OneRoster.zip", "orgs.csv"))
    assert (chosen.archive, dict(chosen.files)) == (Path("/landing/OneRoster.zip"), {})
    assert [(p.code, p.file, p.detail) for p in chosen.problems] == [
        ("file-beside-zip", "users.csv", "OneRoster.zip"),
        ("file-beside-zip", "orgs.csv", "OneRoster.zip"),
    ]


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["export.ZIP"], "export.ZIP"),
        (["a.zip", "OneRoster.zip"], "OneRoster.zip"),
        (["oneroster.zip", "a.zip"], "oneroster.zip"),
        (["oneroster.zip", "OneRoster.zip"], "OneRoster.zip"),
    ],
)
def test_of_several_zips_the_one_named_one_roster_counts(names, taken):
    archive = choose_files(paths(*names)).archive
    assert archive is not None
    assert archive.name == taken


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["a.zip", "b.zip"], "several-zips"),
        (["users.csv", "USERS.csv"], "file-twice"),
        (["students.csv", "sections.csv", "enrollments.csv"], "package-not-supported"),
        (["users.csv", "orgs.csv", "roles.csv"], "package-not-supported"),
    ],
)
def test_what_cannot_be_decided_is_refused(names, code):
    assert refused(*names) == code


def test_every_missing_file_is_named():
    chosen = choose_files(paths("users.csv", "orgs.csv"))
    problems = check_complete(chosen)
    assert [(p.code, p.file, p.severity) for p in problems] == [("file-missing", name, "refused") for name in chosen.missing]
    assert len(problems) == 5


def test_the_manifest_is_asked_for_only_where_it_is_required():
    chosen = choose_files(paths(*FILE_NAMES))
    assert check_complete(chosen) == []
    assert [p.file for p in check_complete(chosen, (*FILE_NAMES, MANIFEST))] == [MANIFEST]


def test_a_subset_will_do_where_nothing_is_required_but_not_nothing():
    assert check_complete(choose_files(paths("users.csv")), ()) == []
    assert [p.code for p in check_complete(choose_files(paths(MANIFEST)), ())] == ["no-roster-files"]
    assert [p.code for p in check_complete(choose_files([]), ())] == ["no-roster-files"]


@pytest.mark.parametrize("names", [FILE_NAMES, ("users.csv", "students.csv"), ("enrollments.csv",), ("readme.txt",), ()])
def test_names_that_fit_one_roster_or_nothing_known_are_no_other_package(names):
    assert identify_package(names) is None
