"""Make values safe for downloads that people open in a spreadsheet."""

import re

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


def neutralise(value: str) -> str:
    """Return the value so that no spreadsheet runs it as a formula; a plain number stays a number.

    Blanks before the sign are looked through, as some spreadsheets drop them.
    """
    start = value.lstrip(" \u00a0")
    if start.startswith(_STARTS_A_FORMULA) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
