"""Schools Mapping as a page: which schools there are, what changing a mapping does, and that it does so."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Role
from imports.models import ConfigDraft, ImportApp, SchoolList, Sync
from imports.services.map_schools import save_school_mapping
from imports.services.read_orgs import MAX_SAID, MOST_SCHOOLS
from imports.services.school_list import remember_schools
from imports.states import State
from imports.steps.named_schools import NamedSchools, SourceSchool
from imports.views.wizard.schools_rows import place_of
from imports.views.wizard.steps import steps_of
from mapping.steps.auto_map import SchoolChoice
from roster.models import Organization, School, Student
from tests.integration.imports_ui.files import first_delivery, user
from tests.integration.imports_ui.world import World

STEP = "/apps/csv_upload/configure/schools/"
ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"
D, S1, S2 = "D,,,Tiny District,district,,", "S1,,,North High,school,101,D", "S2,,,South Elementary,school,102,D"
OF_S2 = [
    "t2,,,true,S2,teacher,t2,,Sol,Vega,,,t2@example.org,,,,,",
    *(user(f"s2-{n}", "student", "Kid", f"No {n}").replace(",S1,", ",S2,") for n in (1, 2)),
]


def orgs(*lines: str) -> str:
    return "\n".join([ORGS, *lines]) + "\n"


def delivery(*lines: str) -> dict[str, str]:
    """The tiny district with people at both schools, under these organizations."""
    files = first_delivery()
    return {**files, "orgs.csv": orgs(*(lines or (D, S1, S2))), "users.csv": files["users.csv"] + "\n".join(OF_S2) + "\n"}


@pytest.fixture
def settled(world: World, data_dir: Path, tmp_path: Path) -> World:
    """Both schools mapped as new and imported; nothing comes by itself."""
    world.configure({"schools": {"all_missing_as_new": False, "mapping": {"S1": "S1", "S2": "S2"}}})
    assert run(world, delivery(), tmp_path).state == State.COMPLETED_WITH_ISSUES
    return world


@pytest.fixture
def listed(world: World, data_dir: Path) -> World:
    """Both schools mapped and named by an orgs.csv, but nothing imported."""
    world.configure({"schools": {"all_missing_as_new": False, "mapping": {"S1": "S1", "S2": "S2"}}})
    upload(world.client(), orgs(D, S1, S2))
    return world


def shown(response: HttpResponse, identity: str) -> str:
    """The words of the element with that id."""
    found = re.search(rf'id="{identity}"[^>]*>(.*?)</(?:span|div|p|td)>(?=\s*(?:<|$))', response.content.decode(), re.DOTALL)
    assert found, identity
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def form(client: Client, **changes: str) -> dict[str, Any]:
    """The form as the page shows it, with changes; `map__S1` stands for map:S1."""
    page = client.get(STEP).content.decode()
    data: dict[str, Any] = {"school": re.findall(r'name="school" value="([^"]*)"', page), "show": "", "q": ""}
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    assert seen
    data["seen"] = seen[1]
    if re.search(r'name="all_missing_as_new" checked', page):
        data["all_missing_as_new"] = "on"
    for name, inside in re.findall(r'<select[^>]*name="(map:[^"]*)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inside)
        data[name] = chosen[1] if chosen else ""
    data |= dict(re.findall(r'name="(name:[^"]*)" value="([^"]*)"', page))
    data |= {key.replace("__", ":"): value for key, value in changes.items()}
    return {key: value for key, value in data.items() if value is not None}


def post(client: Client, **changes: Any) -> HttpResponse:
    return client.post(STEP, form(client, **changes))


def counts(client: Client, **changes: Any) -> HttpResponse:
    response = client.post(f"{STEP}counts/", form(client, **changes))
    assert response.status_code == 200
    return response


def says(response: HttpResponse, source_id: str) -> str:
    found = re.search(rf'id="says-{place_of(source_id)}"[^>]*>(.*?)</div>\s*(?=<|$)', response.content.decode(), re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def part(world: World) -> dict[str, Any]:
    """What the configuration in force says of schools."""
    world.app.refresh_from_db()
    assert world.app.config
    schools: dict[str, Any] = world.app.config.document["schools"]
    return schools


def run(world: World, files: dict[str, str], folder: Path) -> Sync:
    """A real sync under the configuration that is in force now."""
    world.app.refresh_from_db()
    return world.import_files(files, folder)


def accepted(sync: Sync, kind: str) -> str:
    """The rows of a type that the report of a sync calls accepted."""
    return str(sum(sync.detail.counts[kind][name] for name in ("created", "updated", "unchanged")))


def at_school(world: World, key: str) -> set[str]:
    return set(Student.objects.of(world.district).filter(deleted_at=None, primary_school=key).values_list("key", flat=True))


def upload(client: Client, text: str | bytes, name: str = "orgs.csv") -> HttpResponse:
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(f"{STEP}orgs/", {"file": SimpleUploadedFile(name, content)})


# --- where the step is ------------------------------------------------------------------------------------------------


def test_csv_upload_has_the_step_once_it_is_set_up_and_sftp_from_the_start(world: World) -> None:
    assert "schools" not in [step.slug for step in steps_of(world.app)]
    assert world.client().get(STEP).status_code == 404
    world.configure({})
    assert [step.slug for step in steps_of(world.app)][:2] == ["delivery", "schools"]
    assert "schools" in [step.slug for step in steps_of(ImportApp(kind="sftp", configured_at=None))]
    assert world.client().get(STEP).status_code == 200


def test_viewers_may_not_open_it_nor_send_orgs(listed: World) -> None:
    viewer = listed.client(Role.VIEWER)
    assert viewer.get(STEP).status_code == 403
    assert upload(viewer, orgs(D, S1)).status_code == 403


# --- which schools there are ------------------------------------------------------------------------------------------


def test_every_sync_writes_down_the_schools_it_read_also_one_that_waits_for_them(world: World, data_dir: Path, tmp_path: Path) -> None:
    sync = run(world, delivery(), tmp_path)
    assert sync.state == State.NEEDS_SCHOOL_MAPPING
    known = SchoolList.objects.of(world.district).get()
    assert known.sync_id == sync.pk
    assert known.schools == [
        {"source_id": "S1", "name": "North High", "identifier": "101"},
        {"source_id": "S2", "name": "South Elementary", "identifier": "102"},
    ]


def test_a_simulation_leaves_the_list_alone(settled: World, tmp_path: Path) -> None:
    sync = Sync.objects.of(settled.district).get()
    sync.is_simulation = True
    remember_schools(sync=sync, named=NamedSchools(()))
    assert len(SchoolList.objects.of(settled.district).get().schools) == 2


def test_a_delta_changes_the_list_and_a_sync_without_orgs_leaves_it(settled: World) -> None:
    sync = Sync.objects.of(settled.district).get()
    north, west = SourceSchool("S1", "North Hill", "101"), SourceSchool("S3", "West Middle")
    remember_schools(sync=sync, named=NamedSchools((north, west), is_whole=False, gone=frozenset({"S2"})))
    remember_schools(sync=sync, named=None)
    assert [(one["source_id"], one["name"]) for one in SchoolList.objects.of(settled.district).get().schools] == [
        ("S1", "North Hill"),
        ("S3", "West Middle"),
    ]


def test_filters_count_existing_missing_and_schools_with_missing_data(settled: World, tmp_path: Path) -> None:
    run(settled, delivery(D, S1, "S3,,,West Middle,school,103,D", "S4,inactive,,Old Mill,school,104,D"), tmp_path)
    page = settled.client().get(STEP)
    assert [shown(page, f"number-{name}") for name in ("all", "existing", "missing", "gone")] == ["3", "1", "1", "1"]
    assert "2 schools in the files: 1 mapped, 1 not mapped. 1 mapped school is not in the files any more." in page.content.decode()
    missing = settled.client().get(f"{STEP}?show=missing").content.decode()
    assert re.findall(r'data-group="(\w+)"[^>]*?( hidden)?>', missing) == [("existing", " hidden"), ("gone", " hidden"), ("missing", "")]
    found = settled.client().get(f"{STEP}?q=103").content.decode()
    assert found.count('data-words="') - len(re.findall(r'data-words="[^"]*" hidden', found)) == 1


def test_a_portal_that_never_kept_a_list_shows_its_live_schools(settled: World) -> None:
    SchoolList.objects.of(settled.district).delete()
    assert shown(settled.client().get(STEP), "number-existing") == "2"


# --- the scenarios of the reference -----------------------------------------------------------------------------------


def test_first_mapping_names_the_new_schools_and_nothing_exists_before_the_sync(world: World, data_dir: Path, tmp_path: Path) -> None:
    world.configure({})
    client = world.client()
    upload(client, orgs(D, S1, S2))
    assert post(client, map__S1="new", name__S1="Northern High School", map__S2="new", go="finish").status_code == 302
    assert part(world) == {"all_missing_as_new": False, "mapping": {"S1": "S1", "S2": "S2"}, "new_names": {"S1": "Northern High School"}}
    assert not Organization.objects.of(world.district).exists()
    assert run(world, delivery(), tmp_path).state == State.COMPLETED_WITH_ISSUES  # nothing is asked
    names = dict(Organization.objects.of(world.district).filter(kind="school").values_list("key", "name"))
    assert names == {"S1": "Northern High School", "S2": "South Elementary"}


def test_the_name_of_a_new_school_outlives_the_window_of_a_waiting_sync(world: World, data_dir: Path, tmp_path: Path) -> None:
    world.configure({"schools": {"all_missing_as_new": False, "mapping": {"S1": "S1"}, "new_names": {"S1": "Northern"}}})
    sync = run(world, delivery(), tmp_path)
    assert sync.state == State.NEEDS_SCHOOL_MAPPING
    assert "A sync waits for its schools to be mapped" in world.client().get(STEP).content.decode()
    save_school_mapping(sync=sync, by=world.owner, choices={"S2": SchoolChoice(new_name="Southern")}, all_missing_as_new=False, wake=False)
    assert part(world)["new_names"] == {"S1": "Northern"}


def test_a_new_school_in_the_source_is_missing_and_comes_in_once_it_is_mapped(settled: World, tmp_path: Path) -> None:
    files = delivery(D, S1, S2, "S3,,,West Middle,school,103,D")
    files["users.csv"] += user("w1", "student", "Wil", "West").replace(",S1,", ",S3,") + "\n"
    sync = run(settled, files, tmp_path)
    client = settled.client()
    left_out = counts(client)
    unmapped = {one["source_id"]: one["rows"] for one in sync.detail.unmapped}
    assert shown(left_out, f"rows-{place_of('S3')}") == f"{unmapped['S3']} person in the last delivery" == "1 person in the last delivery"
    assert shown(left_out, "accepted-student") == accepted(sync, "student")
    drafted = counts(client, map__S3="new", name__S3="Westside")
    assert says(drafted, "S3") == "The next sync creates the school Westside and takes its rows."
    assert "let in 1 school and with them 1 student more than now" in drafted.content.decode()
    assert post(client, go="finish").status_code == 302
    done = run(settled, files, tmp_path)
    assert shown(drafted, "accepted-student") == accepted(done, "student")
    assert Organization.objects.of(settled.district).get(key="S3").name == "Westside"
    assert at_school(settled, "S3") == {"w1"}


def test_a_school_renamed_in_the_source_is_shown_and_its_new_name_taken(settled: World) -> None:
    client = settled.client(Role.EDITOR)
    upload(client, orgs(D, S1.replace("North High", "North Academy"), S2))
    page = client.get(STEP).content.decode()
    assert "Renamed in the files: North High is now North Academy." in page
    school = Organization.objects.of(settled.district).get(key="S1")
    assert reverse("organization", args=[school.pk]) in page
    post(client, do="take-name:S1")
    school.refresh_from_db()
    assert school.name == "North Academy"
    event = AuditEvent.objects.of(settled.district).filter(action="organization.changed").get()
    assert event.detail == {"fields": "name", "before": "North High", "after": "North Academy"}
    assert "Renamed in the files" not in client.get(STEP).content.decode()


def test_a_school_renamed_by_a_sync_keeps_its_name_in_the_portal_until_it_is_taken(settled: World, tmp_path: Path) -> None:
    run(settled, delivery(D, S1.replace("North High", "North Academy"), S2), tmp_path)
    assert Organization.objects.of(settled.district).get(key="S1").name == "North High"
    assert "The files call it North Academy." in settled.client().get(STEP).content.decode()


@pytest.mark.parametrize("line", ["S2,inactive,,South Elementary,school,102,D", "S2,tobedeleted,,South Elementary,school,102,D", None])
def test_a_school_deactivated_or_gone_in_the_source_lacks_data_and_its_mapping_can_be_deleted(
    settled: World, tmp_path: Path, line: str | None
) -> None:
    client = settled.client()
    upload(client, orgs(D, S1, *([line] if line else [])))
    assert shown(client.get(STEP), "number-gone") == "1"
    assert post(client, do="delete:S2").status_code == 302
    assert says(counts(client), "S2").endswith(
        "The mapping is deleted. No record changes by that; if the school is in the files again, it is not mapped."
    )
    post(client, go="finish")
    assert part(settled)["mapping"] == {"S1": "S1"}


def test_a_school_taken_out_of_the_sync_leaves_its_records_as_they_are(settled: World, tmp_path: Path) -> None:
    client = settled.client()
    drafted = counts(client, map__S2="")
    assert "Rows of South Elementary are left out from the next sync on: 2 students, 1 teacher stay in the portal as they are" in says(
        drafted, "S2"
    )
    before = at_school(settled, "S2")
    post(client, go="finish")
    changed = delivery()
    changed["users.csv"] = changed["users.csv"].replace("Kid,No 1", "Kid,Renamed")
    sync = run(settled, changed, tmp_path)
    for kind in ("student", "teacher", "school"):
        assert shown(drafted, f"accepted-{kind}") == accepted(sync, kind)
    assert at_school(settled, "S2") == before
    assert Student.objects.of(settled.district).get(key="s2-1").last_name == "No 1"


def test_a_change_of_the_source_system_is_recognised_and_auto_mapping_finds_the_schools_again(settled: World, tmp_path: Path) -> None:
    client = settled.client()
    upload(client, orgs("D9,,,Tiny District,district,,", "X-1,,,North H.S.,school,,D9", "X-2,,,Southern Campus,school,102,D9"))
    page = client.get(STEP).content.decode()
    assert "None of the 2 mapped schools is in the files any more, and 2 new ones are: did the source system change?" in page
    assert post(client, do="auto").status_code == 302
    draft = ConfigDraft.objects.of(settled.district).get().document["schools"]
    assert draft == {"all_missing_as_new": True, "mapping": {"S1": "S1", "S2": "S2", "X-1": "S1", "X-2": "S2"}}
    page = client.get(STEP)
    assert "did the source system change" not in page.content.decode()
    assert "The files call it North H.S. <" in page.content.decode()
    assert says(page, "X-1").endswith("Its rows come to North High with the next sync.")
    post(client, do="delete-gone")
    post(client, go="finish")
    assert part(settled)["mapping"] == {"X-1": "S1", "X-2": "S2"}
    before = at_school(settled, "S1") | at_school(settled, "S2")
    files = {name: re.sub(r"\bS([12])\b", r"X-\1", text) for name, text in delivery().items()}
    assert run(settled, files, tmp_path).state == State.COMPLETED_WITH_ISSUES
    assert at_school(settled, "S1") | at_school(settled, "S2") == before  # the same schools of the portal, and no new ones
    assert set(Organization.objects.of(settled.district).filter(kind="school").values_list("key", flat=True)) == {"S1", "S2"}


def test_people_of_a_school_taken_out_go_on_at_another_school_that_the_files_name(settled: World, tmp_path: Path) -> None:
    files = delivery()
    files["users.csv"] += user("both", "student", "Two", "Schools").replace(",S1,", ',"S2,S1",') + "\n"
    run(settled, files, tmp_path)
    client = settled.client()
    assert at_school(settled, "S2") == {"s2-1", "s2-2", "both"}
    drafted = counts(client, map__S2="")
    assert "except people for whom the files name another mapped school or office too." in says(drafted, "S2")
    post(client, go="finish")
    sync = run(settled, files, tmp_path)
    assert shown(drafted, "accepted-student") == accepted(sync, "student")
    assert at_school(settled, "S2") == {"s2-1", "s2-2"}
    assert "both" in at_school(settled, "S1")


def test_an_office_that_becomes_a_school_is_one_after_the_sync(settled: World, tmp_path: Path) -> None:
    run(settled, delivery(D, S1, S2, "S3,,,West,department,103,D"), tmp_path)
    assert Organization.objects.of(settled.district).get(key="S3").kind == Organization.Kind.OFFICE
    client = settled.client()
    upload(client, orgs(D, S1, S2, "S3,,,West,school,103,D"))
    drafted = counts(client, map__S3="new", name__S3="Westside")
    assert says(drafted, "S3") == "The next sync creates the school Westside and takes its rows."
    post(client, go="finish")
    run(settled, delivery(D, S1, S2, "S3,,,West,school,103,D"), tmp_path)
    school = Organization.objects.of(settled.district).get(key="S3")
    assert (school.kind, school.name) == (Organization.Kind.SCHOOL, "Westside")
    assert says(counts(client), "S3") == "no records"


def test_several_schools_merged_into_one(settled: World, tmp_path: Path) -> None:
    client = settled.client()
    drafted = counts(client, map__S2="S1")
    assert "2 students, 1 teacher move from South Elementary to North High with the next sync." in says(drafted, "S2")
    assert "South Elementary stays in the portal without records." in says(drafted, "S2")
    for source_id in ("S1", "S2"):
        assert "Merged: North High gets the rows of 2 schools: North High and South Elementary." in says(drafted, source_id)
    post(client, go="finish")
    sync = run(settled, delivery(), tmp_path)
    assert shown(drafted, "accepted-student") == accepted(sync, "student")
    assert at_school(settled, "S2") == set()
    assert {"s2-1", "s2-2"} <= at_school(settled, "S1")


def test_schools_merged_into_one_that_is_still_to_be_created(world: World, data_dir: Path, tmp_path: Path) -> None:
    world.configure({})
    client = world.client()
    upload(client, orgs(D, S2, S1))
    post(client, map__S1="new")
    assert '<option value="S1">North High</option>' in client.get(STEP).content.decode()
    post(client, map__S2="S1", go="finish")
    files = delivery()
    files["orgs.csv"] = orgs(D, S2, S1)
    run(world, files, tmp_path)
    assert list(Organization.objects.of(world.district).filter(kind="school").values_list("key", "name")) == [("S1", "North High")]


# --- All Missing Schools as New ---------------------------------------------------------------------------------------


def test_switching_it_off_keeps_the_schools_that_came_by_themselves(imported: tuple[World, Sync, Sync]) -> None:
    world = imported[0]
    client = world.client()
    entered = form(client)
    assert entered["map:S1"] == "S1"
    del entered["all_missing_as_new"]
    client.post(STEP, {**entered, "go": "stay"})
    assert ConfigDraft.objects.of(world.district).get().document["schools"] == {
        "all_missing_as_new": False,
        "mapping": {"S1": "S1", "S2": "S2"},
    }
    post(client, all_missing_as_new="on", go="finish")
    assert part(world) == {"all_missing_as_new": True, "mapping": {}}  # on again: only what changed is written


def test_a_page_that_is_only_looked_at_changes_nothing(imported: tuple[World, Sync, Sync]) -> None:
    world = imported[0]
    counts(world.client())
    assert "Nothing is changed" in world.client().get(STEP).content.decode()


def test_a_new_school_while_it_is_on_is_missing_and_would_come_by_itself(imported: tuple[World, Sync, Sync]) -> None:
    client = imported[0].client()
    upload(client, orgs(D, S1, S2, "S3,,,West Middle,school,103,D"))
    page = client.get(STEP)
    assert shown(page, "number-missing") == "1"
    assert "becomes a new school by itself" in page.content.decode()


# --- bad input --------------------------------------------------------------------------------------------------------


def test_a_new_school_without_a_name_is_refused_at_its_field(listed: World) -> None:
    client = listed.client()
    upload(client, orgs(D, S1, S2, "S 3,,,West Middle,school,103,D"))
    entered = form(client)
    response = client.post(STEP, {**entered, "map:S 3": "new", "name:S 3": "  ", "go": "finish"})
    assert response.status_code == 422
    assert response.content.decode().count("Give the new school a name.") == 2  # above, and at the field
    assert client.post(STEP, {**entered, "map:S 3": "new", "name:S 3": "x" * 256, "go": "finish"}).status_code == 422
    assert part(listed)["mapping"] == {"S1": "S1", "S2": "S2"}


def test_a_school_of_the_portal_that_does_not_exist_is_not_taken(settled: World) -> None:
    client = settled.client()
    other = World("south").school("SECRET", "South High")
    response = post(client, map__S2=other.key, go="finish")
    page = response.content.decode()
    assert response.status_code == 422
    assert "The school chosen for South Elementary does not exist in the portal any more." in page
    assert "This school does not exist any more. Choose another one." in page
    assert ConfigDraft.objects.of(settled.district).get().document["schools"]["mapping"]["S2"] == "S2"


def test_a_mapping_to_a_deleted_school_is_marked(settled: World) -> None:
    Organization.objects.create(district=settled.district, key="P-7", name="Pine", kind="school")
    settled.configure({"schools": {"all_missing_as_new": False, "mapping": {"S1": "S1", "S2": "P-7"}}})
    Organization.objects.of(settled.district).filter(key="P-7").delete()
    page = settled.client().get(STEP).content.decode()
    assert "The portal has no school P-7. Choose another one, or create a new school." in page
    assert post(settled.client(), go="finish").status_code == 302  # it stays as it is and stands in nobody's way


# --- orgs.csv alone ---------------------------------------------------------------------------------------------------


def test_orgs_alone_fills_the_list_and_imports_nothing(settled: World) -> None:
    before = (Sync.objects.of(settled.district).count(), School.objects.of(settled.district).count())
    client = settled.client(Role.EDITOR)
    response = client.post(
        f"{STEP}orgs/",
        {"file": SimpleUploadedFile("orgs.csv", orgs(D, S1.replace("High", "Hill"), "S3,,,New,school,,D").encode())},
        follow=True,
    )
    assert (
        "orgs.csv names 2 active schools: 1 new, 1 with another name, 1 not in it any more. Nothing was imported."
        in response.content.decode()
    )
    known = SchoolList.objects.of(settled.district).get()
    assert (known.sync_id, known.uploaded_by) == (None, settled.member(Role.EDITOR))
    assert (Sync.objects.of(settled.district).count(), School.objects.of(settled.district).count()) == before
    event = AuditEvent.objects.of(settled.district).filter(action="schools.uploaded").get()
    assert event.detail == {"schools": 2, "new": 1, "renamed": 1, "gone": 1}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("orgs.csv", "sourcedId,status,title,type\nS1,,A,school\n", "orgs.csv has no column name"),
        ("orgs.csv", "nothing,of,this\n1,2,3\n", "is not a header row"),
        ("OneRoster.zip", b"PK\x03\x04rest", "OneRoster.zip is a zip. Here only orgs.csv is taken."),
        ("orgs.csv", b"PK\x03\x04rest", "is not a CSV text file"),
        ("users.csv", "sourcedId\n", "This is users.csv, which names no schools."),
        ("orgs.csv", f"{ORGS}\n{S1}\nS9,,,too,few\n", "Line 3 of orgs.csv has too few values"),
        ("orgs.csv", f"{ORGS}\n{S1}\n,,,Nameless,school,,\n", "Line 3: The school has no SIS ID"),
        ("orgs.csv", f"{ORGS}\n{S1}\nS9,,,Odd,academy,,\n", "Line 3: The organization"),
        ("orgs.csv", f"{ORGS}\n{D}\n", "This orgs.csv names no active school."),
        ("orgs.csv", "", "names no active school"),
        ("orgs.csv", f"{ORGS}\n" + "S9,,,a\n" * (MAX_SAID + 5), "And 5 more rows that cannot be read."),
    ],
)  # fmt: skip
def test_anything_else_is_refused_and_the_list_stays(listed: World, name: str, content: str | bytes, sentence: str) -> None:
    before = SchoolList.objects.of(listed.district).get().schools
    response = upload(listed.client(), content, name)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert SchoolList.objects.of(listed.district).get().schools == before


def test_more_schools_than_the_page_can_send_back_are_refused(listed: World) -> None:
    response = upload(listed.client(), orgs(D, *(f"S{number},,,School,school,,D" for number in range(MOST_SCHOOLS + 1))))
    assert response.status_code == 422
    assert "names 5,001 active schools, more than the 5,000 that can be mapped here." in response.content.decode()
    assert len(SchoolList.objects.of(listed.district).get().schools) == 2


def test_no_file_and_too_large_a_one_are_refused(listed: World) -> None:
    client = listed.client()
    assert "No file was chosen." in client.post(f"{STEP}orgs/").content.decode()
    assert client.post(f"{STEP}orgs/", CONTENT_LENGTH=str(100 << 20)).status_code == 413


# --- a large district -------------------------------------------------------------------------------------------------


def test_with_five_hundred_schools_the_page_is_small_and_lists_are_filled_when_opened(world: World) -> None:
    world.configure({})
    keys = [f"S-{number:03d}" for number in range(500)]
    Organization.unscoped.bulk_create(Organization(district=world.district, key=key, name=f"School {key}", kind="school") for key in keys)
    upload(world.client(), orgs(D, *(f"{key},,,School {key},school,,D" for key in keys)))
    post(world.client(), do="auto")
    page = world.client().get(STEP).content
    assert len(page) < 1_500_000
    assert page.count(b'data-fills="school-options"') == 500
    assert b"data-fills" not in world.client().get(f"{STEP}?q=S-01").content.split(b'id="school-rows"')[1].split(b" hidden>")[0]
    post(world.client(), go="finish", all_missing_as_new=None, **{"map__S-004": ""})
    assert part(world)["mapping"] == {key: key for key in keys if key != "S-004"}
