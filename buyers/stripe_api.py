"""The one client of Stripe's; with STRIPE_API_BASE it speaks to the simulator of `make demo` instead."""

from __future__ import annotations

import os
from functools import lru_cache

import requests
import stripe
from django.conf import settings

SECONDS = 20


def client() -> stripe.StripeClient:
    """Give the official client as the settings say; its connections are kept and used again."""
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, os.getpid())


@lru_cache(maxsize=4)
def _client(key: str, base: str | None, pid: int) -> stripe.StripeClient:
    """Make one client a process: a child must not speak on the connections of its parent."""
    if base:
        session = requests.Session()
        session.trust_env = False  # it is on this machine: no proxy is looked for at each call
        http = stripe.RequestsClient(timeout=SECONDS, session=session)
        return stripe.StripeClient(key, http_client=http, max_network_retries=2, base_addresses={"api": base})
    http = stripe.RequestsClient(timeout=SECONDS)
    return stripe.StripeClient(key, http_client=http, max_network_retries=2)
