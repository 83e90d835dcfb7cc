"""Real services for every test: PostgreSQL, Valkey, S3, a Celery worker, the Stripe simulator, a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import django
import pytest

from tests import spread
from tests.private import Run
from tests.processes import stripe_server, stripe_simulator, worker, worker_process  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Before Django reads its settings: pytest-django does so only after this file, because pyproject.toml names no
# settings module. The servers themselves start when the first test asks for them.
RUN = Run()
os.environ.update(RUN.environment())
django.setup()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give live_server the port that SITE_URL names, and hash passwords fast: no test is about Argon2."""
    from django.conf import settings

    config.option.liveserver = RUN.site.removeprefix("http://")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: object) -> None:
    """Start the services once, in the controller, when tests run side by side."""
    RUN.start()
    # Else a worker's pytest-django would read our settings before its own conftest has set its own.
    os.environ.pop("DJANGO_SETTINGS_MODULE")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> spread.WholeFiles | None:
    """Keep the tests of a file in one process."""
    return spread.scheduler(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    spread.longest_first(items)


@pytest.fixture(scope="session")
def services() -> Run:
    """PostgreSQL, Valkey and S3 that run; any test with a database has them already."""
    RUN.start()
    return RUN


@pytest.fixture(scope="session")
def django_db_modify_db_settings(services: Run, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Have the servers up, and the database that pytest-django makes the test's a copy of."""
    from django.db import connections

    connections.settings["default"]["TEST"]["TEMPLATE"] = services.migrated()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Make the test database once; a test that commits leaves it as it found it."""
    from tests.reference import remember_reference_rows

    with django_db_blocker.unblock():
        remember_reference_rows()


@pytest.fixture(autouse=True)
def clean_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let no test see what another left in the cache or in the queues."""
    yield
    if {"db", "transactional_db", "services"} & set(request.fixturenames):
        import redis
        from django.conf import settings

        with redis.Redis.from_url(settings.REDIS_URL) as store:
            # Not FLUSHDB: a worker that lives for the whole session keeps its bindings here.
            left = list(store.scan_iter(match=":1:*", count=1000))
            store.delete(*left, "media", "io", "money")


@pytest.fixture
def s3(services: Run) -> Any:
    """A boto3 client of the test's buckets, which are empty."""
    store = services.store
    for bucket in services.buckets.values():
        for page in store.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            keys = [{"Key": found["Key"]} for found in page.get("Contents", [])]
            if keys:
                store.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
        for upload in store.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
            store.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    return store


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    from tests.chromium import launched

    with launched() as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with an empty profile, the size of a laptop's window."""
    from tests.chromium import visitor

    context = visitor(browser, width=1280, height=800)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
