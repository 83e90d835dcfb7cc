"""The one client of Stripe's; with STRIPE_API_BASE it speaks to the simulator of `make demo` instead."""

from __future__ import annotations

import os
from functools import lru_cache

import stripe
from django.conf import settings

SECONDS = 20


def client() -> stripe.StripeClient:
    """Give the official client as the settings say; its connections are kept and used again."""
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, os.getpid())


@lru_cache(maxsize=4)
def _client(key: str, base: str | None, pid: int) -> stripe.StripeClient:
    """Make one client a process: a child must not speak on the connections of its parent."""
    http = stripe.RequestsClient(timeout=SECONDS)
    if base:
        return stripe.StripeClient(key, http_client=http, max_network_retries=2, base_addresses={"api": base})
    return stripe.StripeClient(key, http_client=http, max_network_retries=2)
