"""The district's courses with their SCED codes, and which of them a student of a grade takes."""

from dataclasses import dataclass
from functools import cache

from synthetic.years import FALL, SPRING, WHOLE_YEAR_BY_TRIMESTER, YEAR

ELEMENTARY, MIDDLE, HIGH = 0, 1, 2
LEVEL_GRADES = (range(6), range(6, 9), range(9, 13))  # kindergarten is 0
GRADE_CODES = ("KG", *(f"{n:02d}" for n in range(1, 13)))
HOMEROOM_SUBJECT = "Homeroom"


@dataclass(frozen=True, slots=True)
class Course:
    """One row of courses.csv."""

    title: str
    code: str
    subject: str
    sced: str
    grades: tuple[int, ...]

    @property
    def is_homeroom(self) -> bool:
        """Classes of this course are homerooms."""
        return self.subject == HOMEROOM_SUBJECT


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in a student's timetable: one of the courses is taken; the later ones only where enough students are there.

    `seats` is how many students a school needs for each course it offers; `whole_school` counts the school, else the grade.
    """

    courses: tuple[int, ...]
    meets: int = YEAR
    seats: int = 50
    whole_school: bool = False


@dataclass(frozen=True, slots=True)
class Catalog:
    """All courses, and the slots of each grade."""

    courses: tuple[Course, ...]
    slots: tuple[tuple[Slot, ...], ...]  # by grade


_ELEMENTARY_CORE = (
    (HOMEROOM_SUBJECT, "HR", "22000"),
    ("Language Arts", "LA", "51027"),
    ("Mathematics", "MA", "52030"),
    ("Science", "SC", "53230"),
    ("Social Studies", "SS", "54430"),
)
_ELEMENTARY_SPECIALS = (("Art", "AR", "55130"), ("Music", "MU", "55100"), ("Physical Education", "PE", "58030"))
_MIDDLE_CORE = (
    ("Language Arts", "LA", "51034"),
    ("Mathematics", "MA", "52036"),
    ("Science", "SC", "53236"),
    ("Social Studies", "SS", "54436"),
)
_MIDDLE_ELECTIVES = (
    ("Band", "Music", "55101"),
    ("Visual Art", "Art", "55154"),
    ("Choir", "Music", "55110"),
    ("Spanish Exploration", "World Languages", "56102"),
    ("Computer Literacy", "Computer Science", "60001"),
    ("Drama", "Theatre", "55051"),
    ("Family & Consumer Science", "Career and Technical", "69001"),
    ("STEM Lab", "Engineering", "71002"),
    ("Français débutant", "World Languages", "56122"),
    ("Yearbook", "Journalism", "51101"),
)
_HIGH_CORE = (
    ("English", (("English I", "01001"), ("English II", "01002"), ("English III", "01003"), ("English IV", "01004"))),
    ("Mathematics", (("Algebra I", "02052"), ("Geometry", "02072"), ("Algebra II", "02056"), ("Pre-Calculus", "02110"))),
    ("Science", (("Earth Science", "03001"), ("Biology", "03051"), ("Chemistry", "03101"), ("Physics", "03151"))),
    ("Social Studies", (("World Geography", "04001"), ("World History", "04051"), ("U.S. History", "04101"), ("U.S. Government", "04151"))),
)
_HIGH_LANGUAGES = (
    ("Spanish", "06101"),
    ("French", "06121"),
    ("Mandarin", "06401"),
    ("American Sign Language", "06801"),
    ("German", "06201"),
)
_HIGH_WELLNESS = (("Physical Education", "08001"), ("Health", "08051"), ("Weight Training", "08009"))
_HIGH_ELECTIVES = (
    ("Studio Art", "Art", "05154"),
    ("Concert Band", "Music", "05102"),
    ("Introduction to Computer Science", "Computer Science", "10002"),
    ("Psychology", "Social Studies", "04254"),
    ("Theatre Arts", "Theatre", "05051"),
    ("Culinary Arts", "Career and Technical", "16052"),
    ("Digital Photography", "Art", "05167"),
    ("Accounting", "Business", "12104"),
    ("Woodworking", "Career and Technical", "13054"),
    ("Statistics", "Mathematics", "02201"),
    ("Choir", "Music", "05110"),
    ("Creative Writing", "English", "01104"),
    ("AP® Computer Science A", "Computer Science", "10157"),
    ("Environmental Science", "Science", "03003"),
    ("Automotive Technology", "Career and Technical", "20104"),
    ("Journalism", "Journalism", "11101"),
    ("Robotics", "Engineering", "21009"),
    ("Ethnic Studies", "Social Studies", "04107"),
)


class _Builder:
    """Collects courses while the slots name them."""

    def __init__(self) -> None:
        self.courses: list[Course] = []

    def add(self, title: str, code: str, subject: str, sced: str, grades: tuple[int, ...]) -> int:
        self.courses.append(Course(title, code, subject, sced, grades))
        return len(self.courses) - 1


@cache
def load_catalog() -> Catalog:
    """The courses of all levels and the slots of the thirteen grades."""
    builder = _Builder()
    slots = _elementary(builder) + _middle(builder) + _high(builder)
    return Catalog(tuple(builder.courses), tuple(slots))


def _elementary(builder: _Builder) -> list[tuple[Slot, ...]]:
    """The homeroom teacher's subjects per grade; the specials are the same courses for all grades."""
    grades = LEVEL_GRADES[ELEMENTARY]
    specials = tuple(builder.add(title, f"E-{code}", title, sced, tuple(grades)) for title, code, sced in _ELEMENTARY_SPECIALS)
    slots = []
    for grade in grades:
        label = f"Grade {grade}" if grade else "Kindergarten"
        core = [
            builder.add(f"{label} {subject}", f"E{GRADE_CODES[grade]}-{code}", subject, _with_grade(sced, grade), (grade,))
            for subject, code, sced in _ELEMENTARY_CORE
        ]
        slots.append(tuple(Slot((course,), WHOLE_YEAR_BY_TRIMESTER) for course in core) + (Slot(specials, WHOLE_YEAR_BY_TRIMESTER),))
    return slots


def _with_grade(sced: str, grade: int) -> str:
    """The grade-specific codes of prior-to-secondary subjects follow each other; homeroom has one code for all."""
    return sced if sced.startswith("22") else f"{int(sced) + grade:05d}"


def _middle(builder: _Builder) -> list[tuple[Slot, ...]]:
    grades = LEVEL_GRADES[MIDDLE]
    everyone = tuple(grades)
    electives = tuple(
        builder.add(title, f"M-EL{number:02d}", subject, sced, everyone)
        for number, (title, subject, sced) in enumerate(_MIDDLE_ELECTIVES, 1)
    )
    gym = builder.add("Physical Education 6-8", "M-PE", "Physical Education", "58036", everyone)
    slots = []
    for grade in grades:
        home = builder.add(f"Homeroom {grade}", f"M{grade:02d}-HR", HOMEROOM_SUBJECT, "22000", (grade,))
        row = [Slot((home,))]
        for subject, code, sced in _MIDDLE_CORE:
            plain = builder.add(f"{subject} {grade}", f"M{grade:02d}-{code}", subject, _with_grade(sced, grade - 6), (grade,))
            honors = builder.add(f"{subject} {grade} Honors", f"M{grade:02d}-{code}H", subject, _with_grade(sced, grade - 6), (grade,))
            row.append(Slot((plain, honors)))
        row.append(Slot((gym,)))
        row += [Slot(electives, meets, 60, whole_school=True) for meets in (FALL, SPRING)]
        slots.append(tuple(row))
    return slots


def _high(builder: _Builder) -> list[tuple[Slot, ...]]:
    grades = LEVEL_GRADES[HIGH]
    everyone = tuple(grades)
    languages = tuple(
        builder.add(f"{title} {'I' if half == 0 else 'II'}", f"H-WL{number}{half}", "World Languages", sced, everyone)
        for half in (0, 1)
        for number, (title, sced) in enumerate(_HIGH_LANGUAGES, 1)
    )
    wellness = tuple(
        builder.add(title, f"H-PE{number}", "Physical Education", sced, everyone) for number, (title, sced) in enumerate(_HIGH_WELLNESS, 1)
    )
    electives = tuple(
        builder.add(title, f"H-EL{number:02d}", subject, sced, everyone) for number, (title, subject, sced) in enumerate(_HIGH_ELECTIVES, 1)
    )
    slots = []
    for year, grade in enumerate(grades):
        home = builder.add(f"Advisory {grade}", f"H{grade:02d}-HR", HOMEROOM_SUBJECT, "22000", (grade,))
        row = [Slot((home,))]
        for subject, titles in _HIGH_CORE:
            title, sced = titles[year]
            plain = builder.add(title, f"H{grade:02d}-{subject[:2].upper()}", subject, sced, (grade,))
            honors = builder.add(f"{title} Honors", f"H{grade:02d}-{subject[:2].upper()}H", subject, sced, (grade,))
            row.append(Slot((plain, honors)))
        row.append(Slot(languages, YEAR, 70, whole_school=True))
        row.append(Slot(wellness, YEAR, 120, whole_school=True))
        row += [Slot(electives, meets, 60, whole_school=True) for meets in (FALL, SPRING)]
        slots.append(tuple(row))
    return slots
