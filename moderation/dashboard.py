"""The desk's first page: what waits, what failed, what was earned, each only for those who may know."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Min, Sum
from django.http import HttpRequest
from django.urls import reverse

from buyers.models import Order
from marketplace.models import Clip, Package
from marketplace.money import Money
from marketplace.states import ClipState, JobState, OrderState, PackageState, TransferState
from moderation import access
from payouts import checks, ledger
from payouts.models import StripeEvent, Transfer
from pipeline.models import Job


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the figures that this member of staff may see."""
    figures: list[dict[str, Any]] = []
    if request.user.has_perm("moderation.add_review"):
        figures += _queue(request)
    if request.user.has_perm("marketplace.change_package"):
        figures += _packages()
    if request.user.has_perm("payouts.view_transfer"):
        figures += _money()
    context["figures"] = figures
    return context


def _queue(request: HttpRequest) -> list[dict[str, Any]]:
    waiting = access.queue(request.user)
    oldest = waiting.aggregate(oldest=Min("state_changed_at"))["oldest"]
    failed = Job.objects.filter(state=JobState.FAILED).count()
    return [
        {
            "title": "Clips waiting for a verdict",
            "value": waiting.count(),
            "since": oldest,
            "url": reverse("moderation:next"),
            "action": "Review the oldest",
        },
        {
            "title": "Jobs that failed",
            "value": failed,
            "url": reverse("admin:pipeline_job_changelist") + "?state__exact=failed",
            "action": "Look at them",
        },
    ]


def _packages() -> list[dict[str, Any]]:
    approved = Clip.objects.filter(state=ClipState.APPROVED)
    milliseconds = approved.aggregate(sum=Sum(F("end_ms") - F("start_ms")))["sum"] or 0
    return [
        {
            "title": "Hours approved",
            "value": f"{milliseconds / 3_600_000:.2f}",
            "url": reverse("moderation:curate"),
            "action": "Make a package",
        },
        {
            "title": "Packages on sale",
            "value": Package.objects.filter(state=PackageState.PUBLISHED).count(),
            "url": reverse("admin:marketplace_package_changelist"),
            "action": "All packages",
        },
    ]


def _money() -> list[dict[str, Any]]:
    paid = Order.objects.filter(state=OrderState.PAID)
    totals = paid.values("currency").annotate(total=Sum("total_minor")).order_by("currency")
    broken = checks.broken()
    sums = ledger.balance_sum() or {"usd": 0}
    due = Transfer.objects.filter(state__in=[TransferState.DUE, TransferState.FAILED]).count()
    return [
        {
            "title": "Sum of all ledger lines",
            "value": " / ".join(str(total) for total in sums.values()),
            "note": f"Broken: {', '.join(rule.name for rule, _ in broken)}"
            if broken
            else "0 is right, and every rule of the books holds",
            "url": reverse("moderation:finance"),
            "action": "Finance: all figures",
        },
        {
            "title": "Sold",
            "value": " + ".join(str(Money(row["total"], row["currency"])) for row in totals) or str(Money(0)),
            "url": reverse("admin:buyers_order_changelist") + "?state__exact=paid",
            "action": "Orders",
        },
        {
            "title": "Transfers that wait or failed",
            "value": due,
            "url": reverse("admin:payouts_transfer_changelist"),
            "action": "Payouts",
        },
        {
            "title": "Stripe events not handled",
            "value": StripeEvent.objects.filter(handled_at=None).count(),
            "url": reverse("admin:payouts_stripeevent_changelist") + "?handled_at__isempty=1",
            "action": "Look at them",
        },
    ]
