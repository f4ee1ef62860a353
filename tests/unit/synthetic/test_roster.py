"""The district: everything refers to something, nothing is twice, and the people are believable."""

import re
from collections import Counter, defaultdict
from datetime import date

from formats.oneroster.tables import FILES, GRADES, TABLES
from tests.unit.synthetic.conftest import STUDENTS
from tests.unit.synthetic.districts import Read, items, make

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ADDRESS = re.compile(r"[a-z.]+[0-9]*@[a-z.]+\.example")


def test_every_reference_resolves(any_day: Read):
    ids = {file: set(any_day.by_id(file)) for file in FILES}
    for file in FILES:
        for column in (column for column in TABLES[file] if column.refers_to):
            for row in any_day.rows[file]:
                assert set(items(row[column.header])) <= ids[column.refers_to], (file, column.header, row)


def test_every_value_is_one_the_standard_knows(any_day: Read):
    for file in FILES:
        for column in (column for column in TABLES[file] if column.options):
            assert {row[column.header] for row in any_day.rows[file]} <= {*column.options, ""}, (file, column.header)
        for column in (column for column in TABLES[file] if column.kind == "grades"):
            assert {grade for row in any_day.rows[file] for grade in items(row[column.header])} <= set(GRADES)
        for column in (column for column in TABLES[file] if column.kind == "date"):
            assert all(date.fromisoformat(row[column.header]) for row in any_day.rows[file])
        for column in (column for column in TABLES[file] if column.kind == "boolean"):
            assert {row[column.header] for row in any_day.rows[file]} <= {"true", "false"}


def test_ids_are_unique_and_of_users_classes_and_enrollments_random_guids(any_day: Read):
    for file in FILES:
        assert len(any_day.by_id(file)) == len(any_day.rows[file]), file
    for file in ("users", "classes", "enrollments"):
        assert all(GUID.fullmatch(row["sourcedId"]) for row in any_day.rows[file])


def test_addresses_logins_and_numbers_are_unique_in_the_district(any_day: Read):
    for header in ("email", "username"):
        values = [row[header] for row in any_day.rows["users"]]
        assert len(set(values)) == len(values), header
    for header in ("identifier", "userIds"):
        values = [row[header] for row in any_day.people("student", "teacher", "administrator")]
        assert len(set(values)) == len(values), header
        assert all(values)
    assert all(ADDRESS.fullmatch(row["email"]) for row in any_day.rows["users"])


def test_a_number_in_an_address_is_given_once(any_day: Read):
    numbers = [number for row in any_day.rows["users"] for number in re.findall("[0-9]+", row["email"])]
    assert len(numbers) > STUDENTS
    assert len(set(numbers)) == len(numbers)


def test_numbers_keep_leading_zeros(district: Read):
    assert all(re.fullmatch("0[0-9]{8}", row["identifier"]) for row in district.people("student"))
    assert any(row["userIds"].startswith("{State:0") for row in district.people("student"))
    assert all(re.fullmatch(r"\{State:[0-9]{10}\},\{LDAP:[a-z.0-9]+\}", row["userIds"]) for row in district.people("teacher"))


def test_every_student_has_what_an_import_asks_for(any_day: Read):
    described = any_day.by_id("demographics")
    students = any_day.people("student")
    assert {row["sourcedId"] for row in students} == set(described)
    assert all(len(items(row["grades"])) == 1 and row["givenName"] and row["familyName"] and row["email"] for row in students)
    assert all(row["birthDate"] and row["sex"] for row in described.values())
    taught = {row["userSourcedId"] for row in any_day.rows["enrollments"]}
    assert {row["sourcedId"] for row in students} <= taught


def test_ages_fit_grades(any_day: Read):
    born = {row["sourcedId"]: date.fromisoformat(row["birthDate"]) for row in any_day.rows["demographics"]}
    ages = Counter()
    for row in any_day.people("student"):
        birth, grade = born[row["sourcedId"]], GRADES.index(row["grades"]) - GRADES.index("KG")
        age = 2026 - birth.year - ((birth.month, birth.day) > (9, 1))
        ages[age - grade - 5] += 1
    assert set(ages) <= {0, 1}
    assert 0.01 < ages[1] / ages.total() < 0.09  # some repeated a year


def test_grades_fit_schools(any_day: Read):
    names = {row["sourcedId"]: row["name"] for row in any_day.rows["orgs"]}
    allowed = {"Elementary": ("KG", "01", "02", "03", "04", "05"), "Middle": ("06", "07", "08"), "High": ("09", "10", "11", "12")}
    for row in any_day.people("student"):
        level = names[row["orgSourcedIds"]].removesuffix(" School").rpartition(" ")[2]
        assert row["grades"] in allowed[level]


def test_enrollments_agree_with_their_class_and_student(any_day: Read):
    people, classes, courses = (any_day.by_id(file) for file in ("users", "classes", "courses"))
    pairs = set()
    for row in any_day.rows["enrollments"]:
        person, lesson = people[row["userSourcedId"]], classes[row["classSourcedId"]]
        assert row["schoolSourcedId"] == lesson["schoolSourcedId"]
        assert row["schoolSourcedId"] in items(person["orgSourcedIds"])
        assert row["role"] == person["role"]
        assert row["beginDate"] < row["endDate"]
        if row["role"] == "student":
            assert person["grades"] in items(lesson["grades"])
            assert set(items(lesson["grades"])) <= set(items(courses[lesson["courseSourcedId"]]["grades"]))
        pairs.add((row["classSourcedId"], row["userSourcedId"]))
    assert len(pairs) == len(any_day.rows["enrollments"])


def test_each_class_has_one_main_teacher_and_some_have_two(any_day: Read):
    main, helpers = Counter(), Counter()
    for row in any_day.rows["enrollments"]:
        if row["role"] == "teacher":
            (main if row["primary"] == "true" else helpers)[row["classSourcedId"]] += 1
        else:
            assert row["primary"] == "false"
    assert set(main) == set(any_day.by_id("classes"))
    assert set(main.values()) == {1}
    assert 0.04 < len(helpers) / len(main) < 0.15


def test_subjects_and_their_codes_go_together(district: Read):
    for file in ("courses", "classes"):
        assert all(row["subjects"] and re.fullmatch("[0-9]{5}", row["subjectCodes"]) for row in district.rows[file])
    assert {row["classType"] for row in district.rows["classes"]} == {"homeroom", "scheduled"}


def test_class_codes_are_unique_within_a_school_and_term(any_day: Read):
    seen = Counter((row["schoolSourcedId"], row["classCode"], row["termSourcedIds"]) for row in any_day.rows["classes"])
    assert seen.most_common(1)[0][1] == 1


def test_sessions_lie_within_their_parents(district: Read):
    by_id = district.by_id("academicSessions")
    assert {row["type"] for row in by_id.values()} == {"schoolYear", "semester", "term", "gradingPeriod"}
    for row in by_id.values():
        parent = by_id.get(row["parentSourcedId"])
        assert (parent is None) == (row["type"] == "schoolYear")
        assert parent is None or parent["startDate"] <= row["startDate"] < row["endDate"] <= parent["endDate"]


def test_siblings_share_last_name_phone_and_contacts(district: Read):
    families = defaultdict(list)
    for row in district.people("student"):
        if row["agentSourcedIds"]:
            families[row["agentSourcedIds"]].append(row)
    siblings = [family for family in families.values() if len(family) > 1]
    assert len(siblings) > 200
    assert all(len({(row["familyName"], row["phone"]) for row in family}) == 1 for family in siblings)
    contacts = {row["sourcedId"] for row in district.people("parent", "guardian", "relative")}
    assert {agent for cell in families for agent in items(cell)} == contacts


def test_race_flags_agree_with_each_other(district: Read):
    headers = [column.header for column in TABLES["demographics"] if column.kind == "boolean"]
    races, two, hispanic = headers[:5], headers[5], headers[6]
    for row in district.rows["demographics"]:
        assert sum(row[header] == "true" for header in races) == (2 if row[two] == "true" else 1)
    shares = {h: sum(row[h] == "true" for row in district.rows["demographics"]) / STUDENTS for h in headers}
    assert 0.15 < shares[hispanic] < 0.40
    assert all(share > 0 for share in shares.values())


def test_names_come_in_many_scripts_and_shapes(district: Read):
    names = {row[header] for row in district.rows["users"] for header in ("givenName", "familyName")}
    scripts = {"Cyrillic": "[\u0400-\u04ff]", "Arabic": "[\u0600-\u06ff]", "Han": "[\u4e00-\u9fff]", "Hangul": "[\uac00-\ud7af]"}
    shapes = {"accent": "[À-ỹ]", "hyphen": ".-.", "apostrophe": ".'.", "two names": ".+ .+", "one letter": "^.$"}
    missing = [name for name, pattern in {**scripts, **shapes}.items() if not any(re.search(pattern, word) for word in names)]
    assert missing == []
    assert all(name == name.strip() for name in names)


def test_the_size_is_that_of_a_real_district(tmp_path):
    read = make(tmp_path, students=10_000, seed=1)
    counts = read.summary.rows
    roles = Counter(row["role"] for row in read.rows["users"])
    assert roles["student"] == counts["demographics"] == 10_000
    assert 14 < roles["student"] / roles["teacher"] < 18
    assert 7 < sum(row["role"] == "student" for row in read.rows["enrollments"]) / 10_000 < 8
    assert 104_000 < read.summary.total_rows < 110_000
    assert 180 < read.summary.csv_bytes / read.summary.total_rows < 210
    sizes = Counter(row["classSourcedId"] for row in read.rows["enrollments"] if row["role"] == "student")
    assert sum(18 <= size <= 30 for size in sizes.values()) / len(sizes) > 0.85
    assert max(sizes.values()) <= 30
    two_schools = [row for row in read.people("teacher") if len(items(row["orgSourcedIds"])) == 2]
    assert 0.01 < len(two_schools) / roles["teacher"] < 0.08
