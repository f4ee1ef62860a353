"""Write and send the mail of a notice."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import Membership, User
from notices.kinds import GROUP, KINDS
from notices.models import Notice
from notices.wording import Place, words_for


def send_mail(notice: Notice, person: User) -> None:
    """Hand the mail of the notice to the mail server.

    Raises:
        OSError: the mail server cannot be reached, or did not take it (SMTPException is one).
    """
    mail = write_mail(notice, person)
    mail.send()


def write_mail(notice: Notice, person: User) -> EmailMultiAlternatives:
    """The mail, as text and HTML. The same notice always bears the same Message-ID, so that a mailbox can tell a repeated one."""
    context = _context(notice, person)
    host = urlsplit(settings.PORTAL_BASE_URL).hostname
    mail = EmailMultiAlternatives(
        subject=" ".join(context["words"].subject.split()),
        body=render_to_string("mails/notice.txt", context),
        to=[person.email],
        headers={"Message-ID": f"<{notice.event.uid}.{notice.pk}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("mails/notice.html", context), "text/html")
    return mail


def _context(notice: Notice, person: User) -> dict[str, Any]:
    event, district = notice.event, notice.district
    kind = KINDS[event.kind]
    memberships = {each.district_id: each for each in Membership.unscoped.filter(user=person)}
    # Whoever belongs to several districts may be in another one at the moment; the link says which one it is about.
    choice = {"district": district.slug} if len(memberships) > 1 else {}
    return {
        "words": words_for(event.kind, event.facts, Place(district, event.at)),
        "link": _link(event.subject_url, choice),
        "district": district,
        "group": GROUP[kind.group].title if kind.group else "",
        "role": _with_article(memberships[district.pk].get_role_display()) if district.pk in memberships else "",
        "settings_link": _link(reverse("my_notifications"), choice),
    }


def _with_article(role: str) -> str:
    return f"{'an' if role[0] in 'AEIOU' else 'a'} {role.lower()}"


def _link(path: str, query: dict[str, str]) -> str:
    return settings.PORTAL_BASE_URL + path + (f"?{urlencode(query)}" if query else "")
