"""Who is told of an event."""

from accounts.models import Membership, User
from notices.kinds import KINDS
from notices.models import Event, PersonSettings, Webhook
from notices.selectors.settings import district_groups, settings_of


def people_to_tell(event: Event) -> list[User]:
    """The members whose role gets this kind of event and who want its group."""
    kind = KINDS[event.kind]
    if not kind.group:
        return []
    default = district_groups(settings_of(event.district))[kind.group]
    own = dict(PersonSettings.objects.of(event.district).values_list("user_id", "groups"))
    members = Membership.objects.of(event.district).filter(role__in=kind.roles, user__is_active=True).select_related("user")
    return [each.user for each in members.order_by("pk") if own.get(each.user_id, {}).get(kind.group, default)]


def why_not(event: Event, person: User | None) -> str:
    """Why a person is not told after all, in words; "" if they are. Asked again before every try: people leave, and opt out."""
    kind = KINDS[event.kind]
    if person is None or not person.is_active:
        return "The account does not exist any more."
    membership = Membership.objects.of(event.district).filter(user=person).first()
    if membership is None:
        return "The person is no member of the district any more."
    if not kind.group:
        return ""
    if membership.role not in kind.roles:
        return "The person's role gets no such notices any more."
    default = district_groups(settings_of(event.district))[kind.group]
    own = PersonSettings.objects.of(event.district).filter(user=person).first()
    wants = own.groups.get(kind.group, default) if own else default
    return "" if wants else "The group was switched off before it could be sent."


def webhooks_to_tell(event: Event) -> list[Webhook]:
    """The webhooks that are on and asked for this kind of event."""
    return [webhook for webhook in Webhook.objects.of(event.district).filter(is_on=True) if event.kind in webhook.events]
