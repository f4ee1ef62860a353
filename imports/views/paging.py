"""Pages of lists that are read by offset and limit."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

ROWS_PER_PAGE = 50
Read = TypeVar("Read")


def read_numbered(
    request: HttpRequest, read: Callable[[int, int], Read], total_of: Callable[[Read], int], rows: int | None = None
) -> tuple[Read, Page[Any]]:
    """Read the page that `?page=` names; beyond the last page, the last one. `rows`: on a page, ROWS_PER_PAGE unless told.

    Returns:
        What `read(offset, limit)` gave, and the page as templates/components/pager.html wants it.
    """
    asked, per_page = request.GET.get("page", ""), rows or ROWS_PER_PAGE
    number = max(int(asked), 1) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 1
    found = read((number - 1) * per_page, per_page)
    page = Paginator(range(total_of(found)), per_page).get_page(number)
    if page.number != number:
        found = read((page.number - 1) * per_page, per_page)
    return found, page
