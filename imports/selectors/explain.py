"""Why a record is here or is not: the answer in words, from its row in the live tables and what the syncs did to it."""

from datetime import timedelta

from django.conf import settings

from accounts.models import District
from imports.models import Sync
from imports.selectors.answers import Answer, Fate, Hides, Piece, Sentence, day_of, inline, named_record, named_sync, sentence, told
from imports.selectors.brought import newest_about
from imports.selectors.event_words import deciding, filter_words, from_where, mends_of, place_of, standing_of
from imports.selectors.record_rows import RecordRows
from imports.selectors.timeline import Event, History, Phase
from imports.states import ACCEPTED, State, SyncKind
from records.attributes import FILE_OF, PERSON_TYPES, RecordType, attribute_label
from records.outcomes import NOT_ACCEPTED
from records.places import place_of_row
from roster.models import LIVE, LiveRecord

LEFT_OUT = tuple(fate.word for fate in NOT_ACCEPTED)
TOLD = 3  # reasons in one sentence
NAMED = 4  # changed attributes that are named; the rest is counted
_VERBS = {"created": "create", "updated": "change", "deleted": "delete"}
_DONE = {"created": "created", "updated": "changed", "deleted": "deleted"}
_DEPENDS = ("depends-on-excluded", "depends-on-kept", "reference-dangling")
_NO_ROW = ("absent", "cascade")  # reasons of a deletion that no row of its own explains
_CHECKED = (*ACCEPTED, State.NO_CHANGES)


def explain_record(history: History, hides: Hides = lambda *_: False) -> Answer:
    """What became of a record.

    Args:
        history: its events.
        hides: says whether the reader may not see the values of a file's column.
    """
    district = history.past.district
    found = LIVE[history.record_type].objects.of(district).filter(key=history.key).first() if "\0" not in history.key else None
    explainer = _Explainer(history, hides)
    if found is not None:
        return explainer.live(found) if found.deleted_at is None else explainer.deleted(found)
    return explainer.gone()


class _Explainer:
    """Puts the answer about one record together."""

    def __init__(self, history: History, hides: Hides) -> None:
        self._history, self._district, self._hides = history, history.past.district, hides
        self._kind = history.record_type

    # --- live --------------------------------------------------------------------------------------------------------

    def live(self, record: LiveRecord) -> Answer:
        """Here, since when, and whether the files still hold it."""
        created = self._history.newest(["created"], phases=[Phase.APPLIED])
        sentences = [self._since(record, created)]
        newest, mends = self._in_the_newest(created)
        return Answer(Fate.LIVE, [*sentences, *newest, *self._pending()], mends)

    def _since(self, record: LiveRecord, created: Event | None) -> Sentence:
        parts: list[str | Piece] = []
        if created is None:
            parts += ["Here since ", named_sync(record.first_sync)]
        else:
            parts += ["Here since ", named_sync(created.sync), f" ({day_of(self._district, created.at)})"]
            parts += self._how(created)
            if created.sync.pk != record.first_sync:
                parts += ["; first seen in ", named_sync(record.first_sync)]
        changed = self._history.newest(["updated"], phases=[Phase.APPLIED], of=record.last_sync)
        if changed is not None:
            parts += ["; last changed by ", named_sync(changed.sync)]
            parts += [" (", *self._rollback(changed.sync), ")"] if changed.sync.kind == SyncKind.ROLLBACK else []
            parts += [f": {self.changed_words(changed)}"] if changed.row.changes else []
        return sentence(*parts, ".")

    def _how(self, created: Event) -> list[str | Piece]:
        if created.sync.kind == SyncKind.ROLLBACK:
            return [", ", *self._rollback(created.sync)]
        return [f", created from {place_of(created)}"] if created.row.line else []

    def changed_words(self, event: Event) -> str:
        """The names of the attributes that changed; of what a district made up itself too."""
        labels = list(dict.fromkeys(attribute_label(self._kind, name) for name, _, _ in event.row.changes))
        more = len(labels) - NAMED
        return ", ".join(labels[:NAMED]) + (f" and {more} more" if more > 0 else "")

    def _in_the_newest(self, created: Event | None) -> tuple[list[Sentence], list[str]]:
        """What the newest files of each app say about a live record."""
        sentences: list[Sentence] = []
        mends: list[str] = []
        for sync in _newest_syncs(self._district, self._kind):
            decided = sync.repeats or sync
            name = Piece(f"#{sync.pk}", sync=sync.pk)
            kept = self._history.newest(["kept"], of=decided.pk)
            file, line = self._place_in(decided) if kept is None else ("", 0)
            if line:
                if created is None or created.sync.pk != sync.pk:
                    place = f"{file} line {line:,}"
                    sentences.append(sentence("Still in the files of sync ", name, f" ({sync.app}), {place}."))
            elif (left_out := self._history.newest(LEFT_OUT, of=decided.pk)) is not None:
                stayed = " What was here before stayed." if kept is not None else ""
                sentences.append(sentence("Sync ", name, f" left its row out ({place_of(left_out)}): {self._why(left_out)}.", stayed))
                mends += mends_of(left_out)
            elif kept is not None:
                sentences.append(sentence("Sync ", name, f" kept it: {self._why(kept)}."))
                mends += mends_of(kept)
        return sentences, mends

    def _place_in(self, decided: Sync) -> tuple[str, int]:
        """File and line of the accepted row in the files of a sync; line 0 where there is none."""
        written = self._history.newest(["created", "updated"], of=decided.pk)
        if written is not None:
            return written.row.file, written.row.line
        number = self._history.past.files_of(decided).line_unchanged(self._kind, self._history.key)
        return place_of_row(self._kind, number or 0)

    def _pending(self, *, is_deleted: bool = False) -> list[Sentence]:
        """What a sync that waits would do to it."""
        waiting = self._history.newest([*_VERBS], phases=[Phase.WAITING])
        if waiting is None:
            return []
        verb = "bring it back" if is_deleted and waiting.row.outcome == "created" else f"{_VERBS[waiting.row.outcome]} it"
        return [sentence("Sync ", Piece(f"#{waiting.sync.pk}", sync=waiting.sync.pk), f" would {verb} and {standing_of(waiting.sync)}.")]

    # --- deleted -----------------------------------------------------------------------------------------------------

    def deleted(self, record: LiveRecord) -> Answer:
        """Deleted, by which sync and why, and until when it can come back."""
        assert record.deleted_at is not None  # noqa: S101 - that is who is asked about here
        event = self._history.newest(["deleted"], phases=[Phase.APPLIED], of=record.last_sync)
        when = day_of(self._district, record.deleted_at)
        told_so = sentence(
            "Deleted by ", named_sync(record.last_sync), f" ({when})", *self._because(event), ".", *self._chain(self._own_row(event))
        )
        again, mends = self._not_back(event)
        until = record.deleted_at + timedelta(days=settings.PORTAL_PURGE_DAYS)
        sync = Sync.objects.of(self._district).filter(pk=record.last_sync, state__in=ACCEPTED).first()
        return Answer(
            Fate.DELETED, [told_so, *again, *self._pending(is_deleted=True)], mends or mends_of(self._own_row(event) or event), until, sync
        )

    def _because(self, event: Event | None) -> list[str | Piece]:
        """Why it was deleted, as the rest of the sentence."""
        if event is None:
            return []
        row, file = event.row, f"{FILE_OF[self._kind]}.csv"
        if row.code == "cascade":
            return self._with_whom(event)
        if event.sync.kind == SyncKind.ROLLBACK:
            return [", ", *self._rollback(event.sync)]
        if row.code == "absent":
            return [f" because no row of {file} had this SIS ID any more"]
        own = self._own_row(event)
        if own is not None:
            return [f" because its row was left out ({place_of(own)}): {self._why(own)}"]
        return [f": {self._why(event)}"] if row.code else []

    def _own_row(self, event: Event | None) -> Event | None:
        """The row that was left out and took the record with it; None where the record was deleted without one."""
        return self._history.newest(LEFT_OUT, of=event.sync.pk) if event is not None and event.row.code not in _NO_ROW else None

    def _with_whom(self, event: Event) -> list[str | Piece]:
        """Of an enrollment that went with its class or person: with which of them."""
        values, files = event.row.values, self._history.past.files_of(event.sync)
        owners = [(RecordType.CLASS, values.get("class_id", ""))]
        owners += [(kind, values.get("person_id", "")) for kind in PERSON_TYPES if kind == values.get("person_type")]
        gone = [named_record(kind, key) for kind, key in owners if _deletes(files, kind, key)]
        together: list[str | Piece] = []
        for piece in gone:
            together += [" and " if together else " together with its ", piece]
        return [*together, ", which the same sync deleted"] if gone else [" together with its class or person"]

    def _not_back(self, deleted: Event | None) -> tuple[list[Sentence], list[str]]:
        """Why a row that came after the deletion did not bring it back."""
        later = self._history.newest(LEFT_OUT)
        if later is None or (deleted is not None and not self._history.is_newer(later, deleted)):
            return [], []
        return [self._left_out(later, "Not back: ")], mends_of(later)

    # --- neither live nor deleted ------------------------------------------------------------------------------------

    def gone(self) -> Answer:
        """What is in no table: purged, left out, not decided yet, or never seen."""
        history = self._history
        if renamed := history.renamed:
            kind = self._kind.value
            said = sentence(
                "Its SIS ID is ", Piece(renamed.after, record_type=kind, key=renamed.after), " since ", named_sync(renamed.sync), "."
            )
            return Answer(Fate.RENAMED, [said])
        waiting = history.newest(["created", "updated"], phases=[Phase.WAITING])
        if waiting is not None:
            said = sentence(
                "Not here yet: ", named_sync(waiting.sync), f" would create it{from_where(waiting)} and {standing_of(waiting.sync)}."
            )
            return Answer(Fate.WAITING, [said])
        was = history.newest([*_VERBS], phases=[Phase.APPLIED])
        if was is not None:
            return self._purged(was)
        newest = history.newest()
        if newest is None:
            return Answer(Fate.UNKNOWN, [self._never()])
        if newest.row.outcome in LEFT_OUT:
            return Answer(Fate.LEFT_OUT, [self._left_out(newest, "Not here: ")], mends_of(newest))
        return self._not_true(newest)

    def _purged(self, was: Event) -> Answer:
        when = day_of(self._district, was.at)
        if was.row.outcome == "deleted":
            said = sentence("Deleted by ", named_sync(was.sync), f" ({when})", *self._because(was), ", and removed for good since.")
            again, mends = self._not_back(was)
            return Answer(Fate.PURGED, [said, *again], mends)
        said = sentence("Not here any more. The last sync that had it was ", named_sync(was.sync), f" ({when}).")
        return Answer(Fate.PURGED, [said])

    def _not_true(self, event: Event) -> Answer:
        """What would have been, or was and was taken back."""
        if event.phase is Phase.UNDONE:
            by = ["was rolled back by ", named_sync(event.undone_by)] if event.undone_by else ["was rolled back"]
            said = sentence(
                "Not here: ", named_sync(event.sync), f" {_DONE.get(event.row.outcome, 'kept')} it{from_where(event)} and ", *by, "."
            )
            return Answer(Fate.UNDONE, [said])
        verb = _DONE.get(event.row.outcome, "kept")
        said = sentence("Not here: ", named_sync(event.sync), f" would have {verb} it{from_where(event)}, but {standing_of(event.sync)}.")
        return Answer(Fate.DROPPED, [said])

    def _never(self) -> Sentence:
        kind, syncs = self._kind.value, self._history.past.syncs
        if not syncs:
            return sentence(f"Nothing was imported yet, so there is no {kind} with this SIS ID.")
        numbers = sorted(sync.pk for sync in syncs)
        if len(numbers) == 1:
            return sentence(f"The one sync so far, #{numbers[0]}, had no {kind} with this SIS ID.")
        return sentence(f"No {kind} with this SIS ID was in any of the {len(numbers):,} syncs from #{numbers[0]} to #{numbers[-1]}.")

    # --- parts of sentences ------------------------------------------------------------------------------------------

    def _left_out(self, event: Event, start: str) -> Sentence:
        if event.phase is Phase.APPLIED:
            return sentence(
                start, named_sync(event.sync), f" left the row out ({place_of(event)}): {self._why(event)}.", *self._chain(event)
            )
        if event.phase is Phase.WAITING:
            words = f" would leave the row out ({place_of(event)}) and {standing_of(event.sync)}: {self._why(event)}."
        elif event.phase is Phase.UNDONE:
            words = f", rolled back since, left the row out ({place_of(event)}): {self._why(event)}."
        else:
            words = f", which {standing_of(event.sync)}, left the row out ({place_of(event)}): {self._why(event)}."
        return sentence(start, named_sync(event.sync), words, *self._chain(event))

    def _why(self, event: Event) -> str:
        """What decided the outcome as the end of a sentence, with the filter rules where it were these."""
        if not event.row.reasons:
            return "for a reason that this version of the portal does not know"
        words = "; ".join(dict.fromkeys(inline(told(reason, self._hides)) for reason in deciding(event)[:TOLD]))
        rules = filter_words(event, self._district)
        return f"{words}: {rules}" if rules else words

    def _chain(self, event: Event | None) -> list[str | Piece]:
        """A way on to the record that this one depends on."""
        reason = event.row.reasons[0] if event is not None and event.row.reasons else None
        if event is None or reason is None or reason.code not in _DEPENDS or self._kind is not RecordType.ENROLLMENT:
            return []
        name, kind = ("class_id", "class") if reason.column == "classSourcedId" else ("person_id", event.row.values.get("person_type", ""))
        return [" See what became of ", named_record(kind, event.row.values[name]), "."] if kind and event.row.values.get(name) else []

    @staticmethod
    def _rollback(sync: Sync) -> list[str | Piece]:
        part = "a part of " if sync.scope else ""
        return [f"which rolled back {part}", named_sync(sync.undoes_id)] if sync.undoes_id else ["a rollback"]


def _newest_syncs(district: District, record_type: RecordType) -> list[Sync]:
    """The newest syncs that read the files of a record type and were accepted, or repeated such a one."""
    accepted = Sync.objects.of(district).filter(state__in=_CHECKED, delivery__is_empty=False).exclude(kind=SyncKind.ROLLBACK)
    return newest_about(district, accepted.exclude(artifacts=""), record_type)


def _deletes(files: RecordRows, kind: RecordType, key: str) -> bool:
    """Whether a sync deleted that record."""
    rows = (files.read(kind, at, key) for at in files.positions(kind, key).tolist()) if key else ()
    return any(row is not None and row.outcome == "deleted" for row in rows)
