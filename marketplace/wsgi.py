"""The web process's entry point (gunicorn marketplace.wsgi)."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
application = get_wsgi_application()
# Load the pages now, once for all workers that gunicorn forks (--preload), and not with the first request of each.
get_resolver().url_patterns  # noqa: B018 - reading it loads them
