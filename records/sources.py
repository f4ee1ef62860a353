"""Where an attribute comes from, as written in configuration documents."""

import re
from dataclasses import dataclass

_SOURCE = re.compile(r"(?P<file>\w+)\.(?P<header>[^\[\]]+?)(?:\[(?P<kind>[^\[\]]+)\])?")


@dataclass(frozen=True, slots=True)
class Source:
    """Where an attribute comes from: a header of a file, or one Type of the {Type:Id} items of users.userIds."""

    file: str
    header: str
    user_id_type: str = ""

    @property
    def text(self) -> str:
        """As written in documents: users.email, users.userIds[State], demographics.metadata.lunch."""
        return f"{self.file}.{self.header}" + (f"[{self.user_id_type}]" if self.user_id_type else "")

    @classmethod
    def parse(cls, text: str) -> "Source | None":
        found = _SOURCE.fullmatch(text.strip())
        if not found:
            return None
        return cls(found["file"], found["header"], found["kind"] or "")
