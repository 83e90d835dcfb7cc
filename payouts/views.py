"""The earnings page, the way to Stripe's onboarding and back, and the webhook's door."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

import stripe
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from marketplace.celery import app
from marketplace.money import Money
from payouts import connect, inbox
from payouts import earnings as own
from payouts.models import ConnectAccount
from payouts.policies import POLICIES

log = logging.getLogger(__name__)


def contributors_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Send people who do not film to the form that makes them contributors."""

    @login_required
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not hasattr(request.user, "contributor_profile"):
            messages.info(request, "Earnings are for people who film. Say what you film first.")
            return redirect("contributors:start")
        return view(request, *args, **kwargs)

    return checked


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Take one event in; the work happens in a task."""
    try:
        with transaction.atomic():
            event = inbox.receive(payload=request.body, signature=request.headers.get("Stripe-Signature", ""))
            if event is not None:
                pk = event.pk
                transaction.on_commit(lambda: _hand_over(pk))
    except inbox.Refused as refused:
        return JsonResponse({"error": str(refused)}, status=refused.status)
    return JsonResponse({"received": True})


def _hand_over(pk: int) -> None:
    from kombu.exceptions import OperationalError

    try:
        app.send_task("payouts.tasks.handle_event", args=[pk], retry=False)
    except OperationalError:
        log.warning("event %s waits for the next look at the inbox: the broker is down", pk)


@contributors_only
@require_safe
def earnings(request: HttpRequest) -> HttpResponse:
    """Show the three balances, the way to the money, and every cent's origin."""
    rows, more = own.listing(request.user, before=request.GET.get("before", ""))
    context = {
        "balances": own.balances(request.user),
        "rows": rows,
        "more": more,
        "first": not request.GET.get("before"),
        "transfers": own.transfers_of(request.user)[:12],
        "account": ConnectAccount.objects.filter(contributor_id=request.user.pk).first(),
        "policies": POLICIES.values(),
        "minimum": Money(settings.PAYOUT_MINIMUM_MINOR),
        "hold_days": settings.PAYOUT_HOLD_DAYS,
        "next_run": own.next_run(timezone.now()),
    }
    return render(request, "payouts/earnings.html", context)


@contributors_only
@require_POST
def connect_start(request: HttpRequest) -> HttpResponse:
    """Go to Stripe's onboarding page."""
    return _to_stripe(request)


@contributors_only
@require_safe
def connect_refresh(request: HttpRequest) -> HttpResponse:
    """Stripe sends people here when their link went stale: give them a fresh one."""
    return _to_stripe(request)


def _to_stripe(request: HttpRequest) -> HttpResponse:
    try:
        account = connect.open_account(contributor=request.user)
        return HttpResponseRedirect(connect.onboarding_url(account=account))
    except stripe.StripeError as error:
        log.warning("onboarding of %s: %s", request.user.pk, error)
        messages.error(request, "Stripe did not answer. Nothing was changed; try again in a minute.")
        return redirect("payouts:earnings")


@contributors_only
@require_safe
def connect_return(request: HttpRequest) -> HttpResponse:
    """Look how the account stands after onboarding."""
    account = ConnectAccount.objects.filter(contributor_id=request.user.pk).first()
    if account is not None:
        try:
            connect.refresh(account=account)
        except stripe.StripeError as error:
            log.warning("account %s: %s", account.stripe_id, error)
        if account.transfers_active:
            messages.success(request, "Your Stripe account is ready: payouts go there.")
        else:
            messages.info(
                request, "Stripe is still checking or needs more from you. The card below says what."
            )
    return redirect("payouts:earnings")
