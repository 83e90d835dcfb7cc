"""Orders: made from the cart with the licences accepted, paid by Stripe's word only."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import cast

import stripe
from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from stripe.params.checkout import SessionCreateParamsLineItem

from buyers import cart
from buyers.models import CartItem, Entitlement, LicenceAcceptance, Membership, Order, OrderLine
from buyers.stripe_api import client
from marketplace.models import PackageVersion
from marketplace.models.event import record
from marketplace.money import Money
from marketplace.states import MoveRefused, OrderState, advance

log = logging.getLogger(__name__)
PAY_WITHIN = timedelta(hours=23)  # Stripe takes 30 minutes to 24 hours
LAST_CALL = timedelta(minutes=35)  # less than that before the end, Stripe makes no page any more


class OrderRefused(Exception):
    """Say in one sentence why there is no order; the cart is as it was."""


class PaymentMismatch(Exception):
    """What was paid is not what was ordered."""


class StripeAway(Exception):
    """Stripe gave no payment page; the order waits and can be paid later."""

    def __init__(self, order: Order) -> None:
        super().__init__(
            f"Stripe did not answer, so nothing was charged. {order} and your cart are kept: "
            "press “Pay now” in a minute."
        )
        self.order = order


def checkout(
    *,
    member: Membership,
    form_token: uuid.UUID,
    fingerprint: str,
    accepted: Mapping[int, str],
    address_prefix: str,
    agent: str,
) -> Order:
    """Make an order of the cart and a page at Stripe to pay it; the same form sent twice finds the first order.

    ``accepted`` maps the id of each licence text whose box was ticked to the SHA-256 of the words beside the box;
    ``fingerprint`` is what the person saw. Raises OrderRefused, or StripeAway with the order kept.
    """
    organisation = member.organisation
    order = Order.objects.filter(organisation=organisation, form_token=form_token).first()
    if order is None:
        order = _place(member, form_token, fingerprint, accepted, address_prefix, agent)
    if order.state == OrderState.PENDING and not order.stripe_session_id:
        open_payment(order=order)
    return order


def _place(
    member: Membership,
    form_token: uuid.UUID,
    fingerprint: str,
    accepted: Mapping[int, str],
    address_prefix: str,
    agent: str,
) -> Order:
    now = cart.look(member=member)
    if not now.buyable:
        raise OrderRefused("There is nothing in the cart that can be bought now. Nothing was charged.")
    if now.fingerprint != fingerprint:
        raise OrderRefused(
            "A package or a price in your cart has changed since you looked. Nothing was charged and the rest is kept: "
            "look again, then pay."
        )
    for terms in now.terms:
        if accepted.get(terms.pk) != terms.sha256:
            raise OrderRefused(f"Tick that your organisation accepts “{terms}”. Nothing was charged.")
    try:
        with transaction.atomic():
            order = Order.objects.create(
                organisation=member.organisation,
                placed_by=member.user,
                form_token=form_token,
                currency=now.currency,
                total_minor=now.total_minor,
            )
            for line in now.buyable:
                package = line.item.package
                OrderLine.objects.create(
                    order=order,
                    version=cast(PackageVersion, package.current),  # what is listed has one
                    title=package.title,
                    price_minor=package.price_minor,
                )
            for terms in now.terms:
                LicenceAcceptance.objects.create(
                    order=order,
                    terms=terms,
                    text_sha256=terms.sha256,
                    user=member.user,
                    address_prefix=address_prefix,
                    agent=agent,
                )
            record("order.placed", subject=order, actor=member.user, data={"total_minor": order.total_minor})
    except IntegrityError:
        # The other submit of the same form was a moment faster.
        return Order.objects.get(organisation=member.organisation, form_token=form_token)
    return order


def open_payment(*, order: Order) -> Order:
    """Make Stripe's payment page for a pending order that has none.

    Raises StripeAway and keeps the order, or OrderRefused and closes it when its time is over.
    """
    if timezone.now() > order.created_at + PAY_WITHIN - LAST_CALL:
        expire(order=order)
        raise OrderRefused(
            f"{order} was not paid within a day, so it is closed. Nothing was charged. Order again."
        )
    back = settings.SITE_URL + reverse("buyers:order", args=[order.pk])
    lines: list[SessionCreateParamsLineItem] = [
        {
            "price_data": {
                "currency": order.currency,
                "unit_amount": line.price_minor,
                "product_data": {"name": line.title, "description": f"Version {line.version.number}"},
            },
            "quantity": 1,
        }
        for line in order.lines.select_related("version")
    ]
    metadata = {"order": str(order.pk)}
    try:
        session = client().v1.checkout.sessions.create(
            {
                "mode": "payment",
                "ui_mode": "hosted_page",
                "line_items": lines,
                "client_reference_id": str(order.pk),
                "customer_email": order.placed_by.email,
                "metadata": metadata,
                "payment_intent_data": {"metadata": metadata, "transfer_group": f"order_{order.pk}"},
                "success_url": back + "?paid=1",
                "cancel_url": back + "?cancelled=1",
                # From the row, not from now: a repeated call must be the same call, or its key is refused.
                "expires_at": int((order.created_at + PAY_WITHIN).timestamp()),
            },
            {"idempotency_key": f"order-{order.pk}"},
        )
    except stripe.StripeError as error:
        log.error("no payment page for order %s: %s: %s", order.pk, type(error).__name__, error)
        raise StripeAway(order) from error
    Order.objects.filter(pk=order.pk).update(stripe_session_id=session.id, checkout_url=session.url or "")
    order.refresh_from_db()
    return order


def mark_paid(*, order: Order, payment_intent: str, charge: str, amount_minor: int, currency: str) -> bool:
    """Mark an order paid and open its downloads. True only for the call that moved it.

    Raises PaymentMismatch, changing nothing, when another amount or currency was paid than ordered.
    """
    with transaction.atomic():
        row = Order.objects.select_for_update().get(pk=order.pk)
        if (amount_minor, currency.lower()) != (row.total_minor, row.currency.lower()):
            raise PaymentMismatch(
                f"{Money(amount_minor, currency)} was paid for {Money(row.total_minor, row.currency)}."
            )
        now = timezone.now()
        try:
            advance(
                row,
                OrderState.PAID,
                data={"payment_intent": payment_intent},
                stripe_payment_intent=payment_intent,
                stripe_charge=charge,
                paid_at=now,
            )
        except MoveRefused:
            return False
        until = now + timedelta(days=settings.ENTITLEMENT_DAYS)
        packages = []
        for line in row.lines.select_related("version"):
            packages.append(line.version.package_id)
            Entitlement.objects.create(
                organisation_id=row.organisation_id,
                line=line,
                version=line.version,
                starts_at=now,
                until=until,
            )
        CartItem.objects.filter(organisation_id=row.organisation_id, package_id__in=packages).delete()
        pk = row.pk
        transaction.on_commit(lambda: _confirm(pk))
    return True


def _confirm(pk: uuid.UUID) -> None:
    order = Order.objects.select_related("placed_by", "organisation").get(pk=pk)
    context = {
        "order": order,
        "lines": order.lines.all(),
        "total": Money(order.total_minor, order.currency),
        "url": settings.SITE_URL + reverse("buyers:order", args=[order.pk]),
        "site_url": settings.SITE_URL,
        "days": settings.ENTITLEMENT_DAYS,
    }
    body = render_to_string("buyers/emails/paid.txt", context)
    # A mail server that is down must not undo a payment: the order page says the same.
    send_mail(f"[Fairframe] {order} is paid", body, None, [order.placed_by.email], fail_silently=True)


def expire(*, order: Order) -> None:
    """Close an order whose payment page ran out; a paid one stays paid."""
    try:
        advance(order, OrderState.EXPIRED)
    except MoveRefused:
        order.refresh_from_db()
