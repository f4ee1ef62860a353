"""Every address of the portal."""

from django.urls import include, path

from portal.views.administration import audit, notifications, organizations, people, rollover, webhooks
from portal.views.gallery import activate, gallery
from portal.views.help import help_page
from portal.views.home import home
from portal.views.well_known import favicon, robots

administration = [
    path("", organizations.organization_list, name="administration"),
    path("organizations/<int:organization_id>/", organizations.organization, name="organization"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/test-mail/", notifications.test_mail, name="test_mail"),
    path("notifications/webhooks/", webhooks.webhooks, name="webhooks"),
    path("notifications/webhooks/<int:webhook_id>/", webhooks.webhook, name="webhook"),
    path("notifications/webhooks/<int:webhook_id>/test/", webhooks.test_webhook, name="test_webhook"),
    path("notifications/webhooks/<int:webhook_id>/secret/", webhooks.renew_secret, name="renew_secret"),
    path("notifications/webhooks/<int:webhook_id>/remove/", webhooks.remove_webhook, name="remove_webhook"),
    path("rollover/", rollover.rollover, name="rollover"),
    path("rollover/suspension/", rollover.suspension, name="rollover_suspension"),
    path("rollover/deletion/", rollover.deletion, name="rollover_deletion"),
    path("rollover/rehearse/<slug:kind>/", rollover.rehearse, name="rollover_rehearse"),
    path("people/two-person-approval/", people.two_person_approval, name="two_person_approval"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/<int:membership_id>/role/", people.change_role, name="change_role"),
    path("people/<int:membership_id>/remove/", people.remove, name="remove_person"),
    path("people/<int:membership_id>/invite-again/", people.invite_again, name="invite_again"),
    path("audit/", audit.audit_trail, name="audit"),
    path("audit.csv", audit.audit_csv, name="audit_csv"),
]
urlpatterns = [
    path("", home, name="home"),
    path("gallery/", gallery, name="gallery"),
    path("gallery/<slug:kind>/activate/", activate, name="activate"),
    path("administration/", include(administration)),
    path("help/", help_page, name="help"),
    path("favicon.ico", favicon),
    path("robots.txt", robots),
    path("", include("accounts.urls")),
    path("", include("notices.urls")),
    path("", include("imports.urls")),
    path("", include("dataquality.urls")),
    path("", include("roster.urls")),
    path("", include("portal.health")),
]
