"""The web application that gunicorn serves: `portal.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

application = get_wsgi_application()
_ = get_resolver().url_patterns  # all views load before the workers fork: memory is shared, and an error shows at the start
