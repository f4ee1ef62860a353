"""Data Quality."""

from django.urls import path

from dataquality.views.issues import quality, quality_rule

urlpatterns = [
    path("quality/", quality, name="quality"),
    path("quality/<slug:record_type>/<slug:code>/", quality_rule, name="quality_rule"),
]
