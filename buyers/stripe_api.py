"""The one client of Stripe's; with STRIPE_API_BASE it speaks to the simulator of `make demo` instead."""

from __future__ import annotations

import stripe
from django.conf import settings

SECONDS = 20


def client() -> stripe.StripeClient:
    """Make the official client as the settings say."""
    http = stripe.RequestsClient(timeout=SECONDS)
    if settings.STRIPE_API_BASE:
        return stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            http_client=http,
            max_network_retries=2,
            base_addresses={"api": settings.STRIPE_API_BASE},
        )
    return stripe.StripeClient(settings.STRIPE_SECRET_KEY, http_client=http, max_network_retries=2)
