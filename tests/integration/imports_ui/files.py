"""A tiny district as OneRoster CSVs, with one row for every outcome."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

USERS = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password"


def user(key: str, role: str, given: str, family: str, *, email: str | None = None, grades: str = "03") -> str:
    """One line of users.csv, at school S1."""
    address = f"{key}@example.org" if email is None else email
    return f"{key},,,true,S1,{role},{key},,{given},{family},,,{address},,,,{grades if role == 'student' else ''},"


def first_delivery() -> dict[str, str]:
    """Two schools; four good students, one without a grade, two who share an email; a dangling enrollment, an unreadable birth date."""
    people = [
        user("t1", "teacher", "Maria", "Weber"),
        user("st1", "student", "Ana", "Lopez"),
        user("st2", "student", "Ben", "Okafor"),
        user("st3", "student", "Chloé", "<b>Dupont</b>"),
        user("st4", "student", "Dev", "Patel"),
        user("st5", "student", "Eva", "Nograde", grades=""),
        user("st6", "student", "Finn", "Shared", email="same@example.org"),
        user("st7", "student", "Gia", "Shared", email="same@example.org"),
    ]
    enrolled = [f"e{n},,,C1,S1,st{n},student,,," for n in (1, 2, 3, 4, 5)]
    return {
        "orgs.csv": _lines(
            "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
            "D,,,Tiny District,district,,",
            "S1,,,North High,school,101,D",
            "S2,,,South Elementary,school,102,D",
        ),
        "academicSessions.csv": _lines(
            "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear",
            "Y1,,,2026-2027,schoolYear,2026-08-01,2027-06-30,,2027",
        ),
        "courses.csv": _lines(
            "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes",
            "CO1,,,Y1,Algebra,ALG,03,S1,Math,",
        ),
        "classes.csv": _lines(
            "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
            "C1,,,Algebra 1,03,CO1,A1,scheduled,,S1,Y1,,,",
        ),
        "users.csv": _lines(USERS, *people),
        "enrollments.csv": _lines(
            "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate",
            "et,,,C1,S1,t1,teacher,true,,",
            *enrolled,
            "e9,,,C9,S1,st1,student,,,",
        ),
        "demographics.csv": _lines(
            "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus",
            "st1,,,2014-03-02,female,,,,,,,,,,,",
            "st2,,,soon-secret,male,,,,,,,,,,,",
        ),
    }


def second_delivery() -> dict[str, str]:
    """The next day: Ana has another email and grade, Dev has left."""
    files = first_delivery()
    users = files["users.csv"].replace(
        user("st1", "student", "Ana", "Lopez"), user("st1", "student", "Ana", "Lopez", email="ana@example.org", grades="04")
    )
    files["users.csv"] = "\n".join(line for line in users.split("\n") if not line.startswith("st4,"))
    files["enrollments.csv"] = "\n".join(line for line in files["enrollments.csv"].split("\n") if not line.startswith("e4,"))
    return files


def zipped(files: Mapping[str, str]) -> bytes:
    """The files in one zip."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target.getvalue()


def write_zip(files: Mapping[str, str], path: Path) -> Path:
    """Write the zip and name its path."""
    path.write_bytes(zipped(files))
    return path


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"
