"""Every rule has a sample that fails under it: the row ends as the rule says, is named by file and line, and the sentence can be said."""

import string
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dataquality.steps.filters import Condition, FilterRule
from imports.config import ImportConfig
from imports.context import OtherApp
from imports.sentences import say
from imports.steps.part import HeldBack
from mapping.steps.master_fields import MasterField
from records.attributes import RecordType
from records.outcomes import Fate
from records.rules import RULES
from records.text import TEXT
from tests.unit.steps.kit import District, MemoryLive, Ran, Raw, district, mapped, person, run

pytestmark = pytest.mark.no_database
ROLLBACK = {"rolled-back", "changed-since"}  # of syncs that are made of another one; see test_undo
RELAXED = {kind: {} for kind in RecordType}


@dataclass
class Sample:
    """A district in which one row of `file` (0: none) falls under the rule; with `before` it is the second import."""

    files: District
    file: str = ""
    config: ImportConfig = field(default_factory=lambda: ImportConfig(all_missing_as_new=True))
    before: District | None = None
    modes: dict[str, str] = field(default_factory=dict)
    others: tuple[OtherApp, ...] = ()
    held_back: HeldBack = HeldBack()
    keeps_all: bool = False


def config(**values: Any) -> ImportConfig:
    return ImportConfig(**{"all_missing_as_new": True, **values})


def with_line(file: str, line: str) -> District:
    files = district()
    return {**files, file: [*files[file], Raw(line)]}


def twice(file: str, key: str, **changes: str) -> District:
    files = district()
    row = next(row for row in files[file] if row["sourcedId"] == key)
    return {**files, file: [*files[file], {**row, **changes}]}


SAMPLES: dict[str, Sample] = {
    "row-nul": Sample(with_line("courses", "K9,\0,,,,,,,,"), "courses.csv"),
    "row-unclosed-quote": Sample(with_line("courses", 'K9,"never closed,,,'), "courses.csv"),
    "row-too-few-fields": Sample(with_line("courses", "K9,active"), "courses.csv"),
    "row-too-many-fields": Sample(with_line("courses", "K9" + "," * 40), "courses.csv"),
    "row-field-too-long": Sample(with_line("courses", "K9,,," + "x" * 70_000 + ",,,,,,"), "courses.csv"),
    "key-missing": Sample(district(classes={"": {}}), "classes.csv"),
    "key-impossible": Sample(district(classes={"C" * 256: {}}), "classes.csv"),
    "key-repeated": Sample(twice("users", "S1"), "users.csv"),
    "key-repeated-differs": Sample(twice("users", "S1", givenName="Other"), "users.csv"),
    "enum-impossible": Sample(district(classes={"C1": {"classType": "club"}}), "classes.csv"),
    "role-missing": Sample(district(enrollments={"E1": {"role": ""}}), "enrollments.csv"),
    "value-unreadable": Sample(district(enrollments={"E1": {"beginDate": "soon"}}), "enrollments.csv"),
    "standard-value-missing": Sample(district(users={"S1": {"username": ""}}), "users.csv"),
    "value-spelling": Sample(district(users={"S1": {"grades": "3"}}), "users.csv"),
    "date-us-form": Sample(district(enrollments={"E1": {"beginDate": "8/10/2026"}}), "enrollments.csv"),
    "reference-dangling": Sample(district(enrollments={"E1": {"classSourcedId": "C9"}}), "enrollments.csv"),
    "reference-lost-zeros": Sample(
        district(classes={"007": {}}, enrollments={"E9": {"classSourcedId": "7"}}), "enrollments.csv"),
    "zeros-lost": Sample(
        district(users={"417": {"role": "student", "grades": "03"}}), "users.csv", before=district(users={"00417": {"role": "student", "grades": "03"}})),
    "reference-missing": Sample(district(enrollments={"E1": {"classSourcedId": ""}}), "enrollments.csv", config(requirements=RELAXED)),
    "reference-dropped": Sample(district(classes={"C1": {"courseSourcedId": "K9"}}), "classes.csv"),
    "school-differs": Sample(district(enrollments={"E1": {"schoolSourcedId": "O2"}}), "enrollments.csv"),
    "enrollment-role-tolerated": Sample(district(enrollments={"E1": {"role": "aide"}}), "enrollments.csv"),
    "primary-not-teacher": Sample(district(enrollments={"E1": {"primary": "true"}}), "enrollments.csv"),
    "status-inactive": Sample(district(users={"S2": {"status": "inactive"}}), "users.csv"),
    "deleted-in-delta": Sample(district(users={"S2": {"status": "tobedeleted"}}), "users.csv", modes={"users": "delta"}),
    "role-not-imported": Sample(district(users={"X1": {"role": "aide"}}), "users.csv"),
    "school-unmapped": Sample(
        district(users={"S2": {"orgSourcedIds": "O2"}}), "users.csv", ImportConfig(school_mapping={"O1": "north"})),
    "filtered-out": Sample(
        district(users={"S2": {"grades": "04"}}), "users.csv",
        config(filters=(FilterRule(RecordType.STUDENT, (Condition("grades", "equals_any", ("03",)),)),))),
    "class-without-students": Sample(district(), "classes.csv", config(drop_empty_classes=True), modes={"enrollments": "bulk"}),
    "class-without-its-students": Sample(district(users={"S1": {"email": ""}}), "classes.csv", config(drop_empty_classes=True)),
    "depends-on-excluded": Sample(district(classes={"C2": {"status": "inactive"}}), "enrollments.csv"),
    "depends-on-kept": Sample(district(classes={"C2": {"title": ""}}), "enrollments.csv"),
    "required-attribute-missing": Sample(district(users={"S1": {"email": ""}}), "users.csv"),
    "attribute-missing": Sample(district(demographics={"S1": {"sex": ""}}), "demographics.csv"),
    "uniqueness-shared": Sample(district(users={"S1": {"email": "one@example.org"}, "T1": {"email": "one@example.org"}}), "users.csv"),
    "master-field-kept": Sample(
        district(users={"S1": {"email": "new@example.org"}}), "users.csv", before=district(),
        others=(OtherApp("SFTP", (MasterField(RecordType.STUDENT, "email", "master"),), lambda _: pd.Series(["S1"], dtype=TEXT)),)),
    "demographics-orphan": Sample(district(demographics={"S9": {}}), "demographics.csv"),
    "demographics-repeated": Sample(twice("demographics", "S1", sex="male"), "demographics.csv"),
    "file-without-rows": Sample({**district(), "courses": []}, "courses.csv"),
    "org-invalid": Sample(district(orgs={"X1": {"type": "club"}}), "orgs.csv"),
    "absent": Sample(district(users={"S2": None}), before=district()),
    "cascade": Sample(
        district(classes={"C2": None}), before=district(enrollments={"E5": {"classSourcedId": "C2", "userSourcedId": "S2"}})),
    "perhaps-unreadable": Sample(
        {**district(courses={"K1": {}}), "courses": [Raw(",broken")]}, before=district(courses={"K2": {}})),
    **{
        f"fed-by-{kind}": Sample(
            district(users={"S2": None}), before=district(),
            others=(OtherApp(kind, (), lambda _: pd.Series(["S2"], dtype=TEXT), kind=kind),),
        )
        for kind in ("csv_upload", "sftp")
    },
    "school-stays": Sample(district(orgs={"O2": None}), before=district()),
    "held-back": Sample(
        district(users={"S1": {"phone": "1"}}), "users.csv", before=district(), held_back=HeldBack({RecordType.STUDENT: np.array([2])})),
    "held-back-deletion": Sample(
        district(users={"S2": None}), before=district(), held_back=HeldBack(keys={RecordType.STUDENT: pd.Series(["S2"], dtype=TEXT)})),
    "deletion-disabled": Sample(district(users={"S2": None}), before=district(), keeps_all=True),
}  # fmt: skip
SAMPLES["class-without-students"].files["enrollments"] = [row for row in district()["enrollments"] if row["sourcedId"] != "E4"]


@cache
def _ran(code: str) -> Ran:
    sample = SAMPLES[code]
    first = MemoryLive() if sample.before is None else run(sample.before).live
    return run(
        sample.files, config=sample.config, modes=sample.modes, live=first, others=sample.others, held_back=sample.held_back,
        keeps_all=sample.keeps_all,
    )  # fmt: skip


def test_every_rule_has_a_sample():
    assert set(SAMPLES) == set(RULES) - ROLLBACK


@pytest.mark.parametrize("code", sorted(SAMPLES))
def test_a_row_under_the_rule_ends_as_it_says_and_is_named(code: str):
    sample, rule, ran = SAMPLES[code], RULES[code], _ran(code)
    if rule.mark in {"deleted", "kept"}:  # what befalls a live record without a row of its own
        leavers = [row for rows in ran.rows.values() for row in rows if row["code"] == code]
        assert leavers, ran.findings
        assert {row["outcome"] for row in leavers} == {rule.mark}
        return
    found = ran.found(code)
    assert found, [(one["code"], one["file"], one["line"]) for one in ran.findings]
    for one in found:
        assert one["file"] == sample.file or code in {"school-unmapped", "depends-on-kept"}
        assert one["line"] > 0
        assert one["outcome"] == rule.outcome
    if rule.fate is not None:
        rows = [row for rows in ran.rows.values() for row in rows if row["code"] == code and row["line"]]
        assert {row["outcome"] for row in rows} == {rule.outcome}
        assert {row["line"] for row in rows} <= {one["row"] for one in found}


@pytest.mark.parametrize("code", sorted(set(SAMPLES) - {code for code, rule in RULES.items() if rule.mark in {"deleted", "kept"}}))
def test_the_sentence_says_what_happened_where_and_how_to_mend_it(code: str):
    ran = _ran(code)
    said = say(ran.found(code)[0])
    assert said.title
    for sentence in (said.message, said.fix):
        assert sentence.endswith("."), sentence
        assert sentence[0].isupper() or not sentence[0].isalpha() or sentence.split()[0] in str(ran.found(code)[0].values()), sentence
        assert "{" not in sentence.replace("{Type", ""), sentence
        assert "  " not in sentence, sentence
        assert " is ," not in sentence, sentence


def test_templates_use_only_the_words_there_are():
    words = {"file", "line", "column", "value", "detail", "record", "attribute"}
    for code, rule in RULES.items():
        for template in (rule.message, rule.fix):
            used = {name for _, name, _, _ in string.Formatter().parse(template) if name}
            assert used <= words, code


def test_a_rule_that_leaves_a_row_out_is_one_of_the_four_outcomes():
    assert {rule.fate for rule in RULES.values()} == {Fate.SKIPPED, Fate.EXCLUDED, Fate.DUPLICATE, Fate.INVALID, None}


def test_a_missing_mapped_sis_id_is_invalid_where_nothing_asks_for_it():
    ran = run(district(users={"P1": {"identifier": ""}}), config=config(sources=mapped(RecordType.CONTACT, sis_id="users.identifier")))
    assert ran.counts("contact")["invalid"] == 1
    assert ran.says("key-missing").message == "The contact has no SIS ID, so it cannot be told from others."


def test_people_without_a_role_are_invalid_where_no_requirement_asks_for_it():
    ran = run({**district(), "users": [*district()["users"], {**person("X1", "student"), "role": ""}]}, config=config(requirements=RELAXED))
    assert ran.fate("student", "X1") == ("invalid", "role-missing")
