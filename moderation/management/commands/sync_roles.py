"""`manage.py sync_roles`: give Moderators, Curators and Finance exactly their permissions."""

from typing import Any

from django.core.management.base import BaseCommand

from moderation import roles


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        roles.sync()
        self.stdout.write("Roles are in place: " + ", ".join(roles.ROLES))
