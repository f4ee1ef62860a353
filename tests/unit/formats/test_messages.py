import ast
from pathlib import Path
from string import Formatter

import pytest

import formats
from formats.messages import MESSAGES

FIELDS = {"file", "line", "column", "value", "detail"}
CALLS = {"refuse": 0, "FileProblem": 0, "_add": 1}


ROOT = Path(formats.__file__).parent.parent


def codes_in_use(room):
    """Every string that stands where a call takes a problem's code, or that a variable named `code` may hold."""
    found = set()
    for path in (ROOT / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            sources = []
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                sources = node.args[CALLS[name] : CALLS[name] + 1] if name in CALLS else []
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
                sources = [node.value]
            for source in sources:
                texts = [source.body, source.orelse] if isinstance(source, ast.IfExp) else [source]
                found |= {text.value for text in texts if isinstance(text, ast.Constant)}
    return found


def test_every_code_has_its_sentences_and_every_sentence_its_code():
    here = codes_in_use("formats")
    assert here <= set(MESSAGES)
    assert set(MESSAGES) - here <= codes_in_use("imports")


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_sentences_can_be_filled_in_and_say_how_to_mend_it(code):
    title, message, fix = MESSAGES[code]
    assert title
    assert not title.endswith(".")
    for sentence in (message, fix):
        assert sentence.endswith((".", '".'))
        assert {name for _, name, _, _ in Formatter().parse(sentence) if name} <= FIELDS
        assert sentence.format(file="users.csv", line=2, column="email", value="x", detail="y")
