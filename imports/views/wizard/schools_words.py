"""What a changed mapping does to the district's own records, in a sentence, before it is saved."""

from collections.abc import Mapping, Sequence

from imports.views.wizard.schools_ties import Ties
from imports.views.words import count_words
from records.attributes import RecordType

COUNTED = (RecordType.STUDENT, RecordType.TEACHER, RecordType.CLASS)
_ELSEWHERE = "except people for whom the files name another mapped school or office too"
_NAMED = 4  # schools that a sentence names one by one


def counts_words(counts: Mapping[str, int]) -> str:
    """412 students, 20 teachers, 30 classes; empty where there are none."""
    return ", ".join(count_words(counts[kind], kind.label.lower(), kind.plural.lower()) for kind in COUNTED if counts.get(kind))


def consequence(source_id: str, now: Ties, then: Ties) -> str:
    """What changes for one school between the configuration in force and the draft; for one that stays merged, that it is.

    Args:
        source_id: the school of the files. now: the configuration in force. then: the draft.
    """
    before, after = now.target(source_id), then.target(source_id)
    if not now.facts.is_named(source_id):
        return _of_gone(source_id, now, then)
    if before == after and after not in then.planned:
        return _merged(after, then)
    if not after:
        return _left_out(source_id, before, now)
    first = _moves(source_id, now, then) if before in now.facts.portal and before != after else _comes(source_id, then)
    return " ".join(filter(None, [first, _merged(after, then)]))


def _of_gone(source_id: str, now: Ties, then: Ties) -> str:
    """The school is not in the files, so nothing happens to records now."""
    if source_id in now.mapping and source_id not in then.mapping:
        returns = "comes back as a new school" if then.everything_new else "is not mapped"
        return f"The mapping is deleted. No record changes by that; if the school is in the files again, it {returns}."
    if now.mapping.get(source_id) != then.mapping.get(source_id):
        return f"If the school is in the files again, its rows come to {then.target_name(then.target(source_id))}."
    return ""


def _left_out(source_id: str, before: str, now: Ties) -> str:
    start = f"Rows of {now.facts.name(source_id)} are left out from the next sync on"
    others = [key for key in now.feeding(before) if key != source_id]
    counts = counts_words(now.facts.portal[before].counts) if before in now.facts.portal else ""
    if others:
        return (
            f"{start}: what it brought to {now.target_name(before)} stays in the portal as it is and is not updated. "
            f"Rows of {_listed(others, now)} go on."
        )
    return f"{start}: {counts} stay in the portal as they are and are not updated, {_ELSEWHERE}." if counts else f"{start}."


def _comes(source_id: str, then: Ties) -> str:
    after = then.target(source_id)
    if after in then.planned:
        return f"The next sync creates the school {then.planned[after]} and takes its rows." if after == source_id else ""
    return f"Its rows come to {then.target_name(after)} with the next sync."


def _moves(source_id: str, now: Ties, then: Ties) -> str:
    before, after = now.target(source_id), then.target(source_id)
    where = f"from {now.target_name(before)} to {then.target_name(after)} with the next sync"
    where += ", which creates it" if after in then.planned else ""
    others = [key for key in now.feeding(before) if key != source_id]
    if others:
        return f"What {now.facts.name(source_id)} brings moves {where}; rows of {_listed(others, now)} stay."
    counts = counts_words(now.facts.portal[before].counts) if before in now.facts.portal else ""
    if not counts:
        return f"Its rows move {where}."
    left = "" if then.feeding(before) else f" {now.target_name(before)} stays in the portal without records."
    return f"{counts} move {where}.{left}"


def _merged(target: str, then: Ties) -> str:
    """Say that several schools of the files are one school of the portal."""
    feeding = then.feeding(target) if target else []
    if len(feeding) < 2:
        return ""
    return _ended(f"Merged: {then.target_name(target)} gets the rows of {len(feeding):,} schools: {_listed(feeding, then)}")


def difference(source_id: str, ties: Ties) -> str:
    """What the files call the school now, where the portal calls it otherwise. Merged schools have other names by nature."""
    target = ties.target(source_id)
    if not ties.facts.is_named(source_id) or target not in ties.facts.portal or len(ties.feeding(target)) > 1:
        return ""
    name, called = ties.facts.named.schools[source_id].name, ties.facts.portal[target].name
    if not name or name == called:
        return ""
    was = ties.facts.live[source_id].name if source_id in ties.facts.live else ""
    return _ended(f"Renamed in the files: {was} is now {name}" if was not in ("", name) else f"The files call it {name}")


def _ended(words: str) -> str:
    """A sentence; a name such as Harbor H.S. has brought its full stop along."""
    return words if words.endswith(".") else f"{words}."


def _listed(source_ids: Sequence[str], ties: Ties) -> str:
    names = [ties.facts.name(key) for key in source_ids]
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED:,} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def summary(groups: Mapping[str, int]) -> str:
    """How many schools there are of each kind."""
    named = groups["existing"] + groups["missing"]
    words = f"{count_words(named, 'school')} in the files: {groups['existing']:,} mapped, {groups['missing']:,} not mapped."
    if groups["gone"]:
        words += f" {count_words(groups['gone'], 'mapped school')} {'is' if groups['gone'] == 1 else 'are'} not in the files any more."
    return words


def open_words(everything_new: bool) -> str:
    """What becomes of schools that are not mapped."""
    if everything_new:
        return "Every school that is not mapped below becomes a new school by itself. To leave one out, switch this off first."
    return "Rows of schools that are not mapped are left out, and their live records stay as they are."


def source_changed_words(mapped: int, missing: int, *, everything_new: bool) -> str:
    """Say that the ids of all schools are new."""
    risk = " As it stands each of them becomes a new school." if everything_new else " As it stands all their rows are left out."
    one = mapped == 1
    return (
        f"{'The one mapped school is not' if one else f'None of the {mapped:,} mapped schools is'} in the files any more, "
        f"and {count_words(missing, 'new one')} {'is' if missing == 1 else 'are'}: did the source system change?{risk}"
        " Auto Mapping finds the schools of the portal again by identifier and name."
    )
