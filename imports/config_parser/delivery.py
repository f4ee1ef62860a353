"""The parts of the document about deliveries: how they come, when, and which schools they name."""

from dataclasses import dataclass, field
from datetime import date

from imports.config import SIGN_INS
from imports.config_parser.node import Node, shown
from imports.schedule import DAYS, FREQUENCIES, HOURLY, MONTHLY, WEEKLY, Schedule

SCHEMAS = ("oneroster-1.1",)
LATER_SCHEMAS = ("clever",)
PERCENTAGES = ("update_threshold", "deletion_threshold", "school_update_threshold", "school_deletion_threshold", "row_floor")
ROWS = ("school_update_rows", "school_deletion_rows")
MOST_ROWS = 10_000_000
_REQUIRED = ("data_schema", "preview", "update_threshold", "deletion_threshold", "aides_as_teachers")
_KEYS = (*_REQUIRED, *(name for name in (*PERCENTAGES, *ROWS) if name not in _REQUIRED), "hold_deletions_only")
_KEY_TYPES = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
_ON_ARRIVAL = "run_on_arrival"


@dataclass(frozen=True, slots=True)
class DeliveryPart:
    """What `delivery` says; thresholds are per cent, rows are records of one school, None is off."""

    data_schema: str
    preview: bool
    update_threshold: float | None
    deletion_threshold: float | None
    school_update_threshold: float | None
    school_deletion_threshold: float | None
    school_update_rows: int | None
    school_deletion_rows: int | None
    row_floor: float | None
    hold_deletions_only: bool
    aides_as_teachers: bool
    run_on_arrival: bool


@dataclass(frozen=True, slots=True)
class SchoolsPart:
    """What `schools` says: sourcedId -> the portal's school, whether all others become new schools, and what new ones are called (else as in the files)."""

    all_missing_as_new: bool = False
    mapping: dict[str, str] = field(default_factory=dict)
    new_names: dict[str, str] = field(default_factory=dict)


def parse_delivery(node: Node, *, is_sftp: bool) -> DeliveryPart:
    """Read `delivery`; only the SFTP app has sign-ins, and may run when files arrive."""
    elsewhere = dict.fromkeys(SIGN_INS, "Only the SFTP app has a user name, a password and keys. Leave it out.")
    elsewhere[_ON_ARRIVAL] = "Only the SFTP app runs when files arrive. Leave it out."
    entries = node.keyed((*_KEYS, _ON_ARRIVAL, *SIGN_INS) if is_sftp else _KEYS, required=_REQUIRED, elsewhere=elsewhere)
    if "public_keys" in entries:
        for key in entries["public_keys"].items():
            _check_public_key(key)
    for name in ("username", "password"):
        if name in entries and entries[name].value is not None:
            entries[name].text()

    def flag(name: str) -> bool:
        return name in entries and entries[name].flag()

    def threshold(name: str) -> float | None:
        return entries[name].number_between(0, 100) if name in entries and entries[name].value is not None else None

    return DeliveryPart(
        data_schema=_schema(entries["data_schema"]) if "data_schema" in entries else "",
        preview=flag("preview"),
        update_threshold=threshold("update_threshold"),
        deletion_threshold=threshold("deletion_threshold"),
        school_update_threshold=threshold("school_update_threshold"),
        school_deletion_threshold=threshold("school_deletion_threshold"),
        school_update_rows=_rows(entries.get("school_update_rows")),
        school_deletion_rows=_rows(entries.get("school_deletion_rows")),
        row_floor=threshold("row_floor"),
        hold_deletions_only=flag("hold_deletions_only"),
        aides_as_teachers=flag("aides_as_teachers"),
        run_on_arrival=flag(_ON_ARRIVAL),
    )


def _rows(node: Node | None) -> int | None:
    """A limit in records of one school; null switches it off."""
    number = None if node is None or node.value is None else node.number_between(0, MOST_ROWS)
    if node is not None and number is not None and number != int(number):
        node.refuse(f"{shown(number)} is not a whole number of records.")
    return None if number is None else int(number)


def _schema(node: Node) -> str:
    if node.value in LATER_SCHEMAS:
        node.refuse(f"{shown(node.value)} files are not available in this version of the portal. Use {shown(SCHEMAS[0])}.")
        return ""
    return node.choice(SCHEMAS)


def _check_public_key(node: Node) -> None:
    if not isinstance(node.value, str) or node.value.split(" ")[0] not in _KEY_TYPES or len(node.value.split()) < 2:
        node.refuse("This is not a public key. Paste the line of the .pub file, for example ssh-ed25519 AAAA… laptop.")


def parse_schools(node: Node) -> SchoolsPart:
    """Read `schools`."""
    entries = node.keyed(("all_missing_as_new", "mapping", "new_names"), required=("all_missing_as_new", "mapping"))
    mapping = entries["mapping"].entries() if "mapping" in entries else {}
    for source_id, target in mapping.items():
        if not source_id.strip():
            target.refuse("A school of the files is named by its sourcedId, and this one is empty. Fill it in.")
    return SchoolsPart(
        all_missing_as_new="all_missing_as_new" in entries and entries["all_missing_as_new"].flag(),
        mapping={source_id: target.text() for source_id, target in mapping.items()},
        new_names={source_id: _new_name(name) for source_id, name in entries["new_names"].entries().items()}
        if "new_names" in entries
        else {},
    )


def _new_name(node: Node) -> str:
    """The name of a school that is to be created."""
    if isinstance(node.value, str) and not node.value.strip():
        node.refuse("Give the new school a name.")
        return ""
    return node.text()


def parse_schedule(node: Node) -> Schedule | None:
    """Read `schedule`; null switches it off. What a frequency has no use for is a fault: nobody shall think that it counts."""
    if node.value is None:
        return None
    entries = node.keyed(("when", "days", "day", "hour", "minute", "end_date"), required=("when",))
    when = entries["when"].choice(FREQUENCIES) if "when" in entries else ""
    end = entries["end_date"].value if "end_date" in entries else None
    return Schedule(
        when,
        _days_of_week(node, entries, when),
        0 if when == HOURLY else _whole(entries, "hour", 0, 23),
        _whole(entries, "minute", 0, 59),
        iso_date(entries["end_date"]) if end is not None else None,
        _day_of_month(node, entries, when),
    )


def _days_of_week(node: Node, entries: dict[str, Node], when: str) -> tuple[str, ...]:
    """The days of a weekly schedule, in the order of the week."""
    if when == HOURLY and "hour" in entries:
        entries["hour"].refuse("An hourly schedule runs at every hour. Leave the hour out, or choose another frequency.")
    days = {item.choice(DAYS) for item in entries["days"].items()} if "days" in entries else set()
    if when == WEEKLY and not days:
        entries.get("days", node.under("days", None)).refuse("A weekly schedule needs at least one day of the week, for example Monday.")
    elif when and when != WEEKLY and days:
        entries["days"].refuse(f'Only a weekly schedule has days of the week. Leave them out, or choose "{WEEKLY}".')
    return tuple(day for day in DAYS if day in days)


def _day_of_month(node: Node, entries: dict[str, Node], when: str) -> int:
    """The day of a monthly schedule."""
    if when == MONTHLY and "day" not in entries:
        node.under("day", None).refuse("A monthly schedule needs a day from 1 to 31. A shorter month runs on its last day.")
    elif when and when != MONTHLY and "day" in entries:
        entries["day"].refuse(f'Only a monthly schedule has a day of the month. Leave it out, or choose "{MONTHLY}".')
    return _whole(entries, "day", 1, 31)


def _whole(entries: dict[str, Node], name: str, lowest: int, highest: int) -> int:
    if name not in entries:
        return lowest
    number = entries[name].number_between(lowest, highest)
    if number is not None and number != int(number):
        entries[name].refuse(f"{shown(number)} is not a whole number. Use one from {lowest} to {highest}.")
    return lowest if number is None else int(number)


def iso_date(node: Node) -> date | None:
    """Read a date; None after a fault."""
    try:
        if isinstance(node.value, str) and len(node.value) == len("YYYY-MM-DD"):
            return date.fromisoformat(node.value)
    except ValueError:
        pass
    node.refuse(f"{shown(node.value)} is not a date. Write it as YYYY-MM-DD, for example 2027-06-30.")
    return None
