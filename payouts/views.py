"""The earnings page, the way to Stripe's onboarding and back, and the webhook's door."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

import stripe
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from contributors.access import contributors_only
from marketplace.money import Money
from payouts import connect, inbox, table, trends
from payouts import earnings as own
from payouts.asked import in_words
from payouts.models import TaxProfile
from payouts.policies import all_in_force, to_come

log = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Take one event in; the work happens in a task."""
    try:
        new = inbox.receive(payload=request.body, signature=request.headers.get("Stripe-Signature", ""))
    except inbox.Refused as refused:
        return JsonResponse({"error": str(refused)}, status=refused.status)
    return JsonResponse({"received": True, "new": new})


@contributors_only
@require_safe
@never_cache
def earnings(request: HttpRequest) -> HttpResponse:
    """Show the three balances, the way to the money, and every cent's origin."""
    before, month = request.GET.get("before", ""), own.read_month(request.GET.get("month", ""))
    now, account = timezone.now(), connect.account_of(request.user)
    page = own.page(request.user, month=month, before=before)
    kept = {"month": f"{month:%Y-%m}"} if month else {}
    context = {
        "balances": own.balances(request.user),
        "page": page,
        "month": month,
        "months": own.months(request.user),
        "newest_url": f"?{urlencode(kept)}" if before else "",
        "older_url": f"?{urlencode({**kept, 'before': page.older})}" if page.older else "",
        "transfers": own.transfers_of(request.user)[:12],
        "account": account,
        "asked": in_words(account.requirements) if account else [],
        "policies": all_in_force(),
        "policies_to_come": to_come(),
        "minimum": Money(settings.PAYOUT_MINIMUM_MINOR),
        "hold_days": settings.PAYOUT_HOLD_DAYS,
        "now": now,
        "next_run": own.next_run(now),
        "trends": trends.of(request.user, now=now),
        "tax_known": TaxProfile.objects.filter(contributor_id=request.user.pk).exists(),
    }
    return render(request, "payouts/earnings.html", context)


@contributors_only
@require_safe
@never_cache
def earnings_csv(request: HttpRequest) -> HttpResponse:
    """Give the earnings, of one month or all, as a table to keep."""
    month = own.read_month(request.GET.get("month", ""))
    name = f"fairframe-earnings{month:-%Y-%m}.csv" if month else "fairframe-earnings.csv"
    response = StreamingHttpResponse(
        table.lines(request.user, month=month), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response  # type: ignore[return-value]


@contributors_only
@require_POST
def connect_start(request: HttpRequest) -> HttpResponse:
    """Go to Stripe's onboarding page."""
    return _to_stripe(request)


@contributors_only
@require_safe
@never_cache
def connect_refresh(request: HttpRequest) -> HttpResponse:
    """Stripe sends people here when their link went stale: give them a fresh one of their own account."""
    if connect.account_of(request.user) is None:
        return redirect("payouts:earnings")
    return _to_stripe(request)


def _to_stripe(request: HttpRequest) -> HttpResponse:
    try:
        account = connect.open_account(contributor=request.user)
        return HttpResponseRedirect(connect.onboarding_url(account=account))
    except connect.NotPossible as why:
        messages.error(request, str(why))
    except stripe.StripeError as error:
        log.warning("onboarding of %s: %r", request.user.pk, error)
        messages.error(request, "Stripe did not answer. Nothing was changed; try again in a minute.")
    return redirect("payouts:earnings")


@contributors_only
@require_safe
@never_cache
def connect_return(request: HttpRequest) -> HttpResponse:
    """Look how the account stands after onboarding: coming back does not mean that it is finished."""
    account = connect.account_of(request.user)
    if account is not None:
        try:
            connect.refresh(account=account)
        except stripe.StripeError as error:
            log.warning("account %s: %r", account.stripe_id, error)
        if account.transfers_active:
            messages.success(request, "Your Stripe account is ready: payouts go there.")
        else:
            messages.info(
                request,
                "Stripe has not finished with your account. “Where the money goes” says what is left.",
            )
    return redirect("payouts:earnings")
