"""What is different between an old and a new value, in parts that a page can mark."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

WORDS = re.compile(r"\w+|\W", re.DOTALL)
LONGEST_COMPARED = 500  # characters; longer values are shown as wholly changed


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a value; a changed one is marked on the page."""

    text: str
    is_changed: bool


def mark_change(before: str, after: str) -> tuple[list[Part], list[Part]]:
    """The old and the new value cut into parts: by item where they are lists, else by word, so that a changed name is marked whole."""
    if max(len(before), len(after)) > LONGEST_COMPARED or not before or not after:
        return [Part(before, is_changed=True)], [Part(after, is_changed=True)]
    old, new = _pieces(before), _pieces(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    left: list[Part] = []
    right: list[Part] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if a < b:
            left.append(Part("".join(old[a:b]), kind != "equal"))
        if c < d:
            right.append(Part("".join(new[c:d]), kind != "equal"))
    return left, right


def _pieces(value: str) -> list[str]:
    if "," not in value:
        return WORDS.findall(value)
    items = value.split(",")
    return [f"{item}," for item in items[:-1]] + [items[-1]]
