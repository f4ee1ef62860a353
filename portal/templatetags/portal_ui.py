"""How the portal writes numbers, shares, sizes, times, outcomes and states: `{% load portal_ui %}`."""

from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from imports.states import State
from portal.selectors.time_zone import zone_of

register = template.Library()

OUTCOME_ICONS = {
    name: name for name in ("created", "updated", "unchanged", "deleted", "skipped", "excluded", "duplicate", "invalid", "reported", "kept")
}
STATE_LOOKS: dict[str, tuple[str, str]] = {  # state -> (colour class, icon)
    State.QUEUED: ("muted", "queued"),
    State.RUNNING: ("running", "running"),
    State.NEEDS_SCHOOL_MAPPING: ("held", "mapping"),
    State.HELD: ("held", "held"),
    State.APPLYING: ("running", "running"),
    State.COMPLETED: ("completed", "completed"),
    State.COMPLETED_WITH_ISSUES: ("completed", "reported"),
    State.NO_CHANGES: ("muted", "unchanged"),
    State.REJECTED: ("muted", "invalid"),
    State.EXPIRED: ("muted", "queued"),
    State.SUPERSEDED: ("muted", "stopped"),
    State.FAILED: ("failed", "failed"),
    State.CANCELLED: ("muted", "stopped"),
    State.ROLLED_BACK: ("muted", "rolled-back"),
    State.SIMULATED: ("muted", "lightning"),
}
UNITS = ("bytes", "kB", "MB", "GB", "TB")
MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds


@register.filter
def grouped(value: Any) -> str:
    """Write a number with thousands grouped: 4210 is "4,210". Nothing is written for None and ""."""
    if value is None or value == "":
        return ""
    return f"{value:,}" if isinstance(value, int | float) else str(value)


@register.filter
def share(part: float | None, whole: float | None = None) -> str:
    """Write part of whole as a percentage with one decimal: 412|share:4210 is "9.8 %"; without whole, part is 0 to 100 already.

    A share of nothing is "–". What is more than nothing never reads "0.0 %", and what is less than all never "100.0 %".
    """
    if part is None or (whole is not None and not whole):
        return "–"
    percent = float(part) if whole is None else 100 * part / whole
    if 0 < percent < 0.05:
        return "under 0.1 %"
    if 99.95 <= percent < 100:
        return "over 99.9 %"
    return f"{percent:.1f} %"


@register.filter
def filesize(size: int | None) -> str:
    """Write a size in bytes with a unit of powers of 1,000: 20480 is "20.5 kB"."""
    if size is None:
        return ""
    amount = float(size)
    for unit in UNITS:
        if amount < 1000 or unit == UNITS[-1]:
            return f"{amount:,.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError("unreachable")


@register.filter
def duration(seconds: float | None) -> str:
    """Write a span of time in its two largest units: 3723 is "1 h 2 min"."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


def in_words(moment: datetime, now: datetime) -> str:
    """Say how far `moment` is from `now`: "3 minutes ago", "in 2 hours", "on May 4" beyond a week; both in the same zone."""
    seconds = (now - moment).total_seconds()
    distance = abs(seconds)
    if distance < MINUTE / 2:
        return "just now"
    for unit, length, limit in (("minute", MINUTE, HOUR), ("hour", HOUR, DAY), ("day", DAY, 7 * DAY)):
        amount = max(1, round(distance / length))
        if distance < limit - length / 2:
            text = f"{amount} {unit}{'' if amount == 1 else 's'}"
            return f"{text} ago" if seconds > 0 else f"in {text}"
    return f"{moment:%b} {moment.day}" if moment.year == now.year else f"{moment:%b} {moment.day}, {moment.year}"


@register.simple_tag(takes_context=True)
def time(context: template.Context, moment: datetime | None, style: str = "relative") -> str:
    """Write a moment: `relative` ("3 minutes ago", the exact one on hover) or `exact` ("Aug 14, 2026, 7:02 AM EDT")."""
    if moment is None:
        return SafeString('<span class="faint">never</span>')
    local = moment.astimezone(zone_of(context.get("district")))
    exact = f"{local:%b} {local.day}, {local.year}, {local.hour % 12 or 12}:{local:%M %p %Z}"
    words = exact if style == "exact" else in_words(local, timezone.now().astimezone(local.tzinfo))
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), exact, words)


@register.simple_tag
def icon(name: str, label: str = "", classes: str = "") -> str:
    """Draw an icon of static/icons.svg; without a label it is decoration and screen readers pass over it."""
    url = f"{static('icons.svg')}#{name}"
    if label:
        return format_html('<svg class="icon {}" role="img" aria-label="{}"><use href="{}"/></svg>', classes, label, url)
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="{}"/></svg>', classes, url)


@register.filter
def outcome_icon(outcome: str) -> str:
    """Return the icon's name of an outcome or mark."""
    return OUTCOME_ICONS.get(str(outcome), "circle")


@register.filter
def state_icon(state: str) -> str:
    """Return the icon's name of a sync's state."""
    return STATE_LOOKS[State(state)][1]


@register.filter
def state_look(state: str) -> str:
    """Return the colour class of a sync's state: running, held, completed, failed or muted."""
    return STATE_LOOKS[State(state)][0]


@register.filter
def state_word(state: str) -> str:
    """Return the words of a sync's state."""
    return str(State(state).label)


@register.filter
def words(name: str) -> str:
    """Turn a name of the vocabulary into words: in_file is "In file"."""
    return str(name).replace("_", " ").capitalize()


@register.filter
def item(mapping: Any, key: Any) -> Any:
    """Look a key up; "" when it is not there."""
    return mapping.get(key, "") if mapping else ""


@register.filter
def initials(person: Any) -> str:
    """Return one or two letters that stand for a person."""
    parts = str(person).replace("@", " ").replace(".", " ").split()
    letters = [part[0] for part in parts[:2] if part]
    return "".join(letters).upper() or "?"


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """Return the current query string with some parameters set, or dropped when None: `href="{% query page=2 %}"`."""
    request: HttpRequest = context["request"]
    parameters = request.GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}"
