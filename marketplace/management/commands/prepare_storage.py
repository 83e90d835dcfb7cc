"""`manage.py prepare_storage`: make the buckets and let the site's pages put and get in them."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from marketplace import buckets


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            buckets.prepare(origins=[settings.SITE_URL])
        except (BotoCoreError, ClientError) as error:
            raise CommandError(f"Object storage refused: {error}") from error
        self.stdout.write("Buckets are in place: " + ", ".join(buckets.names()))
