"""The names of the world, as columns of a vocabulary: a person holds numbers, the writer looks the words up."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthetic.ids import IntArray

DATA = Path(__file__).parent / "data"
FEMALE, MALE = 0, 1
RACES = ("native", "asian", "black", "islander", "white")
_LETTERS_WITHOUT_BASE = str.maketrans({"đ": "d", "ł": "l", "ø": "o", "ß": "ss", "þ": "th", "æ": "ae", "ı": "i", "ð": "d"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a family's names come from. Ranges are positions in the vocabulary, end excluded."""

    name: str
    share: int
    race: int
    two_pct: int
    hispanic_pct: int
    abroad_pct: int
    given: tuple[range, range]  # female, male
    family: range
    places: range


@dataclass(frozen=True, slots=True)
class Names:
    """All words: as written, as the letters of an e-mail address, and the origins they belong to."""

    words: pa.Array
    ascii_words: pa.Array
    initials: pa.Array
    places: tuple[tuple[str, str, str], ...]  # country, state, city
    states: dict[str, range]
    origins: tuple[Origin, ...]
    letters: range  # A to Z, for middle initials

    def given_names(self, rng: np.random.Generator, origin: IntArray, sex: IntArray) -> npt.NDArray[np.int16]:
        """One given name per person, common ones more often."""
        starts = np.array([[r.start for r in o.given] for o in self.origins])
        sizes = np.array([[len(r) for r in o.given] for o in self.origins])
        return _drawn(rng, starts[origin, sex], sizes[origin, sex])

    def family_names(self, rng: np.random.Generator, origin: IntArray) -> npt.NDArray[np.int16]:
        """One family name per household, common ones more often."""
        starts, sizes = (np.array(v) for v in zip(*((o.family.start, len(o.family)) for o in self.origins), strict=True))
        return _drawn(rng, starts[origin], sizes[origin])


def _drawn(rng: np.random.Generator, start: IntArray, size: IntArray) -> npt.NDArray[np.int16]:
    return np.asarray(start + (rng.random(len(start)) ** 1.35 * size), dtype=np.int16)


def to_ascii(word: str) -> str:
    """The letters a to z of a Latin word: accents dropped, blanks and marks left out."""
    folded = unicodedata.normalize("NFKD", word.lower().translate(_LETTERS_WITHOUT_BASE))
    return re.sub("[^a-z]", "", folded)


@cache
def load_names() -> Names:
    """The vocabulary of data/names.txt and data/places.txt."""
    words: list[str] = []
    spelled: list[str] = []
    states, places = _home_places()
    origins = []
    for header, lines in _sections((DATA / "names.txt").read_text(encoding="utf-8")):
        spans: dict[str, range] = {}
        for kind in ("female", "male", "family"):
            start = len(words)
            for item in lines[kind].split():
                word, _, letters = _plain(item).partition("=")
                words.append(word)
                spelled.append(letters or to_ascii(word))
            spans[kind] = range(start, len(words))
        first_place = len(places)
        for item in lines["places"].split():
            country, _, city = _plain(item).partition("/")
            places.append((country, "", city))
        origins.append(_origin(header, spans, range(first_place, len(places))))
    alphabet = range(len(words), len(words) + 26)
    words += ascii_uppercase
    spelled += ascii_lowercase
    initials = [letters[0] for letters in spelled]
    return Names(pa.array(words), pa.array(spelled), pa.array(initials), tuple(places), states, tuple(origins), alphabet)


def _plain(item: str) -> str:
    return unicodedata.normalize("NFC", item.replace("_", " "))


def word_lists(file: str) -> dict[str, list[str]]:
    """The lists of a data file whose lines are `kind: word word`."""
    lines = (line.partition(":") for line in _content((DATA / file).read_text(encoding="utf-8")))
    return {kind: [_plain(item) for item in items.split()] for kind, _, items in lines}


def _home_places() -> tuple[dict[str, range], list[tuple[str, str, str]]]:
    states: dict[str, range] = {}
    places: list[tuple[str, str, str]] = []
    for state, cities in word_lists("places.txt").items():
        states[state] = range(len(places), len(places) + len(cities))
        places += [("US", state, city) for city in cities]
    return states, places


def _content(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _sections(text: str) -> list[tuple[str, dict[str, str]]]:
    sections: list[tuple[str, dict[str, str]]] = []
    for line in _content(text):
        if line.startswith("["):
            sections.append((line, {}))
        else:
            kind, _, items = line.partition(":")
            sections[-1][1][kind] = items
    return sections


def _origin(header: str, spans: dict[str, range], places: range) -> Origin:
    name, _, settings = header[1:].partition("]")
    values = dict(item.split("=") for item in settings.split())
    return Origin(
        name=name,
        share=int(values["share"]),
        race=RACES.index(values["race"]),
        two_pct=int(values["two"]),
        hispanic_pct=int(values["hispanic"]),
        abroad_pct=int(values["abroad"]),
        given=(spans["female"], spans["male"]),
        family=spans["family"],
        places=places,
    )
