"""Filter Rules: which records are let through, and whether classes left without students are dropped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imports.config import ConfigRefused
from imports.config_parser import parse_config
from imports.config_words import rule_words
from imports.trial import Base
from imports.views.wizard.choices import faults_under, with_entries
from imports.views.wizard.filters_counts import (
    RuleCount,
    count_rule,
    count_types,
    dropped_classes,
    dropped_sentence,
    gone_schools,
    gone_words,
)
from imports.views.wizard.filters_editor import EditorView, editor_view
from imports.views.wizard.filters_form import NEW, RuleForm, entered_rule
from imports.views.wizard.step import SHOW_AGAIN, Counting, Document, Page, Step
from records.attributes import SCREEN_ORDER, RecordType

PART, DROP = "filters", "drop_empty_classes"
AS_DRAFTED = "as_drafted"  # the page asks for counts when it is opened: nothing was entered yet
DONE, CANCEL, EDIT, REMOVE, SHOW = "done", "cancel", "edit", "remove", "show"
GONE = "This rule is not there any more, so nothing was changed. Look at the rules below."
UNKNOWN = "This button is not known here. Reload the page and try again."
NO_VALUES = "Choose at least one value to see what the rule lets through."


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule in the list. `number`: its place in the document."""

    number: int
    words: str
    problem: str
    warnings: tuple[str, ...]
    is_edited: bool


@dataclass(frozen=True, slots=True)
class TypeGroup:
    """The rules of one record type, of which a record must meet one."""

    record_type: RecordType
    rules: list[RuleLine]


def read(page: Page) -> Document:
    """The switch; and the rule that is being entered where the page is left, so that it is not lost."""
    post = page.request.POST
    if AS_DRAFTED in post:
        return page.document
    document = {**page.document, DROP: post.get(DROP) == "on"}
    form = entered_rule(page) if "go" in post else None
    return _with_rule(page, document, form) if form and form.is_worth_keeping(page.document[PART]) else document


def act(page: Page, asked: str) -> str | None:
    """The buttons: new, edit:2, remove:2, done, cancel, and those inside the form of the rule, which only show it again."""
    verb, _, what = asked.partition(":")
    rules = page.document[PART]
    if verb in {EDIT, REMOVE} and not (what.isdigit() and int(what) < len(rules)):
        page.said = GONE
        return None
    if verb in (NEW, EDIT):
        return f"{page.url}?rule={what or NEW}#new-rule"
    if verb == REMOVE:
        page.document = with_entries(page, PART, [rule for number, rule in enumerate(rules) if number != int(what)])
        return SHOW_AGAIN if "rule" in page.request.POST else f"{page.url}#rules"
    form = entered_rule(page)
    if verb == DONE and form is not None:
        page.document = _with_rule(page, page.document, form)
        return f"{page.url}#rules"
    if verb == CANCEL:
        return f"{page.url}#rules"
    if verb not in {SHOW, "add-condition", "remove-condition"}:
        page.said = UNKNOWN
        return None
    return SHOW_AGAIN


def _with_rule(page: Page, document: Document, form: RuleForm) -> Document:
    """The document with the rule in its place. Values are written as the parser reads them (K is KG); faulty ones stay as they were typed."""
    rules = list(document[PART])
    at = form.at(rules)
    place = len(rules) if at is None else at
    rules[place : place + 1] = [form.to_json()]
    taken = {**document, PART: rules}
    try:
        read_rule = parse_config({**taken, PART: [rules[place]]}, page.app.kind, page.known_headers).filters[0]
    except ConfigRefused:
        return taken
    for condition, read_condition in zip(rules[place]["conditions"], read_rule.conditions, strict=True):
        if "values" in condition:
            condition["values"] = list(dict.fromkeys(read_condition.values))
    return taken


def show(page: Page) -> Mapping[str, Any]:
    """The rules of the draft by record type, and the form where a rule is being entered."""
    form = entered_rule(page)
    editor = editor_view(page, form, page.problem_at) if form else None
    groups = _groups(page, editor)
    with_rules = {group.record_type for group in groups}
    return {
        "groups": groups,
        "editor": editor,
        "pass_whole": [kind.plural.lower() for kind in SCREEN_ORDER if kind not in with_rules],
        "drops_empty": page.document[DROP] is True,
        "drop_problem": page.problem_at.get(DROP, ""),
    }


def _groups(page: Page, editor: EditorView | None) -> list[TypeGroup]:
    edited = editor.place if editor and not editor.is_new else None
    groups: dict[RecordType, list[RuleLine]] = {}
    for number, rule in enumerate(page.draft.document[PART]):
        kind = RecordType(rule["record_type"])
        is_edited = number == edited
        problem = "" if is_edited else faults_under(page, PART, number)
        warnings = () if problem else _gone_in(page, kind, rule)
        words = f"{kind.plural} pass if {rule_words(kind, rule, page.school_names)}."
        groups.setdefault(kind, []).append(RuleLine(number, words, problem, warnings, is_edited))
    return [TypeGroup(kind, groups[kind]) for kind in SCREEN_ORDER if kind in groups]


def _gone_in(page: Page, kind: RecordType, rule: Mapping[str, Any]) -> tuple[str, ...]:
    """Schools in a rule that the portal does not have, before the delivery was looked at."""
    try:
        config = parse_config({**page.draft.document, PART: [rule]}, page.app.kind, page.known_headers)
    except ConfigRefused:
        return ()
    conditions = config.filters[0].conditions
    return tuple(gone_words(value) for one in conditions for value in gone_schools(kind, one, page.school_names))


def count(counting: Counting) -> Mapping[str, Any]:
    """What each rule lets through, what each type loses and what goes along, what the rule being entered would do, and the empty classes."""
    page, config = counting.page, counting.config
    base = counting.trial.base(config, page.document)
    kept = counting.trial.keep("filters", page.document, lambda: _count_document(counting, base))
    form = entered_rule(page)
    editor = editor_view(page, form, {}, base) if form else None
    if editor:
        editor.draw_lists()
    return {
        "rule_counts": [(number, count_rule(base, rule, page.school_names)) for number, rule in enumerate(config.filters)],
        **kept,
        **({"editor": editor, "entered": _count_entered(page, base, form)} if form else {}),
    }


def _count_document(counting: Counting, base: Base) -> dict[str, Any]:
    """What does not change while a rule is being entered: a sentence for each type that has rules, and one on the empty classes."""
    config = counting.config
    return {
        "type_counts": [(one.record_type.value, one.sentence) for one in count_types(base)],
        "drop_sentence": dropped_sentence(dropped_classes(base), is_on=config.drop_empty_classes),
    }


def _count_entered(page: Page, base: Base, form: RuleForm) -> RuleCount:
    """What the rule in the form would let through; what stands in the way, where it is not whole yet."""
    if not form.is_complete:
        return RuleCount(0, 0, NO_VALUES, ())
    try:
        config = parse_config({**page.document, PART: [form.to_json()]}, page.app.kind, page.known_headers)
    except ConfigRefused as refusal:
        return RuleCount(0, 0, "", tuple(dict.fromkeys(problem.message for problem in refusal.problems)))
    return count_rule(base, config.filters[0], page.school_names)


FILTERS = Step(
    slug="filters",
    title="Filter Rules",
    icon="filter",
    lead="Which records are let through. A record passes if it meets one of the rules of its type; what meets none is left out, and its live record goes.",
    parts=(PART, DROP),
    read=read,
    show=show,
    count=count,
    act=act,
    follows="imports/wizard/_filters_follows.html",
)
