"""What the tests of plans start from: a subscribed organisation, events told in the worst order, hours taken."""

from __future__ import annotations

from buyers import subscriptions
from buyers.models import Entitlement, Subscription
from marketplace.models import Package, User
from payouts import plan_use
from payouts.models import LedgerLine, StripeEvent
from payouts.stripe_events import HANDLERS
from tests.payouts.stage import Simulator


def everything(sim: Simulator) -> None:
    """Send every event that we act on, newest first, and once more what came too early."""
    found = [event for event in sim.control("events")["data"] if event["type"] in HANDLERS]
    for event in reversed(found):
        sim.take(event)
    for event in found:
        if StripeEvent.objects.filter(stripe_id=event["id"], handled_at=None).exists():
            sim.take(event)


def subscribed(sim: Simulator, user: User, plan: str = "start") -> Subscription:
    """Have an owner subscribe and pay."""
    row = subscriptions.start(
        owner=user.membership, slug=plan, address_prefix="203.0.113.0/24", agent="A browser"
    )
    sim.control(f"sessions/{row.stripe_session_id}/pay", {})
    everything(sim)
    row.refresh_from_db()
    return row


def takes(user: User, package: Package) -> Entitlement:
    """Take a package with hours of the plan."""
    return plan_use.take(
        member=user.membership,
        package=package,
        accepted_sha256=package.licence.sha256,
        address_prefix="",
        agent="",
    )


def in_books(kind: str) -> int:
    """Sum up what the books owe on the accounts of one kind."""
    return -sum(LedgerLine.objects.filter(account__kind=kind).values_list("amount_minor", flat=True))
