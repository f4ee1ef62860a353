"""The filter rule that is being entered: read from the page, the address or a rule there is, and turned into a rule of the document."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict

from dataquality.steps.filters import DATE_OPERATORS, OPERATORS, WITHOUT_VALUES
from imports.services.drafts import digest_of
from imports.views.wizard.step import Page
from records.attributes import RecordType, find_attribute

NEW = "new"
MOST_CONDITIONS = 20
LIST, TEXT, DATE, NOTHING = "list", "text", "date", ""  # how the values of a condition are entered
FIRST_ATTRIBUTE = {
    RecordType.SCHOOL: "name", RecordType.SESSION: "type", RecordType.COURSE: "subjects", RecordType.STUDENT: "grades",
    RecordType.CLASS: "subjects", RecordType.ENROLLMENT: "role",
}  # fmt: skip


def widget_of(operator: str) -> str:
    """How the values of an operator are entered; an operator that is none is shown like the first one."""
    if operator in WITHOUT_VALUES:
        return NOTHING
    if operator in DATE_OPERATORS:
        return DATE
    return TEXT if operator in {"contains", "does_not_contain"} else LIST


def operators_of(record_type: RecordType, name: str) -> tuple[str, ...]:
    """The operators an attribute may have: those for dates only where it is a date, or may be one."""
    attribute = find_attribute(record_type, name)
    has_dates = attribute is None or attribute.kind == "date"
    return OPERATORS if has_dates else tuple(operator for operator in OPERATORS if operator not in DATE_OPERATORS)


def split_values(text: str) -> list[str]:
    """The values of a text field: commas part them; one that holds a comma stands in quotation marks."""
    fields = next(csv.reader([text.replace("\r", " ").replace("\n", " ")], skipinitialspace=True), [])
    return [field.strip() for field in fields if field.strip()]


def join_values(values: Sequence[str]) -> str:
    """The inverse of `split_values`."""
    sink = io.StringIO()
    csv.writer(sink, lineterminator="").writerow(values)
    return sink.getvalue().replace(",", ", ") if not any("," in value for value in values) else sink.getvalue()


@dataclass(frozen=True, slots=True)
class ConditionForm:
    """One condition as entered.

    chosen: ticked values, or dates. typed: the text field as it is. find: what the list of values is searched for.
    is_redrawn: its fields no longer suit what is chosen, so all of it must be drawn anew; is_list_redrawn: the list of values must.
    """

    attribute: str
    operator: str = "equals_any"
    chosen: tuple[str, ...] = ()
    typed: str = ""
    find: str = ""
    is_redrawn: bool = False
    is_list_redrawn: bool = False

    @property
    def widget(self) -> str:
        """How its values are entered."""
        return widget_of(self.operator)

    @property
    def values(self) -> list[str]:
        """All values, each once."""
        given = {LIST: [*self.chosen, *split_values(self.typed)], TEXT: split_values(self.typed), DATE: list(self.chosen), NOTHING: []}
        return list(dict.fromkeys(value.strip() for value in given[self.widget] if value.strip()))

    @property
    def is_complete(self) -> bool:
        """Whether it has the values it needs."""
        return self.widget == NOTHING or bool(self.values)

    @property
    def shown(self) -> str:
        """What the page remembers of how it was drawn."""
        return "|".join((self.widget, self.attribute, self.find))

    def to_json(self) -> dict[str, Any]:
        """The condition of the document."""
        return {"attribute": self.attribute, "operator": self.operator} | ({} if self.widget == NOTHING else {"values": self.values})

    @classmethod
    def of(cls, condition: Mapping[str, Any]) -> "ConditionForm":
        """A condition of the document."""
        operator, values = str(condition["operator"]), [str(value) for value in condition.get("values") or ()]
        is_text = widget_of(operator) == TEXT
        return cls(str(condition["attribute"]), operator, () if is_text else tuple(values), join_values(values) if is_text else "")


@dataclass(frozen=True, slots=True)
class RuleForm:
    """A rule as entered.

    place: NEW, or where the rule that is edited stood. was: its digest. is_redrawn: other conditions than those on the page.
    """

    place: str
    was: str
    record_type: str
    match: str
    conditions: tuple[ConditionForm, ...]
    is_redrawn: bool = False

    @property
    def kind(self) -> RecordType:
        """The record type; of one that there is none, the first."""
        return RecordType(self.record_type) if self.record_type in set(RecordType) else RecordType.STUDENT

    @property
    def is_complete(self) -> bool:
        """Whether no condition lacks its values."""
        return bool(self.conditions) and all(condition.is_complete for condition in self.conditions)

    def to_json(self) -> dict[str, Any]:
        """The rule of the document."""
        return {"record_type": self.record_type, "match": self.match, "conditions": [one.to_json() for one in self.conditions]}

    def at(self, rules: Sequence[Mapping[str, Any]]) -> int | None:
        """Where the edited rule stands now; None for a new one, and for one that is not there any more."""
        if self.place.isdigit() and int(self.place) < len(rules) and rule_digest(rules[int(self.place)]) == self.was:
            return int(self.place)
        return next((number for number, rule in enumerate(rules) if self.place != NEW and rule_digest(rule) == self.was), None)

    def is_worth_keeping(self, rules: Sequence[Mapping[str, Any]]) -> bool:
        """Whether something was entered that would be lost: values in a new rule, anything else than before in an edited one."""
        at = self.at(rules)
        if at is not None:
            return self.to_json() != RuleForm.of(str(at), rules[at]).to_json()
        return any(one.values or one.widget == NOTHING for one in self.conditions)

    @classmethod
    def fresh(cls, record_type: RecordType = RecordType.STUDENT) -> "RuleForm":
        """A new rule with one condition that has no values yet."""
        return cls(NEW, "", record_type.value, "all", (first_condition(record_type),))

    @classmethod
    def of(cls, place: str, rule: Mapping[str, Any]) -> "RuleForm":
        """A rule of the document, to be edited."""
        conditions = tuple(ConditionForm.of(one) for one in rule["conditions"])
        return cls(place, rule_digest(rule), str(rule["record_type"]), str(rule.get("match", "all")), conditions)


def rule_digest(rule: Mapping[str, Any]) -> str:
    """What an edited rule is known by, wherever it has moved."""
    return digest_of({"rule": rule}, ["rule"])


def first_condition(record_type: RecordType) -> ConditionForm:
    """The condition a new rule begins with."""
    return ConditionForm(FIRST_ATTRIBUTE.get(record_type, "primary_school"))


def entered_rule(page: Page) -> RuleForm | None:
    """The rule in the form of the page, or the one that the address asks for (?rule=new, ?rule=2); None where none is being entered."""
    fields = page.request.POST if page.request.method == "POST" else page.request.GET
    place = fields.get("rule", "")
    rules = page.draft.document["filters"]
    if "rule_type" in fields:
        return _after_button(_read(fields), page.request.POST.get("do", ""))
    if place.isdigit() and int(place) < len(rules):
        return RuleForm.of(place, rules[int(place)])
    return RuleForm.fresh() if place == NEW else None


def _read(fields: QueryDict) -> RuleForm:
    record_type, match = fields.get("rule_type", ""), fields.get("match", "all")
    form = RuleForm(fields.get("rule", NEW), fields.get("was", ""), record_type, match, ())
    if record_type != fields.get("shown_type", record_type) and record_type in set(RecordType):  # conditions of another record type
        return replace(form, conditions=(first_condition(RecordType(record_type)),), is_redrawn=True)
    count = fields.get("conditions", "1")
    numbers = range(min(int(count), MOST_CONDITIONS) if count.isdigit() else 1)
    return replace(form, conditions=tuple(_condition(fields, form.kind, number) for number in numbers))


def _condition(fields: QueryDict, kind: RecordType, number: int) -> ConditionForm:
    """One condition. Values of another attribute, or entered in another way, are not taken over."""
    attribute, operator = fields.get(f"attribute:{number}", first_condition(kind).attribute), fields.get(f"operator:{number}", "equals_any")
    widget, shown_attribute, find = (*fields.get(f"shown:{number}", "").split("|", 2), "", "", "")[:3]
    is_other = bool(shown_attribute) and shown_attribute != attribute
    if is_other and operator not in operators_of(kind, attribute):
        operator = "equals_any"
    chosen, typed = tuple(fields.getlist(f"value:{number}")), fields.get(f"text:{number}", "")
    new_find = "" if is_other else fields.get(f"find:{number}", "").strip()
    given = ConditionForm(attribute, operator, chosen, typed, new_find)
    is_redrawn = bool(shown_attribute) and (is_other or given.widget != widget)
    if is_other or (is_redrawn and DATE in (widget, given.widget)):
        given = replace(given, chosen=(), typed="")
    elif is_redrawn and given.widget == TEXT:
        given = replace(given, chosen=(), typed=join_values([*chosen, *split_values(typed)]))
    return replace(given, is_redrawn=is_redrawn, is_list_redrawn=not is_redrawn and given.widget == LIST and new_find != find)


def _after_button(form: RuleForm, asked: str) -> RuleForm:
    """The rule with one condition more or less, where that was asked for."""
    verb, _, number = asked.partition(":")
    conditions = list(form.conditions)
    if verb == "add-condition" and len(conditions) < MOST_CONDITIONS:
        return replace(form, conditions=(*conditions, first_condition(form.kind)), is_redrawn=True)
    if verb == "remove-condition" and number.isdigit() and int(number) < len(conditions) > 1:
        del conditions[int(number)]
        return replace(form, conditions=tuple(conditions), is_redrawn=True)
    return form
