"""The private PostgreSQL, Valkey and S3 of one test run: places chosen at once, servers started when a test asks.

Under pytest-xdist the controller starts them and each worker has a database, a Valkey number, buckets and ports of
its own in them.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from embedded import ports, seaweed, services, valkey
from embedded import secrets as credentials
from embedded.children import Family

ROOT = Path(__file__).resolve().parents[1]
SHARED = "FAIRFRAME_TEST_SERVICES"  # the controller tells its workers: folder and first port
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


class Run:
    """Everything one pytest process has for itself."""

    def __init__(self) -> None:
        mine = ports.claim_free(f"{Path(__file__).parent} {os.getpid()}")
        shared = os.environ.get(SHARED, "") if WORKER else ""
        self.owner = not shared
        if shared:
            folder, first = shared.rsplit(" ", 1)
            self.folder = Path(folder)
            mine = replace(ports.block(int(first)), web=mine.web, stripe=mine.stripe)
        else:
            self.folder = Path(tempfile.mkdtemp(prefix="fairframe-test-"))
            os.environ[SHARED] = f"{self.folder} {mine.web}"
        self.scratch = self.folder / (WORKER or "main")
        self.scratch.mkdir()
        self.services = services.Services(self.folder, mine, credentials.load(self.folder))
        self.site = f"http://{ports.HOST}:{mine.web}"
        self.stripe = f"http://{ports.HOST}:{mine.stripe}"
        tail = f"-{WORKER}" if WORKER else ""
        self.buckets = {name: f"{bucket}{tail}" for name, bucket in services.BUCKETS.items()}
        self._family: Family | None = None
        self._has_buckets = False
        atexit.register(self.stop)

    def environment(self) -> dict[str, str]:
        """Give every variable that the settings read; static files need no collectstatic."""
        secrets = self.services.secrets
        number = int(WORKER.removeprefix("gw")) + 1 if WORKER else 0
        folders = {name: self.scratch / name for name in ("work", "mail", "static")}
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        return self.services.environment() | {
            "DJANGO_SETTINGS_MODULE": "marketplace.settings",
            "SECRET_KEY": secrets.django,
            "DEBUG": "0",
            "ALLOWED_HOSTS": f"{ports.HOST},localhost,testserver",
            "CSRF_TRUSTED_ORIGINS": "",
            "SITE_URL": self.site,
            "REDIS_URL": valkey.address(
                port=self.services.ports.valkey, password=secrets.valkey, database=number
            ),
            "S3_PUBLIC_ENDPOINT_URL": "",
            **{f"S3_BUCKET_{name.upper()}": bucket for name, bucket in self.buckets.items()},
            "STRIPE_SECRET_KEY": secrets.stripe_key,
            "STRIPE_WEBHOOK_SECRET": secrets.stripe_webhook,
            "STRIPE_API_BASE": self.stripe,
            "EMAIL_URL": f"filemail://{folders['mail']}",
            "FAIRFRAME_WORK": str(folders["work"]),
            "STATIC_ROOT": str(folders["static"]),
            "STATIC_MANIFEST": "0",
            "ACCOUNT_RATE_LIMITS_OFF": "1",
            "AXES_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
        }

    def family(self) -> Family:
        """Give the children of this run; they stop when pytest ends, however it ends."""
        if self._family is None:
            self._family = Family(self.scratch / "logs")
            self._family.__enter__()
            if self.owner:
                self._family.remove_after(self.folder)
        return self._family

    def start(self) -> None:
        """Start the services unless they run, and make this process's buckets."""
        from marketplace import buckets

        if self.owner and not self.family().children:
            services.start(self.family(), self.services, for_tests=True)
        if not self._has_buckets:
            buckets.prepare(origins=[self.site])
        self._has_buckets = True

    def migrated(self) -> str:
        """Let migrations make a database once for all workers, which copy it; gives its name."""
        from django.conf import settings

        done = self.folder / "migrated"
        with (self.folder / "migrating").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
                subprocess.run(command, cwd=ROOT, check=True)
                done.touch()
        return str(settings.DATABASES["default"]["NAME"])

    @cached_property
    def store(self) -> Any:
        """An S3 client with the store's real credentials."""
        secrets = self.services.secrets
        return seaweed.client(
            endpoint=seaweed.address(self.services.ports), key_id=secrets.s3_id, key=secrets.s3_key
        )

    def stop(self) -> None:
        """Stop what this process started."""
        if self._family is not None:
            self._family.stop()
        if self.owner:
            shutil.rmtree(self.folder, ignore_errors=True)
