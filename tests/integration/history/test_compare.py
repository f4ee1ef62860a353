"""Any two syncs side by side: exact numbers, and who may see them."""

import csv
import io
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from accounts.models import AuditEvent, Role
from imports.models import Sync
from imports.selectors.compare import compare_left_out
from imports.states import State
from imports.views.compare_counts import MEASURES, Pair, compare_rules, compare_schools, compare_types, measure_of
from records.attributes import SCREEN_ORDER, RecordType
from tests.integration.history.kit import body_of, deliver, get, naive_accepted, naive_left_out, students, text_of
from tests.integration.imports_ui.world import World
from tests.unit.steps.kit import District, district

COMPARE, RECORDS, DOWNLOAD = "/history/compare/", "/history/compare/records/", "/history/compare/records.csv"


def faulty(seed: int) -> District:
    """Forty students of whom some have no name, share an address, stand twice, point to nothing or are missing; their enrollments follow."""
    chance = random.Random(seed)
    files = district(users=students(40))
    rows = files["users"]
    for row in rows:
        if row["sourcedId"].startswith("N") and chance.random() < 0.15:
            row["givenName"] = ""
        if row["sourcedId"].startswith("N") and chance.random() < 0.1:
            row["email"] = "same@example.org"
        if row["sourcedId"].startswith("N") and chance.random() < 0.1:
            row["orgSourcedIds"] = "O9"
    rows += [dict(row) for row in rows if row["sourcedId"].startswith("N") and chance.random() < 0.15]
    rows += [{**row, "familyName": "Other"} for row in rows if row["sourcedId"].startswith("N") and chance.random() < 0.08]
    rows += [{**rows[0], "sourcedId": ""}]
    files["users"] = [row for row in rows if not row["sourcedId"].startswith("N") or chance.random() > 0.1]
    example = files["enrollments"][0]
    files["enrollments"] += [
        {**example, "sourcedId": f"EN{number}", "userSourcedId": f"N{number:03d}", "classSourcedId": chance.choice(["C1", "C2", "C9"])}
        for number in range(40)
    ]
    return files


@pytest.fixture
def three(importing: World) -> tuple[World, list[Sync]]:
    """Three faulty days."""
    return importing, [deliver(importing, faulty(seed)) for seed in (1, 2, 3)]


def test_three_faulty_days_are_compared_exactly(three: tuple[World, list[Sync]], data_dir: Path) -> None:
    _, syncs = three
    check_records(syncs)
    check_numbers(syncs[0], syncs[1])
    check_no_pandas(syncs[:2], data_dir)


def check_records(syncs: list[Sync]) -> None:
    """The records are those of a naive recomputation."""
    seen = 0
    for one, other in ((0, 1), (1, 2), (0, 2), (1, 0)):
        older, newer = syncs[one], syncs[other]
        found = {both.record_type: both for both in compare_left_out(older, newer)}
        for kind in RecordType:
            left = [naive_left_out(sync, kind) for sync in (older, newer)]
            accepted = [naive_accepted(sync, kind) for sync in (older, newer)]
            wanted = [left[0] - left[1], left[1] - left[0]]
            if kind not in found:
                assert not wanted[0] and not wanted[1], kind
                continue
            for side, keys, there in ((found[kind].older, wanted[0], accepted[1]), (found[kind].newer, wanted[1], accepted[0])):
                listed = side.read(0, side.total)
                assert side.total == len(listed) == len(keys)
                assert {line.key for line in listed} == keys
                assert {line.key for line in listed if line.is_accepted_there} == keys & there
                assert side.accepted_there == len(keys & there)
                assert side.absent_there == len(keys - there)
                assert all(line.outcome in {"skipped", "excluded", "duplicate", "invalid"} and line.line > 1 for line in listed)
                assert [line for at in range(side.total) for line in side.read(at, at + 1)] == listed
                seen += len(keys)
    assert seen > 30, "the days must differ for this to say anything"


def test_a_row_that_stands_twice_and_was_used_once_was_not_left_out(importing: World) -> None:
    files = district(users=students(3))
    twice = {**files, "users": [*files["users"], dict(next(row for row in files["users"] if row["sourcedId"] == "N001"))]}
    one, two = deliver(importing, twice), deliver(importing, files)
    assert one.detail.counts["student"]["duplicate"] == 1
    assert compare_left_out(one, two) == []


def test_a_sync_that_repeats_another_left_out_the_same(importing: World) -> None:
    one, two = (deliver(importing, faulty(1)) for _ in range(2))
    assert two.repeats_id == one.pk
    assert compare_left_out(one, two) == []
    assert "Both left out the same records." in text_of(importing, COMPARE, a=str(one.pk), b=str(two.pk))


def check_numbers(one: Sync, two: Sync) -> None:
    """Numbers by type, school and rule are the differences of what the syncs counted, and none is passed over."""
    shown = {type_.record_type: {line.name: line.pair for line in type_.lines} for type_ in compare_types(one, two, with_same=False)}
    every = {type_.record_type: {line.name: line.pair for line in type_.lines} for type_ in compare_types(one, two, with_same=True)}
    for kind in SCREEN_ORDER:
        for name in MEASURES:
            pair = Pair(measure_of(one.detail.counts[kind], name), measure_of(two.detail.counts[kind], name))
            assert (name in shown.get(kind, {})) == (pair.difference != 0)
            assert every.get(kind, {}).get(name, Pair(0, 0)) == pair
    assert {type_.record_type for type_ in compare_types(one, two, with_same=False)} == set(every)
    for name in MEASURES:
        schools = compare_schools(one, two, name).lines
        assert [line.size for line in schools] == sorted((line.size for line in schools), reverse=True)
        for line in schools:
            for at, (_, pair) in enumerate(line.cells):
                kind = [type_ for type_ in SCREEN_ORDER if type_ not in (RecordType.SCHOOL, RecordType.SESSION)][at]
                sides = [measure_of(sync.detail.by_school.get(line.key, {}).get(kind, {}), name) for sync in (one, two)]
                assert pair == Pair(*sides)
    rules = compare_rules(one, two)
    for line in rules:
        sides = [
            sum(found["count"] for found in sync.detail.findings
                if found["code"] == line.code and found["outcome"] == line.outcome and (not line.label or RecordType(found["record_type"]).plural == line.label))
            for sync in (one, two)
        ]  # fmt: skip
        assert line.pair == Pair(*sides)
        assert line.pair.difference
    assert [abs(line.pair.difference) for line in rules] == sorted((abs(line.pair.difference) for line in rules), reverse=True)


@pytest.mark.parametrize(("pair", "words"), [(Pair(1, 1), "same"), (Pair(3, 1_240), "1,237 more"), (Pair(9, 2), "7 fewer")])
def test_a_difference_is_told_in_words_and_sign(pair: Pair, words: str) -> None:
    assert pair.words == words


def test_the_page_says_which_is_older_whether_files_are_the_same_and_names_its_lists(importing: World) -> None:
    one, two = (deliver(importing, faulty(seed)) for seed in (1, 2))
    for query in ({"a": str(one.pk), "b": str(two.pk)}, {"a": str(two.pk), "b": str(one.pk)}):
        page = text_of(importing, COMPARE, **query)
        assert page.index(f'id="side-{one.pk}"') < page.index(f'id="side-{two.pk}"')
        assert f"Rows in #{one.pk}</th>" in page
    rows = {match[1]: match[2] for match in re.finditer(r'class="lead">(\w+\.csv)</th>\s*<td class="lead"><\w+[^>]*>([^<]+)<', page)}
    assert rows["orgs.csv"] == "the same content"
    assert rows["users.csv"] == "other content"
    assert len(rows) == 7
    links = set(re.findall(r'href="(/history/compare/records/[^"]+)"', page))
    assert links
    for link in links:
        assert reverse("imports:compare_records_csv") in importing.client().get(link.replace("&amp;", "&")).content.decode()


def test_configurations_are_compared_setting_by_setting(importing: World) -> None:
    one = deliver(importing, district())
    importing.configure({"schools": {"all_missing_as_new": True, "mapping": {}}, "delivery": {"update_threshold": 12}})
    two = deliver(importing, district())
    page = text_of(importing, COMPARE, a=str(one.pk), b=str(two.pk))
    assert "1 setting differs" in page
    assert "Hold above 12 %" in page
    assert "Both obeyed the same version" in text_of(
        importing, COMPARE, a=str(two.pk), b=str(deliver(importing, district(users=students(1))).pk)
    )


def test_lists_hold_two_hundred_and_the_download_all(importing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from imports.views import compare

    named = district(users=students(230))
    nameless = district(users=students(230, givenName="=1+1", familyName=""))
    one, two = deliver(importing, nameless), deliver(importing, named)
    query = {"a": str(two.pk), "b": str(one.pk), "record_type": "student", "only": "older"}
    page = text_of(importing, RECORDS, **query)
    assert page.count('<span class="pill o-skipped">') == 200
    assert "The first 200 of 230 are shown." in page
    monkeypatch.setattr(compare, "AT_ONCE", 7)
    response = get(importing, DOWNLOAD, **query)
    lines = list(csv.DictReader(io.StringIO(body_of(response).decode(), newline="")))
    assert {line["SIS ID"] for line in lines} == {f"N{number:03d}" for number in range(230)}
    assert {line["Name"] for line in lines} == {"'=1+1"}
    assert {(line["Rule"], line["In the other sync"]) for line in lines} == {("required-attribute-missing", "accepted")}
    assert f"student-left-out-of-sync-{one.pk}-not-of-{two.pk}.csv" in response["Content-Disposition"]
    event = AuditEvent.objects.of(importing.district).get(action="sync.rows_downloaded")
    assert (event.detail["rows"], event.detail["compared_with"]) == (230, two.pk)
    empty = text_of(importing, RECORDS, **{**query, "only": "newer"})
    assert "Every record that it left out was left out by the other sync, too." in empty


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED, State.NEEDS_SCHOOL_MAPPING, State.QUEUED])
def test_a_sync_without_numbers_is_compared_as_far_as_it_goes(world: World, state: State) -> None:
    one, two = world.sync(State.COMPLETED), world.sync(state, with_result=False)
    page = text_of(world, COMPARE, a=str(one.pk), b=str(two.pk))
    assert "has no numbers" in page
    assert 'id="numbers"' not in page
    assert "Findings by rule" in page


def test_ticks_lead_to_the_two(world: World) -> None:
    one, two, three = (world.sync(State.COMPLETED) for _ in range(3))
    client = world.client()
    assert client.get(f"{COMPARE}?sync={two.pk}&sync={one.pk}")["Location"] == f"{COMPARE}?a={one.pk}&b={two.pk}"
    for query, words in (
        (f"?sync={one.pk}", "1 was ticked"), (f"?sync={one.pk}&sync={two.pk}&sync={three.pk}", "3 were ticked"), ("?sync=x", "none was ticked"),
        (f"?sync={one.pk}&sync={one.pk}", "1 was ticked"),
    ):  # fmt: skip
        response = client.get(COMPARE + query)
        assert response.status_code == 200
        assert words in response.content.decode()


def test_without_numbers_the_page_offers_the_newest(world: World) -> None:
    assert "There are not two syncs yet" in text_of(world, COMPARE)
    syncs = [world.sync(State.COMPLETED) for _ in range(3)]
    page = text_of(world, COMPARE)
    assert re.findall(r'<option value="(\d+)" selected', page) == [str(syncs[1].pk), str(syncs[2].pk)]


@pytest.mark.parametrize(
    "query", ["?a=1", "?a=1&b=1", "?a=x&b=y", "?a=-1&b=2", "?a=%00&b=1", "?a=1&b=99999999999999999999999", "?a=١&b=2", "?b=3"]
)
def test_what_names_no_two_syncs_asks_again(world: World, query: str) -> None:
    world.sync(State.COMPLETED)
    response = world.client().get(COMPARE + query)
    assert response.status_code == 200
    assert "Choose two different syncs." in response.content.decode()
    assert world.client().get(RECORDS + query + "&record_type=student&only=older").status_code == 404


@pytest.mark.parametrize(
    "more", ["", "&record_type=student", "&record_type=teacher&only=both", "&record_type=../x&only=older", "&record_type=%00&only=newer"]
)
def test_lists_that_there_are_not_do_not_exist(world: World, more: str) -> None:
    one, two = world.sync(State.COMPLETED), world.sync(State.COMPLETED)
    for address in (RECORDS, DOWNLOAD):
        assert world.client().get(f"{address}?a={one.pk}&b={two.pk}{more}").status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_a_sync_of_another_district_or_a_simulation_cannot_be_compared(world: World, role: Role) -> None:
    theirs, mine = World("south").sync(State.COMPLETED), world.sync(State.COMPLETED)
    simulated = world.sync(State.SIMULATED, is_simulation=True)
    client = world.client(role)
    for other in (theirs, simulated):
        for one, two in ((mine, other), (other, mine)):
            for address in (COMPARE, RECORDS, DOWNLOAD):
                assert client.get(f"{address}?a={one.pk}&b={two.pk}&record_type=student&only=older").status_code == 404
    assert f"#{theirs.pk} " not in client.get(COMPARE).content.decode()
    assert client.get(f"{COMPARE}?sync={mine.pk}&sync={theirs.pk}", follow=True).status_code == 404


def check_no_pandas(syncs: list[Sync], data_dir: Path) -> None:
    """Neither comparing nor processing loads pandas into a web process."""
    folders = [str(data_dir / "files" / sync.artifacts) for sync in syncs]
    code = f"""
import django; django.setup()
import sys
from pathlib import Path
import imports.selectors.history, imports.services.processed_file
from imports.selectors import compare, processed, reasons, findings
from records.attributes import RecordType
from types import SimpleNamespace
syncs = [SimpleNamespace(artifacts=folder, district_id=1, repeats_id=None, detail=SimpleNamespace(files=[], counts={{"student": {{"skipped": 1}}, "enrollment": {{"excluded": 1}}}}))
         for folder in {folders!r}]
for module in (compare, processed, findings):
    module.local_artifact = lambda prefix, name: path if (path := Path(prefix) / name).exists() else None
found = compare.compare_left_out(*syncs)
assert found and found[0].newer.read(0, 5)
processed._later, processed._live = (lambda sync: {{}}), (lambda *_: {{}})
assert len("".join(processed.stream_processed(syncs[1], RecordType.STUDENT))) > 1000
assert "pandas" not in sys.modules, "pandas was loaded"
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, cwd=Path(__file__).parents[3], check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
