"""Every address of the portal."""

from django.urls import include, path

from portal.views.administration import audit, organizations, people
from portal.views.gallery import activate, gallery
from portal.views.help import help_page
from portal.views.home import home
from portal.views.well_known import favicon, robots

administration = [
    path("", organizations.organization_list, name="administration"),
    path("organizations/<int:organization_id>/", organizations.organization, name="organization"),
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
    path("", include("imports.urls")),
    path("", include("dataquality.urls")),
    path("", include("roster.urls")),
    path("", include("portal.health")),
]
