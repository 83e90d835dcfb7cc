"""A PostgreSQL, a broker and an S3 store of this run's own, with the site's tables in them; gone when it ends."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded import ports, secrets, services
from embedded.children import Family


@contextmanager
def running() -> Iterator[None]:
    """Start the services, set up Django on them, make tables and buckets; stop all at the end."""
    folder = Path(tempfile.mkdtemp(prefix="fairframe-bench-"))
    found = services.Services(folder, ports.claim_free(f"bench {os.getpid()}"), secrets.load(folder))
    os.environ.update(found.environment())
    os.environ.update(
        DJANGO_SETTINGS_MODULE="marketplace.settings",
        SECRET_KEY=found.secrets.django,
        DEBUG="0",
        ALLOWED_HOSTS="testserver",
        SITE_URL="http://testserver",
        FAIRFRAME_WORK=str(folder / "work"),
        STATIC_ROOT=str(folder / "static"),
        STATIC_MANIFEST="0",
        LOG_LEVEL="WARNING",
    )
    try:
        with Family(folder / "logs") as family:
            services.start(family, found, for_tests=True)
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0)
            from marketplace import buckets

            buckets.prepare(origins=["http://testserver"])
            yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
