"""Parts of addresses that may only be one of a few words; anything else is a page that does not exist."""

from imports.models import ImportApp
from records.attributes import RecordType
from records.outcomes import MARKS, OUTCOMES


class OneOf:
    """A path converter for one of `words`."""

    words: tuple[str, ...] = ()
    regex = ""

    def __init_subclass__(cls) -> None:
        cls.regex = "|".join(cls.words)

    def to_python(self, value: str) -> str:
        """Take the word as it is."""
        return value

    def to_url(self, value: str) -> str:
        """Write the word; ValueError (no such address) if it is none of them."""
        if value not in self.words:
            raise ValueError(f"{value!r} is none of {self.words}")
        return value


class AppKind(OneOf):
    """The kind of an import app."""

    words = tuple(ImportApp.Kind.values)


class RecordTypeName(OneOf):
    """One of the nine record types."""

    words = tuple(record_type.value for record_type in RecordType)


class RowOutcome(OneOf):
    """An outcome or a mark that opens to rows."""

    words = (*OUTCOMES, *MARKS)
