"""The site itself as children: prepared (tables, static files, weights, people), then web, workers and beat."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from embedded.children import Child, Family
from embedded.ports import HOST
from embedded.services import Services

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
# A Family stops the highest layer first: nothing loses its database or its Stripe while it still works.
SERVICES, STRIPE, SITE = 0, 1, 2


def environment(services: Services) -> dict[str, str]:
    """Give every variable the site reads; what is not set here comes from the person's shell."""
    secrets, data = services.secrets, services.data
    folders = {name: data / name for name in ("work", "mail", "static")}
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
    return {
        "PAYOUT_HOLD_DAYS": "0",  # so that a sale can be followed to its transfer at once
        **os.environ,
        **services.environment(),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "marketplace.settings",
        "SECRET_KEY": secrets.django,
        "DEBUG": "0",
        "ALLOWED_HOSTS": f"{HOST},localhost",
        "CSRF_TRUSTED_ORIGINS": "",
        "SITE_URL": site_url(services),
        "S3_PUBLIC_ENDPOINT_URL": "",
        "STRIPE_SECRET_KEY": secrets.stripe_key,
        "STRIPE_WEBHOOK_SECRET": secrets.stripe_webhook,
        "STRIPE_API_BASE": stripe_url(services),
        "EMAIL_URL": f"filemail://{folders['mail']}",
        "FAIRFRAME_WORK": str(folders["work"]),
        "STATIC_ROOT": str(folders["static"]),
    }


def site_url(services: Services) -> str:
    """Give the address people open."""
    return f"http://{HOST}:{services.ports.web}"


def stripe_url(services: Services) -> str:
    """Give the address of the Stripe simulator."""
    return f"http://{HOST}:{services.ports.stripe}"


def fetch_weights(family: Family, services: Services) -> Child:
    """Begin to fetch the model weights that are missing and to check all of them."""
    argv = [PYTHON, "-m", "pipeline", "models", "--fetch"]
    return family.start("weights", argv, env=environment(services), cwd=ROOT, layer=SITE, ends=True)


def prepare(family: Family, services: Services) -> None:
    """Bring tables, buckets, static files and the demo's people up to date; it may run again."""
    env = environment(services) | {"FAIRFRAME_DEMO_PASSWORD": services.secrets.people}
    child = family.start(
        "prepare", [PYTHON, "-m", "embedded.prepare"], env=env, cwd=ROOT, layer=SITE, ends=True
    )
    family.finish(child, seconds=300)


def start(family: Family, services: Services) -> Child:
    """Start the Stripe simulator, web, workers and beat; the child given back is the web server."""
    env = environment(services)
    secrets, ports = services.secrets, services.ports
    family.start(
        "stripe-simulator",
        [
            *(PYTHON, "-m", "embedded.stripe_simulator", "--port", str(ports.stripe)),
            *("--public-url", stripe_url(services), "--secret-key", secrets.stripe_key),
            *("--webhook-url", f"{site_url(services)}/stripe/webhook/"),
            *("--webhook-secret", secrets.stripe_webhook, "--data", str(services.data / "stripe")),
        ],
        env=env,
        cwd=ROOT,
        layer=STRIPE,
    )
    web = family.start(
        "web",
        [
            *(PYTHON, "-m", "gunicorn", "marketplace.wsgi", "--no-control-socket"),
            *("--bind", f"{HOST}:{ports.web}", "--workers", "2", "--threads", "4"),
            "--preload",  # one import for both
        ],
        env=env,
        cwd=ROOT,
        layer=SITE,
    )
    # A video may take minutes; it must never hold up a webhook or a checksum, so it has a worker of its own.
    for name, queues, processes in (("worker-media", "media", 1), ("worker", "io,money", 2)):
        family.start(
            name,
            [
                *(PYTHON, "-m", "celery", "-A", "marketplace", "worker", "-Q", queues, "-c", str(processes)),
                *("-n", f"{name}@%h", "--without-gossip", "--without-mingle", "-l", "INFO"),
            ],
            env=env,
            cwd=ROOT,
            layer=SITE,
        )
    schedule = services.data / "beat-schedule"
    family.start(
        "beat",
        # No pid file: after a kill it would be stale, and the lock on the data directory does its job.
        [
            PYTHON,
            "-m",
            "celery",
            "-A",
            "marketplace",
            "beat",
            "-s",
            str(schedule),
            "--pidfile",
            "",
            "-l",
            "INFO",
        ],
        env=env,
        cwd=ROOT,
        layer=SITE,
    )
    return web


def is_healthy(services: Services) -> bool:
    """Say whether the site answers that it and its services are well."""
    try:
        with urllib.request.urlopen(f"{site_url(services)}/healthz", timeout=5) as answer:  # noqa: S310 - our own
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
