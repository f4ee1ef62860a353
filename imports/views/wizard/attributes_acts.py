"""The buttons of Attributes Mapping: save, delete, reset, confirm. What cannot be done is said, and the document stays as it was."""

from django.contrib import messages

from imports.services.drafts import confirm_rekey, seen_of, write_draft
from imports.views.wizard.attributes_form import MappingForm, entered_in, fault_of, is_standard, with_source, without
from imports.views.wizard.attributes_rekey import REKEY, TYPED, rekeyed_here, shown_sources
from imports.views.wizard.attributes_tabs import Mapped, Tab, file_of
from imports.views.wizard.attributes_uses import uses_of
from imports.views.wizard.step import Page
from mapping.steps.attributes import files_for
from records.attributes import RecordType, attribute_label

UNKNOWN = "This button is not known here. Reload the page and try again."
SAVE, DELETE, RESET, RESET_TAB, CONFIRM = "save", "delete", "reset", "reset-tab", "confirm"


def act(page: Page, asked: str) -> str | None:
    """Do what a button asks: "delete:student:email"; returns the address of the tab."""
    if asked == CONFIRM:
        return confirm(page)
    verb, _, rest = asked.partition(":")
    kind_name, _, what = rest.partition(":")
    if kind_name not in set(RecordType):
        page.said = UNKNOWN
        return None
    kind, mapped = RecordType(kind_name), Mapped(page)
    if verb in (SAVE, RESET_TAB) and what in files_for(kind):
        tab = mapped.tab(kind, what)
        return _save(mapped, tab) if verb == SAVE else _reset_tab(mapped, tab)
    if verb in (DELETE, RESET) and what in mapped.entries(kind):
        return _delete(mapped, kind, what) if verb == DELETE else _reset(mapped, kind, what)
    page.said = UNKNOWN
    return None


def take_forms(page: Page) -> None:
    """Take the mappings that are wholly chosen when the page is left by another button, so that nothing chosen is lost."""
    for tab in Mapped(page).tabs():
        mapped = Mapped(page)
        if entered_in(mapped, tab).entered.is_complete:
            _save(mapped, tab)


def _save(mapped: Mapped, tab: Tab) -> str | None:
    form, page, kind = entered_in(mapped, tab), mapped.page, tab.record_type
    form.is_checked = True
    if form.problems:
        page.said = f"The mapping is not taken yet. {next(iter(form.problems.values()))}"
        return None
    name, source = form.entered.name, form.entered.source
    before, is_new = mapped.entries(kind).get(name, ""), name not in mapped.entries(kind)
    page.document = with_source(page.document, kind, name, source)
    label = attribute_label(kind, name)
    if is_new:
        _tell(page, f"{kind.plural} have a new attribute {label} ({name}), fed by {source}.")
    elif source != before:
        instead = f"instead of {before}" if before else "and was not fed before"
        _tell(page, f"{label} of {kind.plural.lower()} is now fed by {source}, {instead}.{_rekey_words(page, kind, name)}")
    return _address(page, tab.key)


def _delete(mapped: Mapped, kind: RecordType, name: str) -> str | None:
    page, label = mapped.page, attribute_label(kind, name)
    file = file_of(mapped.entries(kind)[name], kind)
    uses = list(uses_of(page.document, kind, name))
    if not is_standard(kind, name):
        if uses:
            page.said = (
                f"{label} of {kind.plural.lower()} is still used by {' and '.join(uses)}. Remove it there first; nothing was changed."
            )
            return None
        page.document = without(page.document, kind, name)
        _forget_requirement(page)
        _tell(page, f"{kind.plural} have no attribute {label} any more. The next sync clears its values.")
        return _address(page, f"{kind}-{file}")
    if fault := fault_of(mapped, kind, name, None):
        page.said = fault
        return None
    page.document = with_source(page.document, kind, name, None)
    _tell(page, f"{label} of {kind.plural.lower()} is not fed any more: it is empty in every record.{_uses_words(uses)}")
    return _address(page, f"{kind}-{file}")


def _reset(mapped: Mapped, kind: RecordType, name: str) -> str | None:
    page, default = mapped.page, mapped.defaults[kind].get(name)
    if default is None:
        page.said = f"{attribute_label(kind, name)} is an attribute of your own and has no default. Change it, or delete it."
        return None
    page.document = with_source(page.document, kind, name, default)
    _tell(page, f"{attribute_label(kind, name)} of {kind.plural.lower()} is fed by {default} again.{_rekey_words(page, kind, name)}")
    return _address(page, f"{kind}-{file_of(default, kind)}")


def _reset_tab(mapped: Mapped, tab: Tab) -> str:
    """All attributes that this file feeds, or feeds by default, go back to their default; attributes of the district's own stay."""
    page, kind, number = mapped.page, tab.record_type, 0
    for name, default in mapped.defaults[kind].items():
        source = mapped.entries(kind)[name]
        if source != default and tab.file in (default.partition(".")[0], source.partition(".")[0]):
            page.document, number = with_source(page.document, kind, name, default), number + 1
    own = [line.label for line in tab.fed if line.is_own]
    stays = f" {', '.join(own)} of your own {'stays' if len(own) == 1 else 'stay'}." if own else ""
    plural = "attribute is" if number == 1 else "attributes are"
    _tell(page, f"{number} {plural} fed as by default again.{stays}{_rekey_words(page, kind, 'sis_id')}")
    return _address(page, tab.key)


def confirm(page: Page) -> str | None:
    """Take the words that allow other SIS IDs."""
    if page.request.POST.get(TYPED, "").strip() != REKEY:
        page.said = f"Nothing is confirmed yet. Type {REKEY}, in capital letters."
        return None
    confirm_rekey(draft=page.draft, sources=shown_sources(page), by=page.request.user)
    _tell(page, "Confirmed. The other SIS IDs hold from the first sync after you save.")
    return f"{page.url}#rekey"


def _forget_requirement(page: Page) -> None:
    """Take out of the draft that a deleted attribute is not required: a level of none is nothing to see, but the parser would refuse it."""
    parts = ("requirements",)
    if _is_current(page):
        page.draft = write_draft(draft=page.draft, document=page.document, parts=parts, seen=seen_of(page.draft, parts))


def _rekey_words(page: Page, kind: RecordType, name: str) -> str:
    needs = name == "sis_id" and any(one.record_type == kind for one in rekeyed_here(page))
    return " Live records would get another SIS ID: confirm it on top before you save." if needs else ""


def _uses_words(uses: list[str]) -> str:
    return f" It is still used by {' and '.join(uses)}." if uses else ""


def _address(page: Page, key: str) -> str:
    return f"{page.url}#panel-{key}"


def _tell(page: Page, sentence: str) -> None:
    """Say what was done; not where the page is stale, for then nothing of it is taken."""
    if _is_current(page):
        messages.success(page.request, sentence)


def _is_current(page: Page) -> bool:
    return seen_of(page.draft, page.step.parts) == page.request.POST.get("seen", "")


def checked_form(mapped: Mapped, tab: Tab) -> MappingForm:
    """The form of a tab for the page: with its faults where it was sent off."""
    form, post = entered_in(mapped, tab), mapped.page.request.POST
    form.is_checked = post.get("do") == f"{SAVE}:{tab.name}" or (form.entered.is_complete and ("go" in post))
    form.is_open = form.is_open or form.is_checked or bool(form.entered.header or form.entered.attribute)
    return form
