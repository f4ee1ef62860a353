"""A part of a change set in words."""

from accounts.models import District
from records.attributes import SCREEN_ORDER
from records.part import Part
from roster.selectors.browse import school_names

NAMED = 3  # schools that are named; the rest is counted
_OUTCOMES = {"created": "additions", "updated": "updates", "deleted": "deletions"}


def part_words(part: Part, district: District) -> str:
    """What the part holds: "students and teachers of North High"; "everything" without limits."""
    if part.is_everything:
        return "everything"
    outcomes = [words for name, words in _OUTCOMES.items() if part.outcomes and name in part.outcomes]
    types = [kind.plural.lower() for kind in SCREEN_ORDER if part.types and kind.value in part.types]
    words = " of ".join(filter(None, [listed(outcomes), listed(types)])) or "everything"
    records = sum(map(len, part.keys.values())) if part.keys else 0
    words = f"{words} of {records:,} record{'' if records == 1 else 's'}" if records else words
    return f"{words} of {_schools(part, district)}" if part.schools else words


def _schools(part: Part, district: District) -> str:
    keys = sorted(part.schools or ())
    names = school_names(district, keys[:NAMED])
    named = [names.get(key, key) for key in keys[:NAMED]]
    more = len(keys) - len(named)
    return listed([*named, *([f"{more} more schools"] if more > 1 else ["one more school"] if more else [])])


def listed(words: list[str]) -> str:
    """Words with commas and an and: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
