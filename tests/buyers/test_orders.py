"""An order is paid once, by Stripe's word, with the right amount, and then the downloads open."""

from __future__ import annotations

import threading

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from buyers import cart, orders
from buyers.models import CartItem, Entitlement, Order
from marketplace.models import Event
from marketplace.states import OrderState
from tests import people


@pytest.fixture
def order(transactional_db: None) -> Order:
    clip = people.make_clip(people.make_footage(people.alice()))
    bob = people.bob()
    package = people.make_package([clip], price_minor=25_000)
    cart.put(member=bob.membership, package=package)
    return people.make_order(bob, package)


def pay(order: Order, amount: int = 25_000, currency: str = "usd") -> bool:
    return orders.mark_paid(
        order=order, payment_intent="pi_1", charge="ch_1", amount_minor=amount, currency=currency
    )


def test_paying_opens_thirty_days_empties_the_cart_and_writes_once(order: Order) -> None:
    assert pay(order) is True
    assert pay(order) is False
    order.refresh_from_db()
    entitlement = Entitlement.objects.get()
    assert order.state == OrderState.PAID
    assert (entitlement.until - entitlement.starts_at).days == 30
    assert not CartItem.objects.exists()
    assert len(mail.outbox) == 1
    assert "$250.00" in mail.outbox[0].body
    assert f"/orders/{order.pk}/" in mail.outbox[0].body
    assert Event.objects.filter(verb="order.paid").count() == 1


@pytest.mark.parametrize(("amount", "currency"), [(24_999, "usd"), (25_000, "eur"), (0, "usd")])
def test_another_amount_or_currency_never_pays(order: Order, amount: int, currency: str) -> None:
    with pytest.raises(orders.PaymentMismatch):
        pay(order, amount, currency)
    order.refresh_from_db()
    assert order.state == OrderState.PENDING
    assert not Entitlement.objects.exists()


def test_webhook_and_return_at_once_give_one_payment(order: Order) -> None:
    barrier, won = threading.Barrier(4), []

    def race() -> None:
        barrier.wait()
        won.append(pay(Order.objects.get(pk=order.pk)))
        connection.close()

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, False, False, True]
    assert Entitlement.objects.count() == 1


def test_an_order_that_ran_out_is_still_paid_when_the_money_comes(order: Order) -> None:
    orders.expire(order=order)
    assert order.state == OrderState.EXPIRED
    assert pay(order) is True


def test_coming_back_from_stripe_never_marks_paid(order: Order, client: Client) -> None:
    client.force_login(order.placed_by)
    page = client.get(f"/orders/{order.pk}/?paid=1")
    assert "Waiting for the payment to arrive" in page.content.decode()
    part = client.get(f"/orders/{order.pk}/state/")
    assert "HX-Refresh" not in part
    pay(order)
    assert client.get(f"/orders/{order.pk}/state/")["HX-Refresh"] == "true"


def test_the_list_of_orders_says_the_state_and_the_total(order: Order, client: Client) -> None:
    client.force_login(order.placed_by)
    page = client.get("/orders/").content.decode()
    assert order.short_number in page
    assert "$250.00" in page
