"""What each person wants to be told. The settings of the district are part of Administration (portal/urls.py)."""

from django.urls import path

from notices.views.own import follow, my_notifications

urlpatterns = [
    path("notifications/", my_notifications, name="my_notifications"),
    path("notifications/follow/", follow, name="follow_notifications"),
]
