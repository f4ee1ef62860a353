"""The law of the rows, as assertions about one import: what came in, what was live before, what it did, what is live after."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from imports.sentences import say
from records.attributes import FILE_OF, PERSON_TYPES, UNIQUE_EMAIL_TYPES, RecordType
from records.outcomes import OUTCOMES
from records.rules import RULES

Records = Mapping[RecordType, Mapping[str, Mapping[str, Any]]]  # type -> key -> live record
Rows = Mapping[RecordType, list[dict[str, Any]]]
Counts = Mapping[str, Mapping[str, int]]
ACCEPTED = ("created", "updated", "unchanged")


def assert_sums_close(counts: Counts, rows: Rows, lines: Mapping[str, list[int]], before: Records, after: Records) -> None:
    """In file = the sum of the outcomes, and every row of every file has exactly one, by its line."""
    for record_type in RecordType:
        count = counts[record_type]
        outcomes = Counter(row["outcome"] for row in rows[record_type])
        assert count["in_file"] == sum(count[name] for name in OUTCOMES)
        for name in (*OUTCOMES, "deleted", "kept"):
            assert count[name] == outcomes[name], (record_type, name)
        assert count["live"] == len(before[record_type]) + count["created"] - count["deleted"] == len(after[record_type]), record_type
    for file, wanted in lines.items():
        if file == "demographics":
            continue
        judged = sorted(row["line"] for kind in RecordType if FILE_OF[kind] == file for row in rows[kind] if row["line"] > 0)
        assert len(set(judged)) == len(judged)
        assert judged == wanted if file != "orgs" else set(judged) <= set(wanted)


def assert_every_loss_is_explained(rows: Rows, findings: list[dict[str, Any]]) -> None:
    """A row that is not accepted has a finding of the rule that decided it, with file and line, and a sentence."""
    by_row: dict[tuple[str, int, str], dict[str, Any]] = {}
    for finding in findings:
        assert finding["file"], finding
        assert finding["line"] > 0, finding
        said = say(finding)
        assert said.message, finding
        assert said.fix, finding
        by_row[finding["record_type"], finding["row"], finding["code"]] = finding
    for record_type, some in rows.items():
        for row in some:
            if row["outcome"] in ACCEPTED:
                assert row["code"] == "", row
            elif row["line"]:
                assert (record_type.value, row["line"], row["code"]) in by_row, (record_type, row["line"], row["code"])
                fate = RULES[row["code"]].fate
                assert fate is not None
                assert fate.word == row["outcome"]
            else:
                assert row["outcome"] in {"deleted", "kept"}
                assert row["code"] in RULES


def assert_live_follows(rows: Rows, before: Records, after: Records, modes: Mapping[str, str], sent: set[str]) -> None:
    """Nothing live changes or goes but for a cause that the law allows."""
    gone = {kind: set(before[kind]) - set(after[kind]) for kind in RecordType}
    assert not gone[RecordType.SCHOOL]
    untyped = {
        row["key"] for row in rows[RecordType.STUDENT] if row["line"] and row["outcome"] in {"invalid", "skipped"} and not row["user_type"]
    }
    for record_type in RecordType:
        fates = defaultdict(list)
        for row in rows[record_type]:
            if row["line"]:
                fates[row["key"]].append(row)
        for key, record in before[record_type].items():
            mine = fates.get(key, [])
            is_accepted = any(row["outcome"] in ACCEPTED for row in mine)
            keeps = any(row["outcome"] in {"skipped", "duplicate", "invalid"} or (row["code"] and RULES[row["code"]].keeps) for row in mine)
            keeps = keeps or (record_type in PERSON_TYPES and key in untyped)
            if key in gone[record_type]:
                assert not is_accepted, (record_type, key)
                if record_type is RecordType.ENROLLMENT and _is_orphaned(record, gone):
                    continue
                assert not keeps, (record_type, key, mine)
                assert FILE_OF[record_type] in sent or mine, (record_type, key)  # of people: by demographics.csv alone
                if not mine:
                    assert modes.get(FILE_OF[record_type]) != "delta", (record_type, key)
            elif not is_accepted:
                assert after[record_type][key] == record, (record_type, key)
    for key, record in after[RecordType.ENROLLMENT].items():
        assert record["class_id"] in after[RecordType.CLASS], (key, record["class_id"])
        assert record["person_id"] in after[RecordType(record["person_type"])], (key, record["person_type"], record["person_id"])


def _is_orphaned(enrollment: Mapping[str, Any], gone: Mapping[RecordType, set[str]]) -> bool:
    return enrollment["class_id"] in gone[RecordType.CLASS] or enrollment["person_id"] in gone[RecordType(enrollment["person_type"])]


def assert_email_is_unique(after: Records) -> None:
    """No two live people share an address, but a teacher and an admin of one SIS ID."""
    holders = defaultdict(set)
    for record_type in UNIQUE_EMAIL_TYPES:
        for key, record in after[record_type].items():
            if record["email"]:
                kind = "student" if record_type is RecordType.STUDENT else "staff"
                holders[record["email"].lower()].add((kind, key))
                twins = {
                    kind for kind in UNIQUE_EMAIL_TYPES if after[kind].get(key, {}).get("email", "").lower() == record["email"].lower()
                }
                assert twins <= {RecordType.TEACHER, RecordType.ADMIN} or twins == {RecordType.STUDENT}
    assert all(len(one) == 1 for one in holders.values()), {email: one for email, one in holders.items() if len(one) > 1}


def assert_schools_add_up(counts: Counts, by_school: Mapping[str, Mapping[str, Mapping[str, int]]]) -> None:
    """The breakdown by school sums to the whole, for every type that belongs to schools."""
    for record_type in RecordType:
        if record_type is RecordType.SESSION:
            continue
        for name in (*OUTCOMES, "in_file", "deleted", "kept", "reported"):
            assert sum(kinds.get(record_type, {}).get(name, 0) for kinds in by_school.values()) == counts[record_type][name], (
                record_type,
                name,
            )
