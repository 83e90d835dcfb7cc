"""A real Celery worker and the Stripe simulator, as processes beside the tests."""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from embedded import postgres
from tests.private import Run

QUEUES = ("media", "io", "money")
CALM_S = 30.0


def answers(url: str) -> bool:
    """Say whether an address answers over HTTP, whatever it says."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own child on loopback
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@pytest.fixture
def worker(worker_process: None) -> Iterator[None]:
    """A Celery worker that takes from all three queues during this test; for tests whose rows are committed.

    Other tests do the work themselves, so what they queued is thrown away before and nothing is taken after.
    """
    from marketplace.celery import app

    app.control.purge()
    for queue in QUEUES:
        app.control.add_consumer(queue, reply=True, limit=1, timeout=CALM_S)
    yield
    for queue in QUEUES:
        app.control.cancel_consumer(queue, reply=True, limit=1, timeout=CALM_S)
    until = time.monotonic() + CALM_S
    while any((app.control.inspect(limit=1).active() or {}).values()):
        assert time.monotonic() < until, "the worker is still at work on a test that is over"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def worker_process(services: Run, django_db_setup: None) -> Iterator[None]:
    """The process of ``worker``, which takes nothing as long as nobody says so."""
    from django.db import connection

    from marketplace.celery import app

    secrets = services.services.secrets
    name = str(connection.settings_dict["NAME"])
    address = postgres.address(
        port=services.services.ports.postgres, password=secrets.postgres, database=name
    )
    family = services.family()
    child = family.start(
        "celery",
        [
            *(
                sys.executable,
                "-m",
                "celery",
                "-A",
                "marketplace",
                "worker",
                "-Q",
                "nothing",
                "-c",
                "1",
            ),
            *("-n", "tests@%h", "--without-gossip", "--without-mingle", "-l", "INFO"),
        ],
        env={**os.environ, "DATABASE_URL": address},
        layer=1,
    )
    family.wait_until(child, lambda: bool(app.control.ping(timeout=0.5)))
    app.control.cancel_consumer("nothing", reply=True, limit=1, timeout=CALM_S)
    yield
    family.stop_these([child])


@pytest.fixture(scope="session")
def stripe_server(services: Run) -> Iterator[str]:
    """The Stripe simulator at STRIPE_API_BASE; its webhooks go to the live server."""
    family = services.family()
    child = family.start(
        "stripe",
        [
            *(
                sys.executable,
                "-m",
                "embedded.stripe_simulator",
                "--port",
                str(services.services.ports.stripe),
            ),
            *("--webhook-url", f"{services.site}/stripe/webhook/", "--public-url", services.stripe),
            *("--webhook-secret", services.services.secrets.stripe_webhook),
            *("--secret-key", services.services.secrets.stripe_key),
        ],
        env=os.environ,
        layer=1,
    )
    family.wait_until(child, lambda: answers(services.stripe))
    yield services.stripe
    family.stop_these([child])


@pytest.fixture
def stripe_simulator(stripe_server: str) -> str:
    """The address of the Stripe simulator, which has forgotten what other tests did with it."""
    for name in ("reset", "delivery"):
        call = urllib.request.Request(  # noqa: S310 - our own child on loopback
            f"{stripe_server}/_sim/{name}", data=b"{}", headers={"Content-Type": "application/json"}
        )
        urllib.request.urlopen(call, timeout=5).close()  # noqa: S310
    urllib.request.urlopen(  # noqa: S310
        urllib.request.Request(f"{stripe_server}/_sim/fail", method="DELETE"),  # noqa: S310
        timeout=5,
    ).close()
    return stripe_server
