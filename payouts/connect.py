"""Connect: the contributor's own account at Stripe, its onboarding on Stripe's pages, and whether it can be paid."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from buyers.stripe_api import client
from marketplace.models.event import record
from payouts.models import ConnectAccount

RECIPIENT = ["configuration.recipient", "requirements"]


def open_account(*, contributor: Any) -> ConnectAccount:
    """Find the contributor's Stripe account or open one (Accounts v2, recipient of transfers)."""
    known = ConnectAccount.objects.filter(contributor=contributor).first()
    if known is not None:
        return known
    profile = contributor.contributor_profile
    account = client().v2.core.accounts.create(
        {
            "contact_email": contributor.email,
            "display_name": profile.display_name,
            "dashboard": "express",
            "identity": {"country": profile.country.lower(), "entity_type": "individual"},
            "configuration": {
                "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
            },
            "defaults": {
                "responsibilities": {"fees_collector": "application", "losses_collector": "application"}
            },
            "metadata": {"contributor": str(contributor.public_id)},
        },
        {"idempotency_key": f"account-{contributor.public_id}"},
    )
    row, new = ConnectAccount.objects.get_or_create(
        contributor=contributor, defaults={"stripe_id": account.id}
    )
    if new:
        record("connect.opened", subject=row, actor=contributor)
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
    found = client().v2.core.accounts.retrieve(account.stripe_id, {"include": RECIPIENT})
    was = account.transfers_active
    account.transfers_active = _status(found) == "active"
    account.requirements = _asked_for(found)
    account.refreshed_at = timezone.now()
    account.save(update_fields=["transfers_active", "requirements", "refreshed_at"])
    if was != account.transfers_active:
        record("connect.active" if account.transfers_active else "connect.inactive", subject=account)
    return account


def _status(found: Any) -> str:
    recipient = found.configuration.recipient if found.configuration else None
    capabilities = recipient.capabilities if recipient else None
    balance = capabilities.stripe_balance if capabilities else None
    transfers = balance.stripe_transfers if balance else None
    return str(transfers.status) if transfers else ""


def _asked_for(found: Any) -> list[str]:
    entries = found.requirements.entries if found.requirements and found.requirements.entries else []
    return sorted({str(entry.description) for entry in entries})
