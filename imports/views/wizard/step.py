"""What a step of the wizard is made of, and what its functions are given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.urls import reverse

from accounts.current import DistrictRequest
from imports.config import ConfigProblem, ConfigRefused, ImportConfig
from imports.config_parser import parse_config
from imports.config_words import part_of
from imports.models import ConfigDraft, ImportApp
from imports.selectors.delivered import Headers, delivered_headers, known_headers
from imports.selectors.school_list import planned_names
from imports.trial import Trial, TrialResult
from roster.models import Organization

Document = dict[str, Any]
SHOW_AGAIN = ""  # what `act` returns to have the step shown with what was entered, instead of afresh


@dataclass
class Page:
    """A step as one person sees it: the app, the draft, and the document to show (the draft's, or one that was just entered and is not taken yet)."""

    request: DistrictRequest
    app: ImportApp
    draft: ConfigDraft
    step: "Step"
    document: Document
    said: str = ""  # a sentence on top: why what was entered was not taken

    @cached_property
    def headers(self) -> Headers:
        """The headers of the last delivery that was read, by file."""
        return delivered_headers(self.app)

    @cached_property
    def known_headers(self) -> Headers:
        """By file the headers that may feed any attribute."""
        return known_headers(self.app)

    @cached_property
    def school_names(self) -> Mapping[str, str]:
        """The names of the portal's schools and offices by key, and of the schools that the draft has created."""
        known = Organization.objects.of(self.app.district_id).values_list("key", "name")
        return planned_names(self.app, self.draft.document) | dict(known)

    @cached_property
    def problems(self) -> list[ConfigProblem]:
        """All faults of the document."""
        return problems_of(self.document, self.app.kind, self.known_headers)

    @cached_property
    def own_problems(self) -> list[ConfigProblem]:
        """The faults of the parts that this step edits."""
        return [problem for problem in self.problems if part_of_problem(problem) in self.step.parts]

    @cached_property
    def problem_at(self) -> dict[str, str]:
        """Path in the document -> sentence, for the fields of this step."""
        return {problem.path: problem.message for problem in self.own_problems}

    @property
    def config(self) -> ImportConfig:
        """The document parsed.

        Raises:
            ConfigRefused: it has faults.
        """
        return parse_config(self.document, self.app.kind, self.known_headers)

    @property
    def url(self) -> str:
        """The address of this step."""
        return self.step.url(self.app)


@dataclass
class Counting:
    """What the counts of a step are worked out from: the page, the last delivery, and the results of the draft and of the configuration in force."""

    page: Page
    trial: Trial
    config: ImportConfig
    drafted: TrialResult
    in_force: TrialResult


@dataclass(frozen=True)
class Step:
    """One step.

    parts: the parts of the document it edits.
    also: parts of which it edits a setting, while the others of that part are another step's (see `config_words.part_of`).
    read: the document with what the form says in it, unchecked: the parser names every fault by its path.
    show: what the template needs beside the page; quick, without reading the delivery.
    count: what the template of counts needs, from the last delivery; its numbers are put into the page by their ids.
    beside: a template that stands in the place of the effect on the last delivery, for a step that decides nothing about records; from the
        context of `show`, too.
    follows: a template of what follows every change without the last delivery, from the context of `show`; put into the page by ids, too.
    act: what the step's own buttons (name="do") do, to the document; returns the address to go to next, None to stay,
        or SHOW_AGAIN to stay with everything that was entered.
    """

    slug: str
    title: str
    icon: str
    lead: str
    parts: tuple[str, ...]
    read: Callable[[Page], Document]
    show: Callable[[Page], Mapping[str, Any]]
    count: Callable[[Counting], Mapping[str, Any]] | None = None
    act: Callable[[Page, str], str | None] | None = None
    follows: str = ""
    beside: str = ""
    also: tuple[str, ...] = ()
    apps: Sequence[str] = field(default=tuple(ImportApp.Kind.values))

    def url(self, app: ImportApp) -> str:
        """The address of the step."""
        return reverse("imports:configure", args=[app.kind, self.slug])

    @property
    def written(self) -> tuple[str, ...]:
        """The parts of the document that are written when it is left."""
        return (*self.parts, *self.also)

    @property
    def template(self) -> str:
        """The page."""
        return f"imports/wizard/{self.slug}.html"

    @property
    def counts_template(self) -> str:
        """The counts that are put into the page."""
        return f"imports/wizard/_{self.slug}_counts.html"


def problems_of(document: Mapping[str, Any], kind: str, headers: Headers) -> list[ConfigProblem]:
    """Every fault of a document; none means that it can be saved."""
    try:
        parse_config(document, kind, headers)
    except ConfigRefused as refusal:
        return refusal.problems
    return []


def part_of_problem(problem: ConfigProblem) -> str:
    """The part of the document a fault is in, as `config_words.part_of` has it."""
    return part_of(tuple(part.split("[")[0] for part in problem.path.split(".")))
