"""Orders: made from the cart with the licences accepted, paid by Stripe's word only."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import cast

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from buyers import billing, cart, documents, promotions, sizes
from buyers.bank_transfer import open_invoice
from buyers.models import (
    CartCode,
    CartItem,
    Entitlement,
    LicenceAcceptance,
    Membership,
    Order,
    OrderLine,
    PayBy,
)
from buyers.payment import expire, open_payment
from buyers.refusals import OrderRefused, PaymentMismatch, StripeAway
from marketplace.models import PackageVersion
from marketplace.models.event import record
from marketplace.money import Money
from marketplace.states import MoveRefused, OrderState, advance

log = logging.getLogger(__name__)
__all__ = [
    "OrderRefused", "PaymentMismatch", "StripeAway", "checkout", "expire", "mark_paid", "open_payment", "pay_page",
]  # fmt: skip


def checkout(
    *,
    member: Membership,
    form_token: uuid.UUID,
    fingerprint: str,
    accepted: Mapping[int, str],
    address_prefix: str,
    agent: str,
    pay_by: str = PayBy.CARD,
    purchase_order: str = "",
) -> Order:
    """Make an order of the cart and a page at Stripe to pay it; the same form sent twice finds the first order.

    ``accepted`` maps the id of each licence text whose box was ticked to the SHA-256 of the words beside the box;
    ``fingerprint`` is what the person saw. Raises OrderRefused, or StripeAway with the order kept.
    """
    organisation = member.organisation
    order = Order.objects.filter(organisation=organisation, form_token=form_token).first()
    if order is None:
        _can_be_billed(member, pay_by)
        order = _place(
            member, form_token, fingerprint, accepted, address_prefix, agent, pay_by, purchase_order
        )
    pay_page(order=order)
    return order


def pay_page(*, order: Order) -> None:
    """See to it that a pending order has its payment page or its invoice. Raises StripeAway or OrderRefused."""
    if order.state != OrderState.PENDING:
        return
    if order.pay_by == PayBy.TRANSFER:
        open_invoice(order=order)
    elif not order.stripe_session_id:
        open_payment(order=order)


def _can_be_billed(member: Membership, pay_by: str) -> None:
    if pay_by not in (PayBy.CARD, PayBy.TRANSFER):
        raise OrderRefused("Choose how to pay. Nothing was charged.")
    needed = pay_by == PayBy.TRANSFER or settings.STRIPE_TAX
    if needed and billing.of(member.organisation) is None:
        why = "An invoice needs" if pay_by == PayBy.TRANSFER else "To work out the tax we need"
        raise OrderRefused(
            f"{why} your organisation's name and address: fill in the billing details first. Your cart is kept."
        )


def _place(
    member: Membership,
    form_token: uuid.UUID,
    fingerprint: str,
    accepted: Mapping[int, str],
    address_prefix: str,
    agent: str,
    pay_by: str,
    purchase_order: str,
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
                discount_minor=now.discount_minor,
                promotion_code=now.code.code if now.code and now.discount_minor else "",
                promotion_stripe_id=now.code.stripe_id if now.code and now.discount_minor else "",
                pay_by=pay_by,
                purchase_order=" ".join(purchase_order.split())[:60],
            )
            off = promotions.shared(now.discount_minor, [line.amount_minor for line in now.buyable])
            for line, less in zip(now.buyable, off, strict=True):
                package = line.item.package
                OrderLine.objects.create(
                    order=order,
                    version=cast(PackageVersion, package.current),  # what is listed has one
                    title=package.title,
                    size=line.item.size,
                    price_minor=line.amount_minor - less,
                    discount_minor=less,
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


def mark_paid(
    *,
    order: Order,
    payment_intent: str,
    charge: str,
    amount_minor: int,
    currency: str,
    tax_minor: int = 0,
    tax_reason: str = "",
) -> bool:
    """Mark an order paid, open its downloads and issue its papers. True only for the call that moved it.

    ``amount_minor`` is with tax, which Stripe works out while a card is charged. Raises PaymentMismatch, changing
    nothing, when another amount (without tax) or currency was paid than ordered.
    """
    with transaction.atomic():
        row = Order.objects.select_for_update().get(pk=order.pk)
        if row.paid_at is not None:
            return False  # also when it was refunded or disputed since
        if (amount_minor - tax_minor, currency.lower()) != (row.net_minor, row.currency.lower()):
            raise PaymentMismatch(
                f"{Money(amount_minor - tax_minor, currency)} was paid for {Money(row.net_minor, row.currency)}."
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
                total_minor=amount_minor,
                tax_minor=tax_minor,
                tax_reason=tax_reason[:40],
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
                seats=sizes.seats(line.size),
            )
        documents.of_payment(order=row)
        CartItem.objects.filter(organisation_id=row.organisation_id, package_id__in=packages).delete()
        if row.promotion_stripe_id:
            CartCode.objects.filter(
                organisation_id=row.organisation_id, stripe_id=row.promotion_stripe_id
            ).delete()
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
