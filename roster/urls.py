"""Data Browsing. A record is named by `?key=`: keys may hold slashes and dots, which a path would not keep."""

from django.urls import path

from roster.views.browse import browse, browse_type
from roster.views.record import record

urlpatterns = [
    path("browse/", browse, name="browse"),
    path("browse/<slug:record_type>/", browse_type, name="browse_type"),
    path("browse/<slug:record_type>/record/", record, name="record"),
]
