"""The Django project: settings, addresses, workers, supervisor and the frame of the site."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
