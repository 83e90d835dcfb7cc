"""Bring the site's data up to date before it starts, in one Django (`python -m embedded.prepare`)."""

from __future__ import annotations

import os

import django
from django.core.management import call_command

from embedded import accounts


def main() -> None:
    """Make tables, buckets, static files and the demo's people; what is there already stays."""
    django.setup()
    call_command("migrate", interactive=False)
    call_command("prepare_storage")
    call_command("collectstatic", interactive=False)
    accounts.make(password=os.environ["FAIRFRAME_DEMO_PASSWORD"])


if __name__ == "__main__":
    main()
