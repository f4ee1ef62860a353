"""Why a person is in a class or is not: from the enrollments of the two, live, deleted or left out, and from what became of either."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import District
from imports.models import Sync
from imports.selectors.answers import Answer, Fate, Hides, Piece, Sentence, named_record, named_sync, sentence
from imports.selectors.explain import explain_record
from imports.selectors.record_rows import RecordRows, StoredRow
from imports.selectors.timeline import History, Past, Phase, phase_of
from records.attributes import RecordType
from records.key_index import CLASS, PERSON
from roster.models import LIVE, Class, Enrollment
from roster.models.live import Person

MOST_ENROLLMENTS = 5  # of one pair that are explained, newest first
_WORDS = {
    Fate.LIVE: "is for another class or person now", Fate.DELETED: "was deleted", Fate.PURGED: "was deleted", Fate.LEFT_OUT: "was left out",
    Fate.WAITING: "waits for a decision", Fate.DROPPED: "was not imported", Fate.UNDONE: "was rolled back",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClassAnswer:
    """Whether a person is in a class.

    verdict: the answer in one sentence. enrollments: what became of each enrollment of the pair, by its key ("" where its row has none).
    others: what became of the person and of the class, where these are not here.
    """

    is_in: bool
    verdict: Sentence
    enrollments: list[tuple[str, Answer]]
    others: list[tuple[RecordType, str, Answer]]

    @property
    def as_answer(self) -> Answer:
        """The verdict alone."""
        return Answer(Fate.LIVE if self.is_in else Fate.UNKNOWN, [self.verdict])


def explain_class(district: District, person_type: RecordType, person: str, class_key: str, hides: Hides = lambda *_: False) -> ClassAnswer:
    """Why the person is in the class or not.

    Args:
        district: whose records.
        person_type: student, teacher, admin or contact.
        person: SIS ID of the person.
        class_key: SIS ID of the class.
        hides: says whether the reader may not see the values of a file's column.
    """
    past = Past(district)
    live, deleted = _of_the_pair(district, person_type, person, class_key)
    told = [(key, explain_record(History(past, RecordType.ENROLLMENT, key), hides)) for key in live[:MOST_ENROLLMENTS]]
    if told:
        return ClassAnswer(
            True, sentence("Yes: ", Piece(f"enrollment {told[0][0]}", record_type="enrollment", key=told[0][0]), " is live."), told, []
        )
    stored = _stored(past, person_type, _names_of(district, person_type, person), class_key)
    keys = list(dict.fromkeys([*deleted, *(row.key for _, row in stored if row.key)]))[:MOST_ENROLLMENTS]
    told = [(key, _explain_enrollment(past, key, class_key, person, hides)) for key in keys]
    told += [("", _keyless(sync, row)) for sync, row in stored if not row.key][: MOST_ENROLLMENTS - len(told)]
    others = _others(past, [(person_type, person), (RecordType.CLASS, class_key)], hides)
    return ClassAnswer(False, _verdict(told, others, len(past.syncs)), told, others)


def _of_the_pair(district: District, person_type: RecordType, person: str, class_key: str) -> tuple[list[str], list[str]]:
    """The keys of the pair's enrollments in the table: live ones, and deleted ones."""
    rows = (
        Enrollment.objects.of(district).filter(person_id=person, class_id=class_key, person_type=person_type).order_by("-last_sync", "key")
    )
    found = list(rows.values_list("key", "deleted_at"))
    return [key for key, gone in found if gone is None], [key for key, gone in found if gone is not None]


def _names_of(district: District, person_type: RecordType, person: str) -> list[str]:
    """What rows of enrollments may call the person: the SIS ID, and the sourcedId of users.csv where that is another one."""
    found = LIVE[person_type].objects.of(district).filter(key=person).first()
    source = found.source_id if isinstance(found, Person) else ""
    return [person, *([source] if source and source != person else [])]


def _stored(past: Past, person_type: RecordType, names: list[str], class_key: str) -> list[tuple[Sync, StoredRow]]:
    """Rows of the pair that the syncs met, newest first; as many as are told, of different enrollments."""
    found: dict[tuple[str, int], tuple[Sync, StoredRow]] = {}
    for sync in past.syncs:
        for row in _rows_in(past.files_of(sync), names, class_key):
            if row.values.get("person_type") in ("", person_type.value):
                found.setdefault((row.key, 0 if row.key else sync.pk), (sync, row))
        if len(found) >= MOST_ENROLLMENTS:
            break
    return list(found.values())


def _rows_in(files: RecordRows, names: list[str], class_key: str) -> Iterator[StoredRow]:
    of_class = set(files.positions(RecordType.ENROLLMENT, class_key, column=CLASS).tolist())
    for name in names if of_class else ():
        for at in files.positions(RecordType.ENROLLMENT, name, column=PERSON).tolist():
            row = files.read(RecordType.ENROLLMENT, at) if at in of_class else None
            if row is not None and (row.values[PERSON], row.values[CLASS]) == (name, class_key):
                yield row


def _explain_enrollment(past: Past, key: str, class_key: str, person: str, hides: Hides) -> Answer:
    """What became of an enrollment that is not, or no longer, one of the pair."""
    history = History(past, RecordType.ENROLLMENT, key)
    row = Enrollment.objects.of(past.district).filter(key=key, deleted_at=None).first()
    if row is None or (row.class_id, row.person_id) == (class_key, person):
        return explain_record(history, hides)
    name, before, what = ("class_id", class_key, named_record("class", row.class_id)) if row.class_id != class_key else (
        "person_id", person, named_record(row.person_type, row.person_id))  # fmt: skip
    for event in history.page(0, len(history)):
        if event.phase is Phase.APPLIED and any(attribute == name and old == before for attribute, old, _ in event.row.changes):
            return Answer(Fate.LIVE, [sentence("It is now for ", what, ", changed by ", named_sync(event.sync), ".")])
    return Answer(Fate.LIVE, [sentence("It is for ", what, " now.")])


def _keyless(sync: Sync, row: StoredRow) -> Answer:
    """A row without a key: nothing can be looked up, but what the sync said."""
    reason = row.reasons[0] if row.reasons else None
    words = f" left out a row of {row.file} (line {row.line:,}): {reason.message if reason else row.outcome}"
    state = "" if phase_of(sync) is Phase.APPLIED else f" ({sync.get_state_display().lower()})"
    said = sentence("Sync ", Piece(f"#{sync.pk}", sync=sync.pk), state, words)
    return Answer(Fate.LEFT_OUT, [said], [reason.fix] if reason and reason.fix else [])


def _others(past: Past, records: list[tuple[RecordType, str]], hides: Hides) -> list[tuple[RecordType, str, Answer]]:
    """What became of the person and the class, where these are not here."""
    answers = [(kind, key, explain_record(History(past, kind, key), hides)) for kind, key in records]
    return [(kind, key, answer) for kind, key, answer in answers if answer.fate is not Fate.LIVE]


def _verdict(told: list[tuple[str, Answer]], others: list[tuple[RecordType, str, Answer]], syncs: int) -> Sentence:
    """No, and what that comes from."""
    missing = " and ".join(f"the {kind.value}" for kind, _, _ in others)
    gone = f" {missing[:1].upper()}{missing[1:]} {'is' if len(others) == 1 else 'are'} not here." if others else ""
    if told:
        return sentence(f"No: the enrollment {_WORDS.get(told[0][1].fate, 'is not live')}.", gone)
    where = f"none of the {syncs:,} syncs brought an" if syncs > 1 else "the one sync so far brought no" if syncs else "no sync brought an"
    return sentence(f"No: {where} enrollment of this person in this class.", gone)


def find_classes(district: District, text: str, limit: int = 20) -> list[Class]:
    """The classes a person may mean, live and deleted: the one of that id, else those whose name or code holds all the words."""
    rows = Class.objects.of(district)
    if exact := list(rows.filter(key=text)):
        return exact
    for word in text.split():
        rows = rows.filter(Q(class_name__icontains=word) | Q(class_code__icontains=word) | Q(key__icontains=word))
    return list(rows.order_by("class_name", "key")[:limit]) if text.split() else []
