"""The mail that tells a person about their membership."""

from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.models import Membership, User


class MailFailed(Exception):
    """The mail could not be handed over; the membership stands, and the invitation can be sent again."""


def send_invitation(*, membership: Membership, by: User) -> None:
    """Send the mail: with a link to choose a password for who has none, else with the address of the portal.

    Raises:
        MailFailed: the mail server did not take it.
    """
    person = membership.user
    context = {
        "district": membership.district,
        "role": membership.get_role_display(),
        "person": person,
        "by": by,
        "is_new": not person.has_usable_password(),
        "link": settings.PORTAL_BASE_URL + _path(person),
    }
    mail = EmailMultiAlternatives(
        subject=render_to_string("mails/invitation_subject.txt", context).strip(),
        body=render_to_string("mails/invitation.txt", context),
        to=[person.email],
    )
    mail.attach_alternative(render_to_string("mails/invitation.html", context), "text/html")
    try:
        mail.send()
    except (OSError, SMTPException) as error:
        raise MailFailed(f"The mail to {person.email} could not be sent ({type(error).__name__}).") from error


def _path(person: User) -> str:
    if person.has_usable_password():
        return reverse("accounts:sign_in")
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return reverse("accounts:password_set", args=[uid, default_token_generator.make_token(person)])
