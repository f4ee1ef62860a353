"""The rules of filters, requirements, uniqueness and difference read naively, row by row in plain Python: what the pipeline is held against.

Covers people without repeated or broken rows, at one school; everything that the faults of `test_model` can do.
"""

from collections import defaultdict
from typing import Any

from imports.config import ImportConfig
from records.attributes import RecordType

Row = dict[str, str]
TYPES = {"student": RecordType.STUDENT, "teacher": RecordType.TEACHER, "administrator": RecordType.ADMIN}
ATTRIBUTES = {"sis_id": "sourcedId", "first_name": "givenName", "last_name": "familyName", "username": "username", "email": "email",
              "user_type": "role", "grades": "grades", "phone": "phone", "primary_school": "orgSourcedIds"}  # fmt: skip


def judge(users: list[Row], config: ImportConfig, live: dict[RecordType, dict[str, Row]]) -> dict[RecordType, dict[str, str]]:
    """Type -> key -> outcome of the row, or "deleted" or "kept" for a live record without one. `live` is brought up to date."""
    verdicts: dict[RecordType, dict[str, str]] = {kind: {} for kind in TYPES.values()}
    rows = {kind: {row["sourcedId"]: row for row in users if TYPES[row["role"]] is kind} for kind in TYPES.values()}
    for kind, some in rows.items():
        for key, row in some.items():
            if reason := _left_out(kind, row, config):
                verdicts[kind][key] = reason
    domains: list[tuple[tuple[RecordType, ...], tuple[str, ...]]] = [(tuple(TYPES.values()), ("email",))]
    domains += [((domain.record_type,), domain.attributes) for domain in config.uniqueness]
    while _judge_shared(rows, domains, verdicts, live):
        pass
    for kind, some in rows.items():
        for key, row in some.items():
            if key not in verdicts[kind]:
                before = live[kind].get(key)
                verdicts[kind][key] = "created" if before is None else "unchanged" if _said(before) == _said(row) else "updated"
                live[kind][key] = dict(row)
            elif verdicts[kind][key] == "excluded":
                live[kind].pop(key, None)
        for key in set(live[kind]) - set(some):
            del live[kind][key]
            verdicts[kind][key] = "deleted"
    return verdicts


def _left_out(kind: RecordType, row: Row, config: ImportConfig) -> str:
    if row["status"] == "inactive" or not _passes(kind, row, config):
        return "excluded"
    wanted = [name for name, level in config.requirements.get(kind, {}).items() if level == "skip"]
    return "skipped" if any(not row.get(ATTRIBUTES.get(name, ""), "") for name in wanted) else ""


def _passes(kind: RecordType, row: Row, config: ImportConfig) -> bool:
    rules = [rule for rule in config.filters if rule.record_type is kind]
    return not rules or any((all if rule.match == "all" else any)(_meets(row, one) for one in rule.conditions) for rule in rules)


def _meets(row: Row, condition: Any) -> bool:
    value, wanted = row[ATTRIBUTES[condition.attribute]].lower(), [one.lower() for one in condition.values]
    if condition.operator == "equals_any":
        return any(one in (value, *value.split(",")) if condition.attribute == "grades" else one == value for one in wanted)
    if condition.operator == "contains":
        return any(one in value for one in wanted)
    if condition.operator == "does_not_contain":
        return not any(one in value for one in wanted)
    return bool(value) is (condition.operator == "is_not_empty")


def _judge_shared(rows: Any, domains: Any, verdicts: Any, live: Any) -> bool:
    """One round over all domains; True if it found new duplicates, whose live records may hold other values in the next round."""
    fresh = []
    for kinds, attributes in domains:
        holders = defaultdict(list)  # value -> (who, kind, key, is a row, holds it live)
        for kind in kinds:
            for key, row in rows[kind].items():
                value = _value(row, attributes)
                if value and key not in verdicts[kind]:
                    before = live[kind].get(key)
                    holders[value].append((_who(kind, key), kind, key, True, before is not None and _value(before, attributes) == value))
            for key, before in live[kind].items():
                value = _value(before, attributes)
                if value and (key in rows[kind]) and _is_kept(kind, key, verdicts, fresh):
                    holders[value].append((_who(kind, key), kind, key, False, True))
        for kind, key in _losers(holders):
            fresh.append((kind, key))
            verdicts[kind][key] = "duplicate"
    return bool(fresh)


def _losers(holders: Any) -> list[tuple[RecordType, str]]:
    losers = []
    for some in holders.values():
        owners = {who for who, *_, holds in some if holds}
        if len({who for who, *_ in some}) > 1:
            losers += [(kind, key) for who, kind, key, is_row, _ in some if is_row and not (len(owners) == 1 and who in owners)]
    return losers


def _is_kept(kind: RecordType, key: str, verdicts: Any, fresh: Any) -> bool:
    return verdicts[kind].get(key) in {"skipped", "duplicate"} and (kind, key) not in fresh


def _said(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "status"}


def _who(kind: RecordType, key: str) -> tuple[str, str]:
    return ("student" if kind is RecordType.STUDENT else "staff", key)


def _value(row: Row, attributes: tuple[str, ...]) -> tuple[str, ...]:
    values = [row[ATTRIBUTES[name]].lower() if name == "email" else row[ATTRIBUTES[name]] for name in attributes]
    return tuple(values) if all(values) else ()
