"""Domains of Uniqueness: values that only one record may have, the fixed ones and those a district adds."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from dataquality.steps.uniqueness import Domain, domain_attribute
from imports.config import ConfigRefused
from imports.config_parser import parse_config
from imports.config_words import domain_words
from imports.pipeline import judge_rows
from imports.trial import Base
from imports.views.wizard.choices import TAB_ORDER, attribute_choices, faults_under, refused_addition, with_entries
from imports.views.wizard.step import Counting, Document, Page, Step
from imports.views.words import count_words
from records.attributes import UNIQUE_EMAIL_TYPES, RecordType
from records.frames import gather
from records.text import is_in

PART = "uniqueness"
SHARED, REPEATED, DIFFERING = "uniqueness-shared", "key-repeated", "key-repeated-differs"
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
    base = counting.trial.base(counting.config, counting.page.document)
    shared = _judged(base) if any(one.code == SHARED for one in counting.drafted.found) else gather([])
    domains = [(f"domain-{number}", _of_domain(shared, domain)) for number, domain in enumerate(counting.config.uniqueness)]
    return {
        "domain_counts": [
            ("domain-email", _of_attribute(shared, UNIQUE_EMAIL_TYPES, "email")),
            ("domain-sis_id", _repeated_keys(base)),
            *domains,
        ],
        "previews": [(f"preview-{kind}", _preview(counting.page, base, kind)) for kind in TAB_ORDER],
    }


def _judged(base: Base, more: Domain | None = None) -> pd.DataFrame:
    """The findings about shared values, with one domain more where there is one to try."""
    judge = base.judge
    if more is not None:
        config = replace(judge.params.config, uniqueness=(*judge.params.config.uniqueness, more))
        judge = replace(judge, params=replace(judge.params, config=config))
    found = gather(judge_rows(base.frames, base.links, judge)[1])
    return found[(found["code"] == SHARED).to_numpy(dtype=bool)]


def _of_domain(found: pd.DataFrame, domain: Domain, *, would: bool = False) -> str:
    return _of_attribute(found, (domain.record_type,), domain_attribute(domain.record_type, domain.attributes), would=would)


def _of_attribute(found: pd.DataFrame, kinds: Iterable[RecordType], attribute: str, *, would: bool = False) -> str:
    """The sentence about the values of one domain that several rows share."""
    mine = found[(found["attribute"] == attribute).to_numpy(dtype=bool) & found["record_type"].isin(list(kinds)).to_numpy(dtype=bool)]
    values = mine["value"].str.lower() if attribute == "email" else mine["value"]
    return shared_sentence(values.nunique(), _rows(mine, kinds), would=would)


def _rows(found: pd.DataFrame, kinds: Iterable[RecordType]) -> dict[RecordType, int]:
    rows = {kind: found["row"][(found["record_type"] == kind.value).to_numpy(dtype=bool)].nunique() for kind in kinds}
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


def _repeated_keys(base: Base) -> str:
    """SIS IDs that several rows of one record type have, which the check of the keys has found."""
    found = gather(
        part[is_in(part["code"], pd.Series([REPEATED, DIFFERING], dtype=part["code"].dtype))] for part in base.findings if len(part)
    )
    sentences = []
    for code, words in (
        (REPEATED, "with the same values; these rows are duplicates."),
        (DIFFERING, "with different values; these rows are invalid."),
    ):
        mine = found[(found["code"] == code).to_numpy(dtype=bool)]
        rows = _rows(mine, UNIQUE_EMAIL_TYPES)
        if rows:
            mine = mine[mine["record_type"].isin(list(rows)).to_numpy(dtype=bool)]
            values = mine["value"].nunique()
            repeats = "repeat" if code == REPEATED else "share"
            sentences.append(f"{_people(rows)} {repeats}{'s' if sum(rows.values()) == 1 else ''} {count_words(values, 'SIS ID')} {words}")
    return " ".join(sentences) or NOTHING_SHARED


def _preview(page: Page, base: Base, kind: RecordType) -> str:
    """What a domain of the ticked attributes would find; empty where nothing is ticked."""
    domain = _chosen(page, kind.value)
    if not domain["attributes"]:
        return ""
    document = with_entries(page, PART, [*page.document[PART], domain])
    try:
        config = parse_config(document, page.app.kind, page.known_headers)
    except ConfigRefused as refusal:
        return refusal.problems[0].message
    return _of_domain(_judged(base, config.uniqueness[-1]), config.uniqueness[-1], would=True)


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
