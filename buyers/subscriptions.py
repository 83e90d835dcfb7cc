"""Subscribing to a plan, changing it, ending it; Stripe's object is the truth and ours follows it."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import stripe
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from buyers import billing, promotions
from buyers.discounts import LEAST_CHARGE
from buyers.models import CartCode, Membership, Organisation, Subscription
from buyers.plan_terms import accept
from buyers.plans import BY_SLUG, CURRENCY, Plan, stripe_price
from buyers.stripe_api import client
from marketplace.models.event import record
from marketplace.states import SubscriptionState, advance

log = logging.getLogger(__name__)
LIVE = (SubscriptionState.ACTIVE, SubscriptionState.PAST_DUE)
# Stripe's words (https://docs.stripe.com/api/subscriptions/object#subscription_object-status) → ours.
STATES = {
    "active": SubscriptionState.ACTIVE,
    "trialing": SubscriptionState.ACTIVE,
    "past_due": SubscriptionState.PAST_DUE,
    "unpaid": SubscriptionState.PAST_DUE,
    "paused": SubscriptionState.PAST_DUE,
    "canceled": SubscriptionState.ENDED,
    "incomplete_expired": SubscriptionState.ENDED,
}
AWAY = "Stripe did not answer, so nothing was changed and nothing was charged. Try again in a minute."


class SubscriptionRefused(Exception):
    """Say in one sentence why the plan is as it was."""


def of(organisation: Organisation) -> Subscription | None:
    """Find the subscription that runs."""
    return Subscription.objects.filter(organisation=organisation, state__in=LIVE).first()


def last(organisation: Organisation) -> Subscription | None:
    """Find the subscription that runs, or the last one that did."""
    return Subscription.objects.filter(organisation=organisation).exclude(state="opening").first()


def plan_of(slug: str) -> Plan:
    """Find a plan on offer; raises SubscriptionRefused."""
    plan = BY_SLUG.get(slug)
    if plan is None:
        raise SubscriptionRefused("There is no such plan. Choose one of those on this page.")
    return plan


def start(
    *, owner: Membership, slug: str, code: str = "", address_prefix: str = "", agent: str = ""
) -> Subscription:
    """Make Stripe's page on which an owner subscribes. A page that is open already for the same plan is found again.

    Going there accepts the plan's terms; where from is kept with it. Raises SubscriptionRefused: an organisation has
    one plan, and one page to pay it.
    """
    plan, organisation = plan_of(slug), owner.organisation
    if of(organisation) is not None:
        raise SubscriptionRefused(
            "Your organisation has a plan. Change it here instead of taking a second one."
        )
    if settings.STRIPE_TAX and billing.of(organisation) is None:
        raise SubscriptionRefused(
            "To work out the tax we need your organisation's name and address: fill in the billing details first."
        )
    try:
        promotion = _promotion(code, plan)
        row = _opening(owner, plan, promotion)
        accept(row=row, plan=plan, user=owner.user, address_prefix=address_prefix, agent=agent)
        session = client().v1.checkout.sessions.create(
            _page(row, plan), {"idempotency_key": f"subscription-{row.pk}"}
        )
    except stripe.InvalidRequestError as error:
        if not (error.param or "").startswith("discounts"):
            raise SubscriptionRefused(AWAY) from error
        raise SubscriptionRefused(
            f"“{code}” cannot be used for this plan: it ran out, or is not for you. Nothing was charged."
        ) from error
    except stripe.StripeError as error:
        log.error("no page for plan %s: %r", slug, error)
        raise SubscriptionRefused(AWAY) from error
    Subscription.objects.filter(pk=row.pk).update(
        stripe_session_id=session.id, checkout_url=session.url or ""
    )
    row.refresh_from_db()
    return row


def _promotion(code: str, plan: Plan) -> CartCode | None:
    try:
        return (
            promotions.of_plan(code, price_minor=plan.price_minor, currency=CURRENCY)
            if code.strip()
            else None
        )
    except promotions.CodeRefused as why:
        raise SubscriptionRefused(str(why)) from why


def _opening(owner: Membership, plan: Plan, code: CartCode | None) -> Subscription:
    """Find the row whose page is open, or make one; a page of another plan or another code is closed first."""
    promotion = {
        "promotion_code": code.code if code else "",
        "promotion_stripe_id": code.stripe_id if code else "",
    }
    old = Subscription.objects.filter(
        organisation_id=owner.organisation_id, state=SubscriptionState.OPENING
    ).first()
    if old is not None:
        page = (
            client().v1.checkout.sessions.retrieve(old.stripe_session_id) if old.stripe_session_id else None
        )
        if page is not None and page.status == "complete":
            raise SubscriptionRefused(
                "Your organisation has just paid for a plan. It shows here in a moment."
            )
        wanted = (plan.slug, promotion["promotion_stripe_id"])
        if page is not None and page.status == "open" and (old.plan, old.promotion_stripe_id) == wanted:
            return old
        if page is not None and page.status == "open":
            client().v1.checkout.sessions.expire(page.id)
        advance(old, SubscriptionState.ABANDONED)
    try:
        with transaction.atomic():
            row = Subscription.objects.create(
                organisation_id=owner.organisation_id,
                made_by_id=owner.user_id,
                plan=plan.slug,
                price_minor=plan.price_minor,
                currency=CURRENCY,
                **promotion,
            )
            record("subscription.asked", subject=row, actor=owner.user, data={"plan": plan.slug})
    except IntegrityError as error:
        raise SubscriptionRefused("Somebody at your organisation chose a plan a moment ago.") from error
    return row


def _page(row: Subscription, plan: Plan) -> Any:
    back = settings.SITE_URL + reverse("buyers:plan")
    metadata = {"subscription": str(row.pk)}
    page: dict[str, Any] = {
        "mode": "subscription",
        "ui_mode": "hosted_page",
        "line_items": [{"price": stripe_price(plan), "quantity": 1}],
        "metadata": metadata,
        "subscription_data": {"metadata": metadata},
        "success_url": back + "?paid=1",
        "cancel_url": settings.SITE_URL + reverse("buyers:plans"),
    }
    if row.promotion_stripe_id:
        page["discounts"] = [{"promotion_code": row.promotion_stripe_id}]
    details = billing.of(row.organisation)
    if details is not None:
        page |= {
            "customer": billing.customer(details),
            "customer_update": {"address": "auto", "name": "auto"},
            "automatic_tax": {"enabled": settings.STRIPE_TAX},
        }
    else:
        page["customer_email"] = row.made_by.email
    return page


def change(*, owner: Membership, slug: str, address_prefix: str = "", agent: str = "") -> str:
    """Change to another plan and say what happened. Nothing is ever charged in part.

    A dearer plan begins at once: its whole price is charged, its month begins today, and the hours that are left of the
    old month stay until that month's end. A cheaper one begins with the next month. Raises SubscriptionRefused.
    """
    plan = plan_of(slug)
    try:
        with transaction.atomic():  # two presses take turns: the second finds the plan changed
            row = Subscription.objects.select_for_update().get(pk=_running(owner).pk)
            accept(row=row, plan=plan, user=owner.user, address_prefix=address_prefix, agent=agent)
            dearer = _change(row, plan)
    except stripe.CardError as error:
        raise SubscriptionRefused(
            f"{error.user_message} Nothing was charged and your plan is as it was. Change your card, then try again."
        ) from error
    except stripe.StripeError as error:
        log.error("subscription not changed to %s: %r", slug, error)
        raise SubscriptionRefused(AWAY) from error
    _write_down(row, owner, "subscription.changed", {"plan": plan.slug})
    follow(stripe_id=row.stripe_id)
    if dearer:
        return f"You have {plan.title} now. Its hours are here as soon as Stripe confirms the payment."
    return f"{plan.title} begins with your next month. Until then everything stays as it is."


def _change(row: Subscription, plan: Plan) -> bool:
    """Have Stripe change the price of a locked subscription; True when it begins at once."""
    found: Any = client().v1.subscriptions.retrieve(row.stripe_id)
    item, price = found["items"].data[0], stripe_price(plan)
    if item.price.id == price:
        raise SubscriptionRefused("That is the plan you have.")
    dearer = bool(plan.price_minor > item.price.unit_amount)
    if plan.price_minor - row.off(plan.price_minor) < LEAST_CHARGE:
        raise SubscriptionRefused(
            f"Your code “{row.promotion_code}” would make {plan.title} free, which our payment page cannot do. Write "
            "to us instead. Nothing was changed."
        )
    about: Any = {"items": [{"id": item.id, "price": price}], "proration_behavior": "none"}
    if dearer:
        about |= {"billing_cycle_anchor": {"type": "now"}, "payment_behavior": "error_if_incomplete"}
    client().v1.subscriptions.update(row.stripe_id, about)
    return dearer


def cancel(*, owner: Membership, end: bool) -> None:
    """End the plan with the month that is paid, or take that back. Raises SubscriptionRefused."""
    row = _running(owner)
    try:
        client().v1.subscriptions.update(row.stripe_id, {"cancel_at_period_end": end})
    except stripe.StripeError as error:
        log.error("subscription %s not cancelled: %r", row.pk, error)
        raise SubscriptionRefused(AWAY) from error
    _write_down(row, owner, "subscription.cancelled" if end else "subscription.resumed", {})
    follow(stripe_id=row.stripe_id)


def let_end(*, row: Subscription) -> None:
    """Have a plan end with the month that is paid, because a bank took a month back for good; an owner can keep it.

    Call it in a transaction. Raises stripe.StripeError.
    """
    found: Any = client().v1.subscriptions.retrieve(row.stripe_id)
    if STATES.get(found.status) not in LIVE or found.cancel_at_period_end:
        return
    client().v1.subscriptions.update(row.stripe_id, {"cancel_at_period_end": True})
    record("subscription.cancelled", subject=row, data={"why": "A bank took a month back."})
    follow(stripe_id=row.stripe_id)


def card_page(*, owner: Membership) -> str:
    """Give the address of Stripe's page on which the card is changed. Raises SubscriptionRefused."""
    row = _running(owner)
    about: Any = {
        "customer": row.stripe_customer,
        "return_url": settings.SITE_URL + reverse("buyers:plan"),
        "flow_data": {"type": "payment_method_update"},
    }
    try:
        return client().v1.billing_portal.sessions.create(about).url
    except stripe.StripeError as error:
        log.error("no portal for subscription %s: %r", row.pk, error)
        raise SubscriptionRefused(AWAY) from error


def _running(owner: Membership) -> Subscription:
    row = of(owner.organisation)
    if row is None:
        raise SubscriptionRefused("Your organisation has no plan that runs. Choose one first.")
    return row


def _write_down(row: Subscription, owner: Membership, verb: str, data: dict[str, Any]) -> None:
    with transaction.atomic():
        record(verb, subject=row, actor=owner.user, data=data)


def follow(*, stripe_id: str) -> Subscription | None:
    """Bring our row to where Stripe's subscription is now, in whatever order its events come; None if not ours."""
    with transaction.atomic():
        row = _locked(stripe_id)
        if row is None:
            return None
        # Asked under the lock: of two who follow at once the later one has the later answer.
        expand: Any = {"expand": ["discounts.source.coupon"]}
        found: Any = client().v1.subscriptions.retrieve(stripe_id, expand)
        coupon: Any = next((one.source.coupon for one in found.discounts), None)
        item: Any = found["items"].data[0]
        about = item.price.metadata.to_dict() if item.price.metadata else {}
        wanted = STATES.get(found.status)
        fields: dict[str, Any] = {
            "stripe_id": found.id,
            "stripe_customer": str(found.customer),
            "plan": about.get("plan", row.plan),
            "price_minor": item.price.unit_amount,
            "renews_at": datetime.fromtimestamp(item.current_period_end, UTC),
            "ends_with_period": bool(found.cancel_at_period_end),
            "percent_off": Decimal(str(coupon.percent_off)) if coupon and coupon.percent_off else None,
            "amount_off": coupon.amount_off if coupon else None,
        }
        if wanted != SubscriptionState.PAST_DUE:
            fields |= {"unpaid_invoice": "", "unpaid_url": "", "try_again_at": None}
        Subscription.objects.filter(pk=row.pk).update(**fields)
        row.refresh_from_db()
        if wanted is not None and wanted != row.state:
            advance(row, wanted)
    return row


def _locked(stripe_id: str) -> Subscription | None:
    """Lock the row of a subscription; one that we hear of for the first time names its row at Stripe."""
    rows = Subscription.objects.select_for_update()
    known = rows.filter(stripe_id=stripe_id).first()
    if known is not None:
        return known
    found = client().v1.subscriptions.retrieve(stripe_id)
    named = (found.metadata.to_dict() if found.metadata else {}).get("subscription", "")
    row = rows.filter(pk=named).first() if _uuid(named) else None
    if row is not None and row.stripe_id not in ("", stripe_id):
        log.error("subscription %s was paid for twice: %s, %s", row.pk, row.stripe_id, stripe_id)
        return None
    return row


def _uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
