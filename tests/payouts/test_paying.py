"""From the cart to the books: codes, tax, reverse charge, bank transfers, whatever arrives in whatever order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from buyers import bank_transfer, documents, orders, promotions
from buyers.models import Document, DocumentKind, Entitlement, Order, PayBy
from buyers.stripe_api import client
from payouts.models import AccountKind, Earning, LedgerLine, LedgerTransaction, StripeEvent
from tests.buyers import checkout as given
from tests.payouts.stage import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


def booked(kind: str) -> int:
    """Sum up one kind of account."""
    return sum(LedgerLine.objects.filter(account__kind=kind).values_list("amount_minor", flat=True))


def test_with_a_code_the_contributors_share_what_was_really_paid(sim: Simulator) -> None:
    bob = given.bob_with(*given.packages(10_000))
    given.code("LAUNCH20")
    promotions.enter(member=bob.membership, code="LAUNCH20")
    order = sim.pays(given.order(bob))
    sim.deliver("checkout.session.completed")
    order.refresh_from_db()
    assert (order.state, order.total_minor) == ("paid", 8_000)
    assert Earning.objects.get().amount_minor == 2_400, "30 % of $80"
    assert Document.objects.filter(kind=DocumentKind.INVOICE).get().data["discount_minor"] == 2_000
    assert client().v1.promotion_codes.list({"code": "LAUNCH20"}).data[0].times_redeemed == 1


@pytest.mark.parametrize(
    ("country", "number", "tax", "reason"),
    [
        ("DE", "", 1_900, "standard_rated"),
        ("DE", given.GERMAN_NUMBER, 1_900, "standard_rated"),
        ("FR", given.FRENCH_NUMBER, 0, "reverse_charge"),
        ("FR", "", 2_000, "standard_rated"),
        ("HU", "", 2_700, "standard_rated"),
        ("US", "", 0, "not_collecting"),
    ],
)
def test_tax_is_added_booked_for_the_state_and_never_shared(
    sim: Simulator, settings: Any, country: str, number: str, tax: int, reason: str
) -> None:
    settings.STRIPE_TAX = True
    bob = given.bob_with(*given.packages(10_000))
    given.details(bob, country=country, vat_id=number)
    order = sim.pays(given.order(bob))
    sim.deliver("checkout.session.completed")
    order.refresh_from_db()
    assert (order.state, order.total_minor, order.tax_minor, order.tax_reason) == (
        "paid",
        10_000 + tax,
        tax,
        reason,
    )
    assert booked(AccountKind.TAX) == -tax
    assert Earning.objects.get().amount_minor == 3_000
    bill = Document.objects.get(kind=DocumentKind.INVOICE)
    assert (bill.total_minor, bill.data["tax_minor"]) == (10_000 + tax, tax)
    assert ("Reverse charge" in bill.data["tax_sentence"]) == (reason == "reverse_charge")


def test_tax_needs_an_address_first(settings: Any) -> None:
    settings.STRIPE_TAX = True
    bob = given.bob_with(*given.packages(10_000))
    with pytest.raises(orders.OrderRefused, match="billing details"):
        given.order(bob)
    assert not Order.objects.exists()


def transferred(sim: Simulator, *, tax: bool = False) -> Order:
    """Order on an invoice with a purchase order."""
    bob = given.bob_with(*given.packages(10_000, 5_000))
    given.details(bob, country="DE", vat_id="")
    return given.order(bob, pay_by=PayBy.TRANSFER, purchase_order="PO-4711")


def test_an_order_on_an_invoice_waits_until_the_transfer_has_come(sim: Simulator, settings: Any) -> None:
    settings.STRIPE_TAX = True
    order = transferred(sim)
    assert (order.state, order.total_minor, order.tax_minor) == ("awaiting", 17_850, 2_850)
    assert not Entitlement.objects.exists()
    bill = documents.of_order(order)[0]
    there = client().v1.invoices.retrieve(order.stripe_invoice_id)
    assert (there.number, there.status, there.total) == (bill.full_number, "open", 17_850)
    assert there.custom_fields is not None
    assert there.custom_fields[0].value == "PO-4711"
    page = given.signed_in(order.placed_by).get(f"/orders/{order.pk}/").content.decode()
    assert "Awaiting your bank transfer" in page
    assert order.invoice_url in page
    assert len(mail.outbox) == 1
    sim.control(f"invoices/{order.stripe_invoice_id}/pay", {})
    assert sim.deliver("invoice.paid") == [True]
    assert sim.deliver("invoice.paid") == [False]
    sim.deliver("charge.updated")
    order.refresh_from_db()
    assert (order.state, order.stripe_payment_intent[:3]) == ("paid", "pi_")
    assert Entitlement.objects.live().count() == 2
    assert (booked(AccountKind.TAX), booked(AccountKind.STRIPE_FEES)) == (-2_850, 89)
    assert [found.kind for found in documents.of_order(order)] == ["invoice", "receipt"]
    assert [letter.subject for letter in mail.outbox][-1].endswith("is paid")


def test_an_invoice_half_made_when_stripe_went_away_goes_on_and_is_one(sim: Simulator) -> None:
    sim.control(
        "fail", {"when": "before", "status": 500, "method": "POST", "path": "/v1/invoices/in_", "count": 3}
    )
    with pytest.raises(orders.StripeAway):
        transferred(sim)
    order = Order.objects.get()
    assert order.state == "pending"
    orders.pay_page(order=order)
    assert order.state == "awaiting"
    assert len(client().v1.invoices.list().data) == 1
    assert len(client().v1.invoices.retrieve(order.stripe_invoice_id).lines.data) == 2
    assert Document.objects.count() == 1


def test_cancelled_before_it_was_paid_leaves_no_gap_and_nothing_to_pay(sim: Simulator) -> None:
    order = transferred(sim)
    answer = given.signed_in(order.placed_by).post(f"/orders/{order.pk}/cancel/", follow=True)
    assert "is cancelled. There is nothing to pay." in answer.content.decode()
    sim.deliver("invoice.voided")
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert client().v1.invoices.retrieve(order.stripe_invoice_id).status == "void"
    bill, note = documents.of_order(order)
    assert (note.kind, note.total_minor) == ("credit_note", -bill.total_minor)
    assert not LedgerTransaction.objects.exists()


def test_money_that_came_first_wins_over_cancelling(sim: Simulator) -> None:
    order = transferred(sim)
    sim.control(f"invoices/{order.stripe_invoice_id}/pay", {})
    with pytest.raises(orders.OrderRefused, match="has arrived"):
        bank_transfer.cancel(order=order)
    sim.deliver("invoice.paid")
    order.refresh_from_db()
    assert order.state == "paid"


def test_overdue_is_reminded_once_then_cancelled(sim: Simulator) -> None:
    order = transferred(sim)
    assert bank_transfer.chase() == 0
    Order.objects.update(due_at=timezone.now() - timedelta(days=1))
    assert [bank_transfer.chase(), bank_transfer.chase()] == [1, 0]
    assert "overdue" in mail.outbox[-1].subject
    Order.objects.update(due_at=timezone.now() - timedelta(days=31))
    assert bank_transfer.chase() == 1
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert "cancelled" in mail.outbox[-1].subject


def test_an_invoice_of_another_site_on_the_same_stripe_account_is_ignored(sim: Simulator) -> None:
    api = client().v1
    customer = api.customers.create({"name": "Somebody"})
    made = api.invoices.create(
        {"customer": customer.id, "collection_method": "send_invoice", "days_until_due": 1}
    )
    api.invoice_items.create({"customer": customer.id, "invoice": made.id, "amount": 900, "currency": "usd"})
    api.invoices.finalize_invoice(made.id)
    sim.control(f"invoices/{made.id}/pay", {})
    sim.deliver("invoice.paid")
    assert "Not the invoice of an order" in StripeEvent.objects.get().note
