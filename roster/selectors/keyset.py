"""Pages by position, not by number: the last row of a page says where the next begins.

So a page deep in a million rows costs as much as the first one.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet

PAGE_ROWS = 50
LONGEST_CURSOR = 4000  # characters; what is longer is not one of ours


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its rows, and the cursors of the pages before and after it ("" where there is none)."""

    rows: list[Any]
    before: str = ""
    after: str = ""


def read_page(rows: QuerySet[Any], order: tuple[str, ...], cursor: str = "", *, limit: int = PAGE_ROWS) -> Page:
    """The page of `rows` that the cursor names, in ascending `order`; an unreadable cursor gives the first page.

    `order` must end in a unique column, and an index should begin with it.
    """
    backwards, position = _decode(cursor, len(order))
    try:
        rows = rows.filter(_beyond(order, position, "lt" if backwards else "gt")) if position else rows
    except ValueError:  # text where the column holds numbers: a cursor of another list, or a tampered one
        backwards, position = False, []
    found = list(rows.order_by(*(f"-{name}" if backwards else name for name in order))[: limit + 1])
    has_more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    if not found:
        return Page([])
    has_before = has_more if backwards else bool(position)
    has_after = True if backwards else has_more
    return Page(
        found,
        before=_encode("b", found[0], order) if has_before else "",
        after=_encode("a", found[-1], order) if has_after else "",
    )


def _beyond(order: tuple[str, ...], position: list[Any], comparison: str) -> Q:
    """The rows after (or before) a position in the order of several columns; the first term lets the index seek."""
    condition = Q(**{f"{order[0]}__{comparison}e": position[0]})
    steps = Q()
    for depth, name in enumerate(order):
        same = {order[i]: position[i] for i in range(depth)}
        steps |= Q(**same, **{f"{name}__{comparison}": position[depth]})
    return condition & steps


def _encode(direction: str, row: Model, order: tuple[str, ...]) -> str:
    values = [direction, *(getattr(row, name) for name in order)]
    return base64.urlsafe_b64encode(json.dumps(values, ensure_ascii=False).encode()).decode().rstrip("=")


def _decode(cursor: str, columns: int) -> tuple[bool, list[Any]]:
    if not cursor or len(cursor) > LONGEST_CURSOR:
        return False, []
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        return False, []
    is_ours = isinstance(values, list) and len(values) == columns + 1 and values[0] in ("a", "b") and all(map(_is_plain, values[1:]))
    return (values[0] == "b", values[1:]) if is_ours else (False, [])


def _is_plain(value: Any) -> bool:
    return (isinstance(value, str) and "\0" not in value) or (type(value) is int and abs(value) < 2**63)
