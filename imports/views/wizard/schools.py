"""Schools Mapping: which school of the portal each school of the files is, and what changing that does."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import QueryDict
from django.template.loader import render_to_string

from accounts.current import address_of
from imports.models import Sync
from imports.services.school_list import take_name
from imports.states import State
from imports.steps.named_schools import people_by_school
from imports.trial.frames import checked_frames
from imports.views.wizard.schools_rows import build_rows, count_groups, options_of
from imports.views.wizard.schools_ties import EXISTING, GONE, MISSING, NEW, Ties, all_sources, facts_of
from imports.views.wizard.schools_words import open_words, source_changed_words, summary
from imports.views.wizard.step import Counting, Document, Page, Step
from mapping.steps.auto_map import NamedSchool, match_schools

FILTERS = (("", "All"), (EXISTING, "Existing"), (MISSING, "Missing"), (GONE, "Schools with missing data"))


def read(page: Page) -> Document:
    """The switch, and the rows that differ from what the document says. A school that does not exist any more is not taken, and is said."""
    post, part = page.request.POST, page.document["schools"]
    ties = Ties(facts_of(page.app), part)
    mapping, names = dict(part["mapping"]), dict(part.get("new_names", {}))
    everything_new = post.get("all_missing_as_new") == "on"
    by_itself = _left_to_the_switch(page) if everything_new else set()
    for source_id in post.getlist("school"):
        choice = post.get(f"map:{source_id}", ties.choice(source_id))
        if choice == "":
            mapping.pop(source_id, None)
        elif choice == NEW or (choice == source_id and source_id not in ties.facts.portal):
            mapping[source_id] = source_id
        elif _is_unknown(choice, source_id, ties):
            page.said = f"The school chosen for {ties.facts.name(source_id)} does not exist in the portal any more. Choose another one."
        elif choice == source_id and source_id in by_itself:
            mapping.pop(source_id, None)
        else:
            mapping[source_id] = choice
        _name(names, source_id, post.get(f"name:{source_id}"), ties, is_new=choice == NEW)
    return {**page.document, "schools": _part(everything_new=everything_new, mapping=mapping, names=names)}


def _left_to_the_switch(page: Page) -> set[str]:
    """The schools that need no entry while All Missing Schools as New is on: those without one, and those that switching it off in this draft gave one."""
    mapping, is_on = page.document["schools"]["mapping"], page.document["schools"]["all_missing_as_new"]
    at_first: Mapping[str, str] = page.draft.base.document.get("schools", {}).get("mapping", {})
    return {key for key in page.request.POST.getlist("school") if key not in (mapping if is_on else at_first)}


def _is_unknown(choice: str, source_id: str, ties: Ties) -> bool:
    return choice not in ties.facts.portal and choice not in ties.planned and choice != ties.mapping.get(source_id)


def _name(names: dict[str, str], source_id: str, entered: str | None, ties: Ties, *, is_new: bool) -> None:
    """Keep the name of a new school where it is not that of the files; the parser says that an empty one is no name."""
    if not is_new or source_id in ties.facts.portal:
        names.pop(source_id, None)
    elif entered is not None and entered.strip() != ties.facts.name(source_id):
        names[source_id] = entered.strip()
    elif entered is not None:
        names.pop(source_id, None)


def _part(*, everything_new: bool, mapping: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """The part of the document; names of new schools are in it only where there are any."""
    part: dict[str, Any] = {"all_missing_as_new": everything_new, "mapping": dict(mapping)}
    return part | ({"new_names": dict(names)} if names else {})


def show(page: Page) -> Mapping[str, Any]:
    """The rows, the filter, and where the list of schools comes from."""
    now, then = _now_and_then(page)
    given = _entered(page) or page.request.GET
    group = given.get("show", "") if given.get("show", "") in dict(FILTERS) else ""
    text = given.get("q", "")[:100]
    waiting = Sync.objects.of(page.app.district_id).filter(app=page.app, state=State.NEEDS_SCHOOL_MAPPING).order_by("-pk").first()
    portal, planned = options_of(then)
    rows = build_rows(now, then, problems=page.problem_at, errors=_errors(page, then), group=group, text=text)
    return {
        "rows": rows,
        "option_lists": render_to_string("imports/wizard/_school_options.html", {"portal_options": portal, "planned_options": planned}),
        "filters": FILTERS,
        "show": group,
        "q": text,
        "known": now.facts.named,
        "waiting": waiting,
        "are_lists_full": all(row.has_full_list for row in rows if row.is_shown),
        "shows_some": any(row.is_shown for row in rows),
        **_statements(now, then),
    }


def _entered(page: Page) -> QueryDict:
    """The step's form, where it was sent. The form of orgs.csv is another one, and is not read where it is refused for its size."""
    match = page.request.resolver_match
    is_own = page.request.method == "POST" and match is not None and match.url_name != "upload_school_list"
    return page.request.POST if is_own else QueryDict()


def _now_and_then(page: Page) -> tuple[Ties, Ties]:
    """The configuration in force and the document of the page, held against the same facts."""
    facts = facts_of(page.app)
    in_force = page.app.config.document if page.app.config else page.draft.base.document
    return Ties(facts, in_force["schools"]), Ties(facts, page.document["schools"])


def _statements(now: Ties, then: Ties) -> dict[str, Any]:
    """What is said of all schools together; the same on the page and with every count."""
    groups, moved = count_groups(all_sources(now, then), then), then.source_changed()
    return {
        "groups": {"": sum(groups.values()), **groups},
        "summary": summary(groups),
        "open_words": open_words(then.everything_new),
        "source_changed": source_changed_words(*moved, everything_new=then.everything_new) if moved else "",
        "gone_entries": sum(not then.facts.is_named(source_id) for source_id in then.mapping),
    }


def _errors(page: Page, ties: Ties) -> dict[str, str]:
    """School -> why what was chosen for it just now was not taken."""
    post = _entered(page)
    chosen = {source_id: post.get(f"map:{source_id}", "") for source_id in post.getlist("school")}
    unknown = (key for key, choice in chosen.items() if choice not in ("", NEW, key) and _is_unknown(choice, key, ties))
    return dict.fromkeys(unknown, "This school does not exist any more. Choose another one.")


def count(counting: Counting) -> Mapping[str, Any]:
    """What every change does, and how many people of the last delivery would come with each missing school."""
    page, trial = counting.page, counting.trial
    now, then = _now_and_then(page)
    people = people_by_school(checked_frames(trial.texts, counting.config, trial.folder).frames)
    rows = build_rows(now, then, problems={}, errors={})
    return {"rows": [(row, people.get(row.source_id, 0)) for row in rows], "filters": FILTERS, **_statements(now, then)}


def act(page: Page, do: str) -> str | None:
    """The step's own buttons: Auto Mapping, delete one mapping or all that lack data, take the name of the files, show a part of the rows."""
    name, _, source_id = do.partition(":")
    post = page.request.POST
    part = page.document["schools"]
    ties = Ties(facts_of(page.app), part)
    if name == "auto":
        page.document = {**page.document, "schools": _mapped_by_itself(ties)}
    elif name in ("delete", "delete-gone"):
        gone = {source_id} if name == "delete" else {key for key in part["mapping"] if not ties.facts.is_named(key)}
        kept = {key: target for key, target in part["mapping"].items() if key not in gone}
        names = {key: value for key, value in part.get("new_names", {}).items() if key not in gone}
        page.document = {**page.document, "schools": _part(everything_new=ties.everything_new, mapping=kept, names=names)}
    elif name == "take-name":
        _take_name(page, ties, source_id)
    asked = {"show": source_id if name == "show" else post.get("show", ""), "q": post.get("q", "")}
    query = urlencode({key: value for key, value in asked.items() if value})
    return f"{page.url}?{query}" if query else None


def _mapped_by_itself(ties: Ties) -> dict[str, Any]:
    """Auto Mapping: every missing school by identifier, then by name, else a new one; later ones become new by themselves."""
    facts = ties.facts
    missing = [key for key in facts.named.schools if ties.group(key) == MISSING]
    taken = {ties.target(key) for key in facts.named.schools if ties.group(key) == EXISTING}
    schools = [NamedSchool(key, facts.named.schools[key].name, facts.named.schools[key].identifier) for key in missing]
    targets = [NamedSchool(school.key, school.name, school.identifier) for school in facts.portal.values()]
    found = {key: choice.target or key for key, choice in match_schools(schools, targets, taken).items()}
    names: Mapping[str, str] = ties.part.get("new_names", {})
    return _part(
        everything_new=True, mapping={**ties.mapping, **found}, names={key: names[key] for key in names if found.get(key, key) == key}
    )


def _take_name(page: Page, ties: Ties, source_id: str) -> None:
    """Rename the portal's school at once: a name is no setting of the import."""
    school = ties.facts.named.schools.get(source_id)
    before = take_name(
        app=page.app, key=ties.target(source_id), name=school.name if school else "", by=page.request.user, address=address_of(page.request)
    )
    if before and school:
        messages.success(page.request, f"{before} is now called {school.name} in the portal.")


SCHOOLS = Step(
    slug="schools",
    title="Schools Mapping",
    icon="mapping",
    lead="Which school of the portal each school of your files is. Rows of schools that are not mapped are left out.",
    parts=("schools",),
    read=read,
    show=show,
    count=count,
    act=act,
)
