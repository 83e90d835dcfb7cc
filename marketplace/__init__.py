"""The Django project and the nouns that every app shares."""

from marketplace.celery import app as celery_app

__all__ = ["celery_app"]
