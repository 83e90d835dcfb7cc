"""Connect: the contributor's own account at Stripe, its onboarding on Stripe's pages, and whether it can be paid."""

from __future__ import annotations

from typing import Any

import stripe
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from buyers.stripe_api import client
from marketplace import countries
from marketplace.models.event import record
from payouts.models import ConnectAccount

PARTS: Any = ["configuration.recipient", "requirements"]


class NotPossible(Exception):
    """Say in one sentence why somebody cannot have a Stripe account; nothing was made."""


def account_of(contributor: Any) -> ConnectAccount | None:
    """Find the contributor's Stripe account."""
    return ConnectAccount.objects.filter(contributor_id=contributor.pk).first()


def open_account(*, contributor: Any) -> ConnectAccount:
    """Find the contributor's Stripe account or open one (Accounts v2, recipient of transfers).

    Raises NotPossible, or StripeError when Stripe did not answer.
    """
    known = account_of(contributor)
    if known is not None:
        return known
    profile = contributor.contributor_profile
    try:
        account = client().v2.core.accounts.create(
            {
                "contact_email": contributor.email,
                "display_name": profile.display_name,
                "dashboard": "express",
                "identity": {"country": profile.country.lower(), "entity_type": "individual"},
                "configuration": {
                    "recipient": {
                        "capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}
                    }
                },
                "defaults": {
                    "responsibilities": {"fees_collector": "application", "losses_collector": "application"}
                },
                "metadata": {"contributor": str(contributor.public_id)},
                "include": PARTS,
            },
            # A second click finds the first account; another country is another request.
            {"idempotency_key": f"account-{contributor.public_id}-{profile.country.lower()}"},
        )
    except stripe.InvalidRequestError as error:
        if error.code == "country_unsupported":
            raise NotPossible(
                f"Stripe does not pay people in {countries.name(profile.country)} yet. What you earn is kept for you; "
                "write to us about another way."
            ) from error
        raise
    row, new = ConnectAccount.objects.get_or_create(
        contributor=contributor, defaults={"stripe_id": account.id}
    )
    if new:
        record("connect.opened", subject=row, actor=contributor)
        _take_over(row, account)
    return row


def onboarding_url(*, account: ConnectAccount) -> str:
    """Ask Stripe for a fresh onboarding page; it works once and for minutes, so it is made at every click."""
    link = client().v2.core.account_links.create(
        {
            "account": account.stripe_id,
            "use_case": {
                "type": "account_onboarding",
                "account_onboarding": {
                    "refresh_url": settings.SITE_URL + reverse("payouts:connect_refresh"),
                    "return_url": settings.SITE_URL + reverse("payouts:connect_return"),
                },
            },
        }
    )
    return str(link.url)


def refresh(*, account: ConnectAccount) -> ConnectAccount:
    """Ask Stripe how the account stands: coming back from onboarding does not mean it is finished."""
    return _take_over(account, client().v2.core.accounts.retrieve(account.stripe_id, {"include": PARTS}))


def _take_over(account: ConnectAccount, found: Any) -> ConnectAccount:
    was = account.transfers_active
    account.transfers_active = _transfers_status(found) == "active"
    account.requirements = _asked_for(found)
    account.refreshed_at = timezone.now()
    account.save(update_fields=["transfers_active", "requirements", "refreshed_at"])
    if was != account.transfers_active:
        record("connect.active" if account.transfers_active else "connect.inactive", subject=account)
    return account


def _transfers_status(found: Any) -> str:
    """Dig the capability out; every level may be absent."""
    at: Any = found
    for name in (
        "configuration",
        "recipient",
        "capabilities",
        "stripe_balance",
        "stripe_transfers",
        "status",
    ):
        at = getattr(at, name, None) if at is not None else None
    return str(at or "")


def _asked_for(found: Any) -> list[str]:
    """List what Stripe waits for from the person; what it checks itself is not theirs to do."""
    entries = getattr(getattr(found, "requirements", None), "entries", None) or []
    return sorted({str(one.description) for one in entries if one.awaiting_action_from == "user"})
