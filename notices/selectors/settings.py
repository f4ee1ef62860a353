"""What a district and its people chose to be told."""

from accounts.models import District, User
from notices.kinds import GROUPS
from notices.models import NoticeSettings, PersonSettings

Groups = dict[str, bool]


def settings_of(district: District) -> NoticeSettings:
    """The district's settings; the defaults, unsaved, where none were saved."""
    return NoticeSettings.objects.of(district).first() or NoticeSettings(district=district)


def settings_by_district() -> dict[int, NoticeSettings]:
    """The saved settings of all districts, by district id: for what the scheduler looks after."""
    return {one.district_id: one for one in NoticeSettings.unscoped.all()}


def district_groups(settings: NoticeSettings) -> Groups:
    """Group -> on or off, for all groups."""
    return {group.name: bool(settings.groups.get(group.name, True)) for group in GROUPS}


def person_groups(district: District, user: User) -> tuple[Groups, bool]:
    """What a person is told, group -> on or off, and whether they chose it themselves."""
    defaults = district_groups(settings_of(district))
    own = PersonSettings.objects.of(district).filter(user=user).first()
    if own is None:
        return defaults, False
    return {name: bool(own.groups.get(name, default)) for name, default in defaults.items()}, True
