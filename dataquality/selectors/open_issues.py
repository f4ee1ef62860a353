"""Data Quality: the open issues, by rule and record."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from accounts.models import District
from dataquality.models import Issue
from records.attributes import SCREEN_ORDER, RecordType, attribute_label, find_attribute
from records.rules import RULES, Rule
from roster.models import LIVE
from roster.selectors.browse import clean_search
from roster.selectors.keyset import read_page

REPORTED = "reported"
# What no rule of today describes: an issue found by an older version of the portal.
_UNKNOWN = Rule(
    "unknown", None, "Other issue", "This issue was found by an earlier version of the portal.", "Import again to have it checked anew."
)


@dataclass(frozen=True, slots=True)
class IssueGroup:
    """All open issues of one rule on one attribute of one record type."""

    record_type: str
    code: str
    attribute: str
    attribute_label: str
    title: str
    count: int
    outcome: str

    @property
    def is_left_out(self) -> bool:
        """Whether rows of this kind are not imported."""
        return self.outcome != REPORTED


@dataclass(frozen=True, slots=True)
class TypeGroup:
    """The groups of one record type, largest first."""

    record_type: str
    label: str
    count: int
    groups: list[IssueGroup]


@dataclass(frozen=True, slots=True)
class IssueRow:
    """One open issue: which record, where in the file, since when."""

    key: str
    name: str
    file: str
    line: int
    value: str
    is_value_hidden: bool
    message: str
    opened_at: datetime
    last_sync: int
    is_live: bool


@dataclass(frozen=True, slots=True)
class IssuePage:
    """One page of a group's issues."""

    rows: list[IssueRow]
    before: str
    after: str


def open_issues(district: District, app: str = "") -> QuerySet[Issue]:
    """The open issues of a district, or of one of its apps."""
    issues = Issue.objects.of(district).filter(resolved_at=None)
    return issues.filter(app=app) if app else issues


def count_open(district: District, app: str = "") -> int:
    """How many issues are open."""
    return open_issues(district, app).count()


def open_groups(district: District, app: str = "") -> list[TypeGroup]:
    """The open issues counted by record type, rule and attribute: one GROUP BY."""
    counted = open_issues(district, app).order_by().values_list("record_type", "code", "attribute").annotate(count=Count("pk"))
    by_type: dict[str, list[IssueGroup]] = defaultdict(list)
    for record_type, code, attribute, count in counted:
        rule = RULES.get(code, _UNKNOWN)
        by_type[record_type].append(
            IssueGroup(record_type, code, attribute, label_of(record_type, attribute), rule.title, count, _outcome(rule))
        )
    order = [record_type.value for record_type in SCREEN_ORDER]
    known = sorted(by_type, key=lambda name: order.index(name) if name in order else len(order))
    return [
        TypeGroup(name, plural_of(name), sum(group.count for group in by_type[name]), sorted(by_type[name], key=lambda group: -group.count))
        for name in known
    ]


def find_group(district: District, record_type: str, code: str, attribute: str, app: str = "") -> IssueGroup | None:
    """One group with its count, or None if it has no open issue."""
    count = _of_group(district, record_type, code, attribute, app).count()
    rule = RULES.get(code, _UNKNOWN)
    label = label_of(record_type, attribute)
    return IssueGroup(record_type, code, attribute, label, rule.title, count, _outcome(rule)) if count else None


def read_issues(
    district: District, group: IssueGroup, *, app: str = "", search: str = "", cursor: str = "", sees_sensitive: bool = False
) -> IssuePage:
    """One page of a group's issues, in the order in which they were found; a search looks at names, keys and visible values."""
    attribute = find_attribute(RecordType(group.record_type), group.attribute) if group.record_type in set(RecordType) else None
    is_hidden = attribute is not None and attribute.is_sensitive and not sees_sensitive
    issues = _of_group(district, group.record_type, group.code, group.attribute, app)
    for word in clean_search(search).split():
        found = Q(record_name__icontains=word) | Q(record_key__icontains=word)
        issues = issues.filter(found if is_hidden else found | Q(value__icontains=word))
    page = read_page(issues, ("id",), cursor)
    rule = RULES.get(group.code, _UNKNOWN)
    live = _live_keys(district, group.record_type, page.rows)
    rows = [_row(issue, rule, is_hidden=is_hidden, is_live=issue.record_key in live) for issue in page.rows]
    return IssuePage(rows, page.before, page.after)


def fix_of(group: IssueGroup) -> str:
    """The sentence that says how to mend a group's issues at the source."""
    return _words(RULES.get(group.code, _UNKNOWN).fix, group.record_type, group.attribute, value="the value", detail="what is named")


def label_of(record_type: str, attribute: str) -> str:
    """The screen's label of an issue's attribute ("" if the issue is about the whole record)."""
    if not attribute or record_type not in set(RecordType):
        return attribute
    return attribute_label(RecordType(record_type), attribute)


def plural_of(record_type: str) -> str:
    """The label of a record type's group."""
    return RecordType(record_type).plural if record_type in set(RecordType) else "Files"


def _of_group(district: District, record_type: str, code: str, attribute: str, app: str) -> QuerySet[Issue]:
    return open_issues(district, app).filter(record_type=record_type, code=code, attribute=attribute)


def _outcome(rule: Rule) -> str:
    return rule.fate.word if rule.fate is not None else REPORTED


def _live_keys(district: District, record_type: str, issues: list[Issue]) -> set[str]:
    """Which of the records have a page of their own: what was left out may never have been live."""
    if record_type not in set(RecordType):
        return set()
    records = LIVE[RecordType(record_type)].objects.of(district)
    return set(records.filter(key__in={issue.record_key for issue in issues}, deleted_at=None).values_list("key", flat=True))


def _row(issue: Issue, rule: Rule, *, is_hidden: bool, is_live: bool) -> IssueRow:
    message = _words(
        rule.message,
        issue.record_type,
        issue.attribute,
        value="hidden" if is_hidden else issue.value,
        detail="hidden" if is_hidden else issue.detail,
    )
    return IssueRow(
        key=issue.record_key, name=issue.record_name or issue.record_key, file=issue.file, line=issue.line,
        value="" if is_hidden else issue.value, is_value_hidden=is_hidden and bool(issue.value), message=message,
        opened_at=issue.opened_at, last_sync=issue.last_sync, is_live=is_live,
    )  # fmt: skip


def _words(template: str, record_type: str, attribute: str, *, value: str, detail: str) -> str:
    found = find_attribute(RecordType(record_type), attribute) if record_type in set(RecordType) else None
    column = found.source.partition(".")[2] if found else attribute
    label = label_of(record_type, attribute)
    return template.format(
        file="", line="", column=column or label, value=value, detail=detail, record=record_type or "row", attribute=label
    )
