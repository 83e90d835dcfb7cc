"""The Celery app: `celery -A marketplace worker -Q media|io|money`, `celery -A marketplace beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
# Django's checks load every page and form: a third of the start of a process that shows none. `make lint` runs them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
app = Celery("marketplace")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
