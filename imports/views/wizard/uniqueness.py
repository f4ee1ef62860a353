"""Domains of Uniqueness: values that only one record may have, the fixed ones and those a district adds."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dataquality.steps.uniqueness import Domain, domain_attribute
from imports.config import ConfigRefused
from imports.config_parser import parse_config
from imports.config_words import domain_words
from imports.trial import TrialResult
from imports.trial.result import DIFFERING, REPEATED, SHARED
from imports.views.wizard.choices import TAB_ORDER, attribute_choices, faults_under, refused_addition, with_entries
from imports.views.wizard.step import Counting, Document, Page, Step
from imports.views.words import count_words
from records.attributes import UNIQUE_EMAIL_TYPES, RecordType

PART = "uniqueness"
NOTHING_SHARED = "No value is shared."


@dataclass(frozen=True, slots=True)
class DomainLine:
    """A domain that was added. `place`: the id its count is put under; `entry`: it as text, by which it is sent back and removed."""

    place: str
    words: str
    record_types: str
    entry: str
    problem: str


@dataclass(frozen=True, slots=True)
class Adder:
    """The attributes of a record type to choose a new domain from: name, label, whether it is ticked."""

    record_type: RecordType
    choices: list[tuple[str, str, bool]]
    problem: str
    has_email: bool

    @property
    def label(self) -> str:
        """The tab's name."""
        return self.record_type.label


def read(page: Page) -> Document:
    """The domains that the page lists; they are added and removed by buttons."""
    post = page.request.POST
    if "lists_domains" not in post:
        return page.document
    return with_entries(page, PART, [_entry(text) for text in post.getlist("domain")])


def _entry(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def act(page: Page, do: str) -> str | None:
    """Add the domain of the ticked attributes ("add:student"), or remove one ("remove:" and the domain as text)."""
    asked, _, what = do.partition(":")
    domains = page.document[PART]
    if asked == "add":
        page.document = with_entries(page, PART, [*domains, _chosen(page, what)])
    elif asked == "remove":
        page.document = with_entries(page, PART, [one for one in domains if json.dumps(one) != what])
    return None


def _chosen(page: Page, record_type: str) -> dict[str, Any]:
    return {"record_type": record_type, "attributes": page.request.POST.getlist(f"new:{record_type}")}


def show(page: Page) -> Mapping[str, Any]:
    """The domains, and what can be added."""
    refused_type, fault = refused_addition(page, PART)
    domains = page.document[PART][:-1] if fault else page.document[PART]
    return {
        "domains": [_line(page, number, domain) for number, domain in enumerate(domains)],
        "adders": [_adder(page, kind, fault if kind == refused_type else "") for kind in TAB_ORDER],
        "is_adding": bool(fault),
        "fixed_types": [kind.plural for kind in UNIQUE_EMAIL_TYPES],
    }


def _line(page: Page, number: int, domain: Any) -> DomainLine:
    record_type, names = RecordType(domain["record_type"]), [str(name) for name in domain["attributes"]]
    words = domain_words(record_type, names)
    return DomainLine(f"domain-{number}", words, record_type.plural, json.dumps(domain), faults_under(page, PART, number))


def _adder(page: Page, kind: RecordType, fault: str) -> Adder:
    """Attributes that are unique on their own make every set unique that they are in, so they are not offered."""
    fixed = {"sis_id", "email"} if kind in UNIQUE_EMAIL_TYPES else {"sis_id"}
    ticked = page.request.POST.getlist(f"new:{kind}") if fault else []
    choices = [(name, label, name in ticked) for name, label in attribute_choices(page, kind) if name not in fixed]
    return Adder(kind, choices, fault, "email" in fixed)


def count(counting: Counting) -> Mapping[str, Any]:
    """The present conflicts of every domain, and those that the ticked attributes would find."""
    drafted = counting.drafted
    return {
        "domain_counts": [
            ("domain-email", _email_sentence(drafted)),
            ("domain-sis_id", _key_sentence(drafted)),
            *((f"domain-{number}", domain_sentence(drafted, domain)) for number, domain in enumerate(counting.config.uniqueness)),
        ],
        "previews": [(f"preview-{kind}", _preview(counting, kind)) for kind in TAB_ORDER],
    }


def domain_sentence(result: TrialResult, domain: Domain, *, would: bool = False) -> str:
    """The conflicts of an added domain."""
    kind, attribute = domain.record_type, domain_attribute(domain.record_type, domain.attributes)
    values = result.shared_values(code=SHARED, record_type=kind, attribute=attribute)
    return shared_sentence(values, _rows(result, SHARED, attribute, (kind,)), would=would)


def _email_sentence(result: TrialResult) -> str:
    return shared_sentence(result.shared_values(code=SHARED, attribute="email"), _rows(result, SHARED, "email", UNIQUE_EMAIL_TYPES))


def _rows(result: TrialResult, code: str, attribute: str, kinds: Iterable[RecordType]) -> dict[RecordType, int]:
    """Record type -> rows that fall under a rule, where there are any."""
    rows = {kind: result.rows(code=code, record_type=kind, attribute=attribute) for kind in kinds}
    return {kind: count for kind, count in rows.items() if count}


def shared_sentence(values: int, rows: Mapping[RecordType, int], *, would: bool = False) -> str:
    """Say how many values are shared by whom: "2 values are shared by 5 students; these rows are duplicates"."""
    total = sum(rows.values())
    if not total:
        return NOTHING_SHARED
    be = "would be" if would else "is" if total == 1 else "are"
    if total == 1:
        return f"{_people(rows)} has a value that is taken; this row {be} a duplicate."
    return f"{count_words(values, 'value')} {'is' if values == 1 else 'are'} shared by {_people(rows)}; these rows {be} duplicates."


def _people(rows: Mapping[RecordType, int]) -> str:
    words = [count_words(count, kind.label.lower(), kind.plural.lower()) for kind, count in rows.items()]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _key_sentence(result: TrialResult) -> str:
    """SIS IDs that several rows of one record type have, which the check of the keys has found."""
    sentences = []
    for code, does, how, one, many in (
        (REPEATED, "repeat", "the same", "a duplicate", "duplicates"),
        (DIFFERING, "share", "different", "invalid", "invalid"),
    ):
        rows = _rows(result, code, "sis_id", UNIQUE_EMAIL_TYPES)
        if rows:
            values = sum(result.shared_values(code=code, record_type=kind, attribute="sis_id") for kind in rows)
            is_one = sum(rows.values()) == 1
            ends = f"this row is {one}" if is_one else f"these rows are {many}"
            sentences.append(f"{_people(rows)} {does}{'s' if is_one else ''} {count_words(values, 'SIS ID')} with {how} values; {ends}.")
    return " ".join(sentences) or NOTHING_SHARED


def _preview(counting: Counting, kind: RecordType) -> str:
    """What a domain of the ticked attributes would find; empty where nothing is ticked."""
    page, chosen = counting.page, _chosen(counting.page, kind.value)
    if not chosen["attributes"]:
        return ""
    document = with_entries(page, PART, [*page.document[PART], chosen])
    try:
        config = parse_config(document, page.app.kind, page.known_headers)
    except ConfigRefused as refusal:
        return refusal.problems[0].message
    return domain_sentence(counting.trial.run(config, document), config.uniqueness[-1], would=True)


UNIQUENESS = Step(
    slug="uniqueness",
    title="Domains of Uniqueness",
    icon="duplicate",
    lead="Values that only one record may have. Of rows that share one, the row whose live record already holds it is imported; the others are duplicates.",
    parts=(PART,),
    read=read,
    show=show,
    count=count,
    act=act,
)
