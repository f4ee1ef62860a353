"""Auto Mapping: which school of the portal a school of the files is, by identifier, then by name, else a new one.

Source: schools mapping.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchoolChoice:
    """What a school of the files is mapped to: the key of a school of the portal, or the name of one to create."""

    target: str = ""
    new_name: str = ""


@dataclass(frozen=True, slots=True)
class NamedSchool:
    """A school of the files (`key` is its sourcedId) or of the portal."""

    key: str
    name: str
    identifier: str = ""


_WORDS = {
    "es": "elementary", "elem": "elementary", "ms": "middle", "hs": "high", "jhs": "junior high", "shs": "senior high",
    "jr": "junior", "sr": "senior", "acad": "academy", "ctr": "center", "centre": "center", "st": "saint", "mt": "mount", "ft": "fort",
    "sch": "", "school": "", "schl": "", "the": "",
}  # fmt: skip
_DROPPED, _SPACED = re.compile(r"[.'’`]"), re.compile(r"[^\w]+|_")


def normalise_name(name: str) -> str:
    """The name without case, accents and punctuation, abbreviations in full: "Lincoln E.S." and "LINCOLN Elementary School" are one."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter)).casefold()
    words = _SPACED.sub(" ", _DROPPED.sub("", plain.replace("&", " and "))).split()
    return " ".join(filter(None, (_WORDS.get(word, word) for word in words))) or " ".join(words)


def match_schools(schools: Sequence[NamedSchool], targets: Sequence[NamedSchool], taken: Collection[str] = ()) -> dict[str, SchoolChoice]:
    """Choose for every school of the files. A match must be unique on both sides, and no two schools get one target.

    Args:
        schools: the schools of the files that are not mapped.
        targets: the schools of the portal.
        taken: keys of targets that other schools are mapped to: an identifier may still say that one of them is meant, a name may not.

    Returns:
        sourcedId -> choice; what matches nothing is created under its own name.
    """
    chosen = _match(schools, targets, lambda school: school.identifier.strip().casefold())
    used = {*chosen.values(), *taken}
    left = [school for school in schools if school.key not in chosen]
    chosen |= _match(left, [target for target in targets if target.key not in used], lambda school: normalise_name(school.name))
    new = {school.key: SchoolChoice(new_name=school.name.strip() or school.key) for school in schools}
    return new | {key: SchoolChoice(target=target) for key, target in chosen.items()}


def _match(schools: Sequence[NamedSchool], targets: Sequence[NamedSchool], sign: Callable[[NamedSchool], str]) -> dict[str, str]:
    """School -> target for each sign that exactly one school and exactly one target bear."""
    ours, theirs = Counter(map(sign, schools)), Counter(map(sign, targets))
    target_of = {sign(target): target.key for target in targets}
    return {school.key: target_of[found] for school in schools if (found := sign(school)) and ours[found] == theirs[found] == 1}
