"""A value of the document together with where it stands, so that every fault can be named by its path."""

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from imports.config import ConfigProblem

MAX_TEXT = 255
_SHOWN = 60  # characters of a wrong value that are quoted
_PLAIN_KEY = re.compile(r"[\w-]+")
_UNSTORABLE = {"Cc", "Cs"}  # control characters and halves of characters


@dataclass(frozen=True, slots=True)
class Node:
    """One value, its path (`filters[0].conditions[1].operator`), and the list in which all faults of the document are gathered.

    The readers note a fault and go on with a harmless value, so that one look at a document finds everything.
    """

    path: str
    value: Any
    problems: list[ConfigProblem]

    def refuse(self, message: str) -> None:
        """Note a fault of this value."""
        self.problems.append(ConfigProblem(self.path or "document", message))

    def under(self, key: str, value: Any) -> "Node":
        """The value at a key of this one."""
        step = f".{key}" if _PLAIN_KEY.fullmatch(key) else f"[{json.dumps(key, ensure_ascii=False)}]"
        return Node(f"{self.path}{step}".removeprefix("."), value, self.problems)

    def entries(self) -> dict[str, "Node"]:
        """The values of an object, by key."""
        if isinstance(self.value, Mapping):
            return {str(key): self.under(str(key), value) for key, value in self.value.items()}
        self._refuse_type("an object, in braces")
        return {}

    def keyed(
        self, known: Collection[str], *, required: Collection[str] = (), elsewhere: Mapping[str, str] | None = None
    ) -> dict[str, "Node"]:
        """The values of an object whose keys are fixed; keys that are unknown or missing are faults.

        `elsewhere` has a sentence of its own for keys that have their place in other documents.
        """
        entries = self.entries()
        for key in [key for key in entries if key not in known]:
            why = (elsewhere or {}).get(key) or f"{shown(key)} is not a key of the configuration. {suggest(key, known)}"
            entries.pop(key).refuse(why)
        if isinstance(self.value, Mapping):
            for key in required:
                if key not in entries:
                    self.under(key, None).refuse(f"{shown(key)} is missing here. Add it.")
        return entries

    def items(self) -> list["Node"]:
        """The values of a list, in order."""
        if isinstance(self.value, (list, tuple)):
            return [Node(f"{self.path}[{number}]", value, self.problems) for number, value in enumerate(self.value)]
        self._refuse_type("a list, in brackets")
        return []

    def text(self) -> str:
        """A text that holds something and can be stored; empty after a fault."""
        if not isinstance(self.value, str):
            self._refuse_type("a text, in quotation marks")
        elif not self.value.strip():
            self.refuse("The text is empty. Fill it in, or leave the key out.")
        elif len(self.value) > MAX_TEXT or any(unicodedata.category(character) in _UNSTORABLE for character in self.value):
            self.refuse(f"The text is longer than {MAX_TEXT} characters or holds control characters. Shorten it or remove them.")
        else:
            return self.value.strip()
        return ""

    def choice(self, options: Iterable[str]) -> str:
        """One of the allowed texts; empty after a fault."""
        allowed = [str(option) for option in options]
        if not isinstance(self.value, str):
            self._refuse_type("one of " + ", ".join(allowed))
        elif self.value not in allowed:
            self.refuse(f"{shown(self.value)} is not known here. {suggest(self.value, allowed)}")
        else:
            return self.value
        return ""

    def flag(self) -> bool:
        """True or false."""
        if isinstance(self.value, bool):
            return self.value
        self._refuse_type("true or false, without quotation marks")
        return False

    def number_between(self, low: float, high: float) -> float | None:
        """A number within limits, both included; None after a fault."""
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            self._refuse_type(f"a number from {low:g} to {high:g}")
        elif not low <= self.value <= high:  # also what is no number at all (NaN)
            self.refuse(f"{shown(self.value)} is out of range. Use a number from {low:g} to {high:g}.")
        else:
            return self.value
        return None

    def _refuse_type(self, wanted: str) -> None:
        self.refuse(f"This must be {wanted}, but it is {shown(self.value)}.")


def shown(value: Any) -> str:
    """A value as it stands in the document, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def suggest(word: str, options: Iterable[str]) -> str:
    """The sentence that helps to mend a misspelled word."""
    allowed = [str(option) for option in options]
    close = get_close_matches(word, allowed, n=1)
    return f"Did you mean {shown(close[0])}?" if close else f"Use one of {', '.join(allowed)}."
