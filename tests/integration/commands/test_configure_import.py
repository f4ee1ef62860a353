"""configure_import: configuration as code."""

import json
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from accounts.models import District
from imports.config import default_document, merge_document
from imports.models import ConfigVersion, ImportApp
from tests.integration.commands.conftest import Answer
from tests.unit.imports.documents import FULL

Run = Callable[..., Answer]


@pytest.fixture
def document(tmp_path: Path) -> Callable[[Any], Path]:
    """Write a document to a file; a text is written as it is."""

    def write(content: Any) -> Path:
        path = tmp_path / "config.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


def test_show_before_activation_prints_the_defaults_and_activates_nothing(district: District, run: Run) -> None:
    answer = run("configure_import", "demo", "--show")
    assert answer.json == default_document()
    assert "not activated yet" in answer.err
    assert not ImportApp.objects.of(district).exists()


def test_a_document_activates_and_configures_the_app(district: District, run: Run, document: Callable[[Any], Path]) -> None:
    answer = run("configure_import", "demo", "--app", "csv_upload", "--file", document(FULL))
    assert "CSV Upload of demo is configured" in answer.out
    app = ImportApp.objects.of(district).get()
    assert app.config is not None
    assert app.config.document == merge_document(FULL)


def test_what_is_shown_can_be_given_back_and_changes_nothing(district: District, run: Run, document: Callable[[Any], Path]) -> None:
    run("configure_import", "demo", "--file", document(FULL))
    shown = run("configure_import", "demo", "--show").out
    run("configure_import", "demo", "--file", document(shown))
    assert run("configure_import", "demo", "--show").out == shown
    assert json.loads(shown)["master_fields"] == FULL["master_fields"]
    assert ConfigVersion.objects.of(district).count() == 2  # the defaults, and this one


def test_a_part_left_out_goes_back_to_its_default(district: District, run: Run, document: Callable[[Any], Path]) -> None:
    run("configure_import", "demo", "--file", document(FULL))
    answer = run("configure_import", "demo", "--file", document({"delivery": {"preview": True}}), "--show")
    assert answer.json == merge_document({"delivery": {"preview": True}})


def test_a_refused_document_names_every_fault_and_changes_nothing(district: District, run: Run, document: Callable[[Any], Path]) -> None:
    bad = {
        "delivery": {"preview": "yes"},
        "filters": [
            {
                "record_type": "student",
                "conditions": [{"attribute": "grades", "operator": "is_empty"}, {"attribute": "email", "operator": "is"}],
            }
        ],
    }
    answer = run("configure_import", "demo", "--file", document(bad))
    assert answer.code == 1
    assert answer.out == ""
    assert "delivery.preview: " in answer.err
    assert "filters[0].conditions[1].operator: " in answer.err
    assert "nothing was changed" in answer.err
    assert not ImportApp.objects.of(district).exists()


@pytest.mark.parametrize("part", [*default_document(), "unknown"])
@pytest.mark.parametrize("value", [None, 7, "text", [], [[]], {"student": 3}])
def test_a_part_of_a_wrong_type_is_refused_not_stumbled_over(
    district: District, run: Run, document: Callable[[Any], Path], part: str, value: Any
) -> None:
    answer = run("configure_import", "demo", "--file", document({part: value}))
    if part in {"filters", "uniqueness", "master_fields"} and value == []:
        assert answer.code == 0
    else:
        assert answer.code == 1
        assert f"  {part}" in answer.err


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "not a JSON document"), ('{"filters": [], "filters": []}', "given twice"), ("[" * 100_000, "not a JSON document")],
)
def test_what_is_no_json_is_refused(district: District, run: Run, document: Callable[[Any], Path], content: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run("configure_import", "demo", "--file", document(content))


def test_a_list_is_no_configuration(district: District, run: Run, document: Callable[[Any], Path]) -> None:
    answer = run("configure_import", "demo", "--file", document([]))
    assert answer.code == 1
    assert "document: A configuration is an object" in answer.err


def test_a_dash_reads_standard_input(district: District, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO('{"drop_empty_classes": true}'))
    assert run("configure_import", "demo", "--file", "-", "--show").json["drop_empty_classes"] is True


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("demo",), "Say what to do"),
        (("demo", "--file", "/no/such/file.json"), "cannot be read"),
        (("nowhere", "--show"), "There is no district 'nowhere'"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(district: District, run: Run, args: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run("configure_import", *args)


def test_a_password_is_never_printed(app: ImportApp, run: Run) -> None:
    assert app.config is not None
    secret = {**app.config.document["delivery"], "password": "hidden"}
    ConfigVersion.unscoped.filter(pk=app.config.pk).update(document={**app.config.document, "delivery": secret})
    assert "hidden" not in run("configure_import", "demo", "--show").out
