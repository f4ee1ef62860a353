"""The form in which a filter rule is entered, as the page shows it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from formats.problems import Refused
from imports.config import ConfigRefused
from imports.config_parser import parse_config
from imports.config_words import OPERATORS
from imports.trial import Base, Trial, counting, open_trial
from imports.views.wizard.choices import attribute_choices
from imports.views.wizard.filters_form import DATE, LIST, ConditionForm, RuleForm, operators_of
from imports.views.wizard.filters_values import Choices, choose, present_values, value_names
from imports.views.wizard.step import Page
from records.attributes import SCREEN_ORDER, RecordType
from records.frames import Frames

OPERATOR_LABELS = {**OPERATORS, "equals_any": "is any of"}
_NOT_FOR_FRAMES = {"filters": [], "requirements": {}, "uniqueness": [], "drop_empty_classes": False}


class DeliveredValues:
    """The values of the last delivery, read when a list asks for them; none where nothing was delivered or it cannot be read.

    Args:
        page: the page. base: the delivery's frames, where they are at hand already.
    """

    def __init__(self, page: Page, base: Base | None = None) -> None:
        self._page, self._given = page, base

    def choices(self, kind: RecordType, condition: ConditionForm) -> Choices:
        """The values to tick for a condition; where the delivery is not known those that are ticked."""
        if self._given is not None:
            return self._choices(self._given.frames, kind, condition)
        with counting():
            base = self._base
            return self._choices(base.frames, kind, condition) if base else replace(self._choices({}, kind, condition), is_known=False)

    def _choices(self, frames: Frames, kind: RecordType, condition: ConditionForm) -> Choices:
        present = present_values(frames, kind, condition.attribute)
        names = value_names(frames, kind, condition.attribute, self._page.school_names)
        return choose(present, names, find=condition.find, chosen=condition.chosen)

    @cached_property
    def _base(self) -> Base | None:
        """The frames; what the rules of the document say does not matter to them, so neither do faults in these."""
        try:
            trial = open_trial(self._page.app)
            return _frames_of(self._page, trial) if trial else None
        except (Refused, ConfigRefused):
            return None


def _frames_of(page: Page, trial: Trial) -> Base:
    document = {**page.draft.document, **_NOT_FOR_FRAMES}
    return trial.base(parse_config(document, page.app.kind, page.known_headers), document)


@dataclass
class ConditionView:
    """One condition as it is drawn. `path`: where it stands in the document once the rule is taken."""

    number: int
    form: ConditionForm
    kind: RecordType
    attributes: Sequence[tuple[str, str]]
    problems: Mapping[str, str]
    path: str
    values: DeliveredValues

    @property
    def operators(self) -> list[tuple[str, str]]:
        """(name, words) of the operators to choose from; one that does not suit the attribute only while it is chosen."""
        offered = dict.fromkeys([*operators_of(self.kind, self.form.attribute), self.form.operator])
        return [(name, OPERATOR_LABELS.get(name, name)) for name in offered]

    @property
    def attribute_options(self) -> list[tuple[str, str]]:
        """(name, label) of the attributes; one that is not known only while it is chosen."""
        known = dict(self.attributes)
        return [*known.items(), *([] if self.form.attribute in known else [(self.form.attribute, f"{self.form.attribute} (not known)")])]

    @property
    def label(self) -> str:
        """What the attribute is called."""
        return dict(self.attributes).get(self.form.attribute, self.form.attribute)

    @cached_property
    def choices(self) -> Choices:
        """The values to tick."""
        return self.values.choices(self.kind, self.form) if self.form.widget == LIST else Choices((), 0, 0)

    @property
    def dates(self) -> list[str]:
        """The date fields: those that are filled in, and one to fill in where there may be another."""
        given = [value for value in self.form.chosen if value] if self.form.widget == DATE else []
        return [*given, ""] if not given or self.form.operator == "on" else given

    @property
    def attribute_problem(self) -> str:
        """What is wrong with the attribute."""
        return self.problems.get(f"{self.path}.attribute", "")

    @property
    def operator_problem(self) -> str:
        """What is wrong with the operator."""
        return self.problems.get(f"{self.path}.operator", "")

    @property
    def values_problem(self) -> str:
        """What is wrong with the values."""
        return _joined(self.problems, (f"{self.path}.values",))


@dataclass
class EditorView:
    """The whole form. `place`: where the rule would stand; its faults are known by that."""

    form: RuleForm
    place: int
    is_new: bool
    conditions: list[ConditionView]
    problem: str

    @property
    def kind(self) -> RecordType:
        """The record type."""
        return self.form.kind

    @property
    def types(self) -> tuple[RecordType, ...]:
        """All record types."""
        return SCREEN_ORDER

    def draw_lists(self) -> None:
        """Work the lists out that are to be drawn anew, while the delivery is at hand."""
        for condition in self.conditions:
            if self.form.is_redrawn or condition.form.is_redrawn or condition.form.is_list_redrawn:
                _ = condition.choices


def editor_view(page: Page, form: RuleForm, problems: Mapping[str, str], base: Base | None = None) -> EditorView:
    """The form as the page shows it. `problems`: the faults of the document with this rule in it, by path."""
    rules: list[Any] = page.draft.document["filters"]
    at = form.at(rules)
    place = len(rules) if at is None else at
    values, attributes = DeliveredValues(page, base), attribute_choices(page, form.kind)
    path = f"filters[{place}]"
    conditions = [
        ConditionView(number, one, form.kind, attributes, problems, f"{path}.conditions[{number}]", values)
        for number, one in enumerate(form.conditions)
    ]
    own = [f"{path}.record_type", f"{path}.match", f"{path}.conditions"]
    problem = " ".join(dict.fromkeys(problems[name] for name in (path, *own) if name in problems))
    return EditorView(form, place, at is None, conditions, problem)


def _joined(problems: Mapping[str, str], paths: Iterable[str]) -> str:
    """The sentences at these paths and below them."""
    found = [words for at, words in problems.items() for path in paths if at == path or at.startswith((f"{path}.", f"{path}["))]
    return " ".join(dict.fromkeys(found))
