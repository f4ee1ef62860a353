"""The district in memory: three growing tables of columns. A row's position is its serial number and never changes."""

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

STUDENT, TEACHER, ADMIN, GUARDIAN, PARENT, RELATIVE = range(6)
ROLE_NAMES = ("student", "teacher", "administrator", "guardian", "parent", "relative")
NONE = -1

Ints = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]
TableT = TypeVar("TableT")


@dataclass(slots=True)
class People:
    """One row is one person. Names and places are positions in the vocabulary; NONE means there is none."""

    role: Ints
    origin: Ints
    sex: Ints
    given: Ints
    middle: Ints
    family: Ints
    family2: Ints
    is_hyphenated: Flags
    school: Ints
    school2: Ints
    grade: Ints
    birth: Ints  # days since 1970
    race: Ints
    race2: Ints
    is_hispanic: Flags
    place: Ints
    phone: Ints
    agent1: Ints
    agent2: Ints
    mail_given: Ints
    mail_family: Ints
    mail_number: Ints  # 0 for the first member of staff of that name
    is_enabled: Flags
    alive: Flags


@dataclass(slots=True)
class Classes:
    """One row is one section of a course. `grade` is NONE where the course's own grades hold."""

    course: Ints
    school: Ints
    meets: Ints
    section: Ints
    grade: Ints
    room: Ints
    period: Ints
    alive: Flags


@dataclass(slots=True)
class Enrollments:
    """One row is one person in one class. `begin` is in days since 1970, NONE for the class's first day."""

    classes: Ints
    person: Ints
    is_teacher: Flags
    is_primary: Flags
    begin: Ints
    alive: Flags


def filled(kind: type[TableT], rows: int, **columns: Any) -> TableT:
    """A table of that many rows; columns not named are NONE, flags not named are false, `alive` is true."""
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        is_flag = field.type in ("Flags", Flags)
        default: Any = field.name == "alive" if is_flag else NONE
        dtype = np.bool_ if is_flag else np.int32
        values[field.name] = np.array(np.broadcast_to(np.asarray(columns.pop(field.name, default), dtype=dtype), rows))
    if columns:
        raise TypeError(f"{kind.__name__} has no column {', '.join(columns)}")
    return kind(**values)


def extend(table: TableT, rows: TableT) -> Ints:
    """Append the rows and return their serial numbers."""
    name = fields(table)[0].name  # type: ignore[arg-type]
    start = len(getattr(table, name))
    for field in fields(table):  # type: ignore[arg-type]
        setattr(table, field.name, np.concatenate([getattr(table, field.name), getattr(rows, field.name)]))
    return np.arange(start, len(getattr(table, name)), dtype=np.int32)
