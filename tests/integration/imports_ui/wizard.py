"""The wizard as a browser without scripts uses it: forms filled in by their fields, counts read by their ids."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from django.test import Client
from django.urls import reverse


class _Form(HTMLParser):
    """The fields of the form #step-form as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self._inside = self._disabled = False
        self._select = ""
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = given.get("id") == "step-form"
        elif not self._inside:
            return
        elif tag == "fieldset":
            self._disabled = "disabled" in given
        elif tag == "select":
            self._select, self._options = str(given.get("name", "")), []
        elif tag == "option" and self._select:
            self._options.append((str(given.get("value", "")), "selected" in given))
        elif tag in {"input", "textarea"} and given.get("name") and "disabled" not in given and not self._disabled:
            is_box = given.get("type") in {"checkbox", "radio"}
            if given.get("type") != "file" and (not is_box or "checked" in given):
                self.fields.append((str(given["name"]), str(given.get("value", "on") or "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "fieldset":
            self._disabled = False
        elif tag == "select" and self._select and self._inside:
            chosen = next((value for value, is_chosen in self._options if is_chosen), self._options[0][0] if self._options else "")
            self.fields.append((self._select, chosen))
            self._select = ""


def fields_of(page: str) -> dict[str, list[str]]:
    """The form of a page as it stands."""
    form = _Form()
    form.feed(page)
    fields: dict[str, list[str]] = {}
    for name, value in form.fields:
        fields.setdefault(name, []).append(value)
    return fields


@dataclass
class Wizard:
    """One person at the wizard of an app."""

    client: Client
    kind: str = "csv_upload"

    def url(self, step: str) -> str:
        return reverse("imports:configure", args=[self.kind, step])

    def page(self, step: str) -> str:
        response = self.client.get(self.url(step))
        assert response.status_code == 200, response.status_code
        return response.content.decode()

    def fields(self, step: str) -> dict[str, list[str]]:
        """The form as it stands."""
        return fields_of(self.page(step))

    def filled(self, step: str, changes: Mapping[str, Any], without: tuple[str, ...] = ()) -> dict[str, Any]:
        """The form with some fields filled in and some boxes unticked."""
        return {name: value for name, value in {**self.fields(step), **changes}.items() if name not in without}

    def post(
        self, step: str, changes: Mapping[str, Any] | None = None, *, go: str = "next", without: tuple[str, ...] = (), **more: Any
    ) -> Any:
        return self.client.post(self.url(step), {**self.filled(step, changes or {}, without), "go": go, **more})

    def counts(self, step: str, changes: Mapping[str, Any] | None = None, *, without: tuple[str, ...] = ()) -> str:
        """The live counts after a change."""
        response = self.client.post(reverse("imports:configure_counts", args=[self.kind, step]), self.filled(step, changes or {}, without))
        assert response.status_code == 200, response.status_code
        return response.content.decode()


def text_of(page: str, element_id: str) -> str:
    """The words inside the element of that id (which holds no element of its own tag)."""
    found = re.search(rf'<(\w+)[^>]*\bid="{re.escape(element_id)}"[^>]*>(.*?)</\1>', page, re.DOTALL)
    assert found, f"nothing has the id {element_id}"
    return " ".join(re.sub(r"<[^>]*>", " ", found[2]).split())


def number_of(page: str, element_id: str) -> int:
    """The first number inside an element; 0 where it holds none."""
    found = re.search(r"\d[\d,]*", text_of(page, element_id))
    return int(found[0].replace(",", "")) if found else 0
