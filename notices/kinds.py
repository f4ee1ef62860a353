"""Every kind of event: its group, who gets it, and which facts it may carry. The words of its mail are in `notices.wording`."""

from dataclasses import dataclass, field

from accounts.models import Role

TEST = "test"
OWNERS, APPROVERS, EDITORS = (frozenset({Role.OWNER}), frozenset({Role.OWNER, Role.APPROVER}), frozenset({Role.OWNER, Role.EDITOR}))


@dataclass(frozen=True, slots=True)
class Group:
    """A group of notices that people switch on and off together; the titles are those that admins know. `sends` says what comes, in words."""

    name: str
    title: str
    sends: str
    is_silent: bool = False  # this portal has nothing of the group to send


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event. `facts` are the names that its facts must have, no more and no fewer: numbers and words, never a person or a value.

    group: "" for what is sent to webhooks only. is_retried: False where somebody waits for the answer.
    """

    name: str
    title: str
    group: str = ""
    roles: frozenset[Role] = field(default_factory=frozenset)
    facts: frozenset[str] = field(default_factory=frozenset)
    is_retried: bool = True


GROUPS: tuple[Group, ...] = (
    Group(
        "safety_threshold",
        "Safety Threshold",
        "A sync is held and waits for approval, still waits after some time, or has expired without a decision.",
    ),
    Group(
        "institution_validation",
        "Institution Validation",
        "The daily digest of records left out, a sync failed, no file arrived in time, a run that began by itself could take nothing, a period of the "
        "rollover is about to end.",
    ),
    Group(
        "data_access_request",
        "Data Access Request",
        "Requests of other applications for data. This portal shares nothing with other applications yet, so nothing is sent.",
        is_silent=True,
    ),
    Group(
        "activation",
        "On-Demand/Special Offer Activation",
        "An offered application is being connected. This portal has no such offers, so nothing is sent.",
        is_silent=True,
    ),
    Group(
        "privacy_policy",
        "Privacy Policy",
        "A vendor's changed privacy policy. This portal is yours and follows no vendor's policy, so nothing is sent.",
        is_silent=True,
    ),
)
GROUP: dict[str, Group] = {group.name: group for group in GROUPS}

_SYNC = frozenset({"sync", "app", "what"})
_COUNTS = frozenset({"created", "updated", "deleted"})
_KINDS: tuple[Kind, ...] = (
    Kind("sync.held", "Sync held", "safety_threshold", APPROVERS, _SYNC | _COUNTS | {"kind", "why", "expires_days"}),
    Kind("sync.reminder", "Sync still held", "safety_threshold", APPROVERS, _SYNC | _COUNTS | {"kind", "why", "hours", "days_left"}),
    Kind("sync.expired", "Held sync expired", "safety_threshold", APPROVERS, _SYNC | {"days"}),
    Kind("sync.failed", "Sync failed", "institution_validation", EDITORS, _SYNC | {"errors"}),
    Kind("digest.excluded", "Daily digest", "institution_validation", EDITORS, frozenset({"opened", "resolved", "open", "requirements", "schools"})),
    Kind("delivery.missing", "No file arrived", "institution_validation", EDITORS, frozenset({"app", "hours", "last_at"})),
    Kind("delivery.refused", "Run took nothing", "institution_validation", EDITORS, frozenset({"app", "why"})),
    Kind("rollover.ends", "Rollover ends", "institution_validation", OWNERS, frozenset({"what", "ends_at"})),
    Kind("sync.completed", "Sync completed", facts=_SYNC | _COUNTS | {"state", "unchanged", "left_out", "errors", "issues"}),
    Kind(TEST, "Test", is_retried=False),
)  # fmt: skip
KINDS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}
MAILED: tuple[Kind, ...] = tuple(kind for kind in _KINDS if kind.group)
OFFERED: tuple[Kind, ...] = tuple(kind for kind in _KINDS if kind.name != TEST)  # what a webhook may ask for


def roles_of(group: str) -> frozenset[Role]:
    """The roles that get anything of a group."""
    return frozenset(role for kind in MAILED if kind.group == group for role in kind.roles)
