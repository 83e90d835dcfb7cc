"""Subscriptions live a life of their own: paid, renewed by the clock, declined, ended."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stripe_simulator.running import DECLINED, GOOD, Receiver, Running, until

MONTH = 31 * 86_400


def price(sim: Running, amount: int, key: str) -> str:
    about: Any = {
        "currency": "usd", "unit_amount": amount, "recurring": {"interval": "month"}, "lookup_key": key,
        "product_data": {"name": f"Plan {key}"}, "metadata": {"plan": key},
    }  # fmt: skip
    return sim.client.v1.prices.create(about).id


def begun(sim: Running) -> Any:
    """Subscribe on the hosted page; give the subscription."""
    about: Any = {
        "mode": "subscription",
        "line_items": [{"price": price(sim, 20_000, "start"), "quantity": 1}],
        "subscription_data": {"metadata": {"row": "7"}},
        "success_url": "http://shop.test/done",
        "customer_email": "bob@example.org",
    }
    session: Any = sim.client.v1.checkout.sessions.create(about)
    sim.pay(session.url)
    done: Any = sim.client.v1.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status, done.mode, done.payment_intent) == (
        "complete", "paid", "subscription", None,
    )  # fmt: skip
    return sim.client.v1.subscriptions.retrieve(done.subscription)


def invoices(sim: Running, sub: Any) -> list[Any]:
    return list(sim.client.v1.invoices.list({"subscription": sub.id}).data)[::-1]


def card(sim: Running, sub: Any, number: str) -> None:
    sim.control(f"customers/{sub.customer}/card", {"card": number})


def test_the_page_starts_it_with_a_paid_invoice_that_names_price_and_subscription(
    sim: Running, receiver: Receiver
) -> None:
    sub = begun(sim)
    assert (sub.status, sub.metadata["row"]) == ("active", "7")
    (invoice,) = invoices(sim, sub)
    assert (invoice.status, invoice.total, invoice.billing_reason) == ("paid", 20_000, "subscription_create")
    assert invoice.parent.subscription_details.metadata["row"] == "7"
    line = invoice.lines.data[0]
    found = sim.client.v1.prices.list({"lookup_keys": ["start"]}).data
    assert line.pricing.price_details.price == found[0].id
    item = sub["items"].data[0]
    assert (line.period.start, line.period.end) == (item.current_period_start, item.current_period_end)
    until(lambda: receiver.of("invoice.paid") and receiver.of("customer.subscription.created"))


def test_the_clock_renews_it_and_a_cancelled_one_ends_with_its_period(
    sim: Running, receiver: Receiver
) -> None:
    sub = begun(sim)
    sim.control("clock", {"advance_s": MONTH})
    first, second = invoices(sim, sub)
    assert second.lines.data[0].period.start == first.lines.data[0].period.end
    assert (second.status, second.billing_reason) == ("paid", "subscription_cycle")
    changed = sim.client.v1.subscriptions.update(sub.id, {"cancel_at_period_end": True})
    assert (changed.status, changed.cancel_at_period_end) == ("active", True)
    sim.control("clock", {"advance_s": MONTH})
    assert sim.client.v1.subscriptions.retrieve(sub.id).status == "canceled"
    assert len(invoices(sim, sub)) == 2
    until(lambda: receiver.of("customer.subscription.deleted"))


def test_a_declined_card_is_tried_again_and_then_the_subscription_ends(sim: Running) -> None:
    sub = begun(sim)
    card(sim, sub, DECLINED)
    sim.control("clock", {"advance_s": MONTH})
    assert sim.client.v1.subscriptions.retrieve(sub.id).status == "past_due"
    invoice = invoices(sim, sub)[-1]
    assert (invoice.status, invoice.attempted) == ("open", True)
    assert invoice.next_payment_attempt
    sim.control("clock", {"advance_s": 20 * 86_400})
    ended: Any = sim.client.v1.subscriptions.retrieve(sub.id)
    assert (ended.status, ended.cancellation_details.reason) == ("canceled", "payment_failed")


def test_the_portal_takes_another_card_and_the_next_try_pays(sim: Running) -> None:
    sub = begun(sim)
    card(sim, sub, DECLINED)
    sim.control("clock", {"advance_s": MONTH})
    portal = sim.client.v1.billing_portal.sessions.create(
        {
            "customer": sub.customer,
            "return_url": "http://shop.test/",
            "flow_data": {"type": "payment_method_update"},
        }
    )
    assert "ends in 0002" in sim.get(portal.url)[1]
    assert "number is invalid" in sim.post(portal.url, {"number": "1234"})[1]
    assert sim.post(portal.url, {"number": GOOD})[0] == 303
    sim.control("clock", {"advance_s": 6 * 86_400})
    assert sim.client.v1.subscriptions.retrieve(sub.id).status == "active"
    assert [one.status for one in invoices(sim, sub)] == ["paid", "paid"]


def test_another_price_now_is_paid_at_once_or_changes_nothing(sim: Running) -> None:
    sub = begun(sim)
    larger = price(sim, 60_000, "team")
    about: Any = {
        "items": [{"id": sub["items"].data[0].id, "price": larger}], "proration_behavior": "none",
        "billing_cycle_anchor": {"type": "now"}, "payment_behavior": "error_if_incomplete",
    }  # fmt: skip
    card(sim, sub, DECLINED)
    with pytest.raises(stripe.CardError, match="declined"):
        sim.client.v1.subscriptions.update(sub.id, about)
    same: Any = sim.client.v1.subscriptions.retrieve(sub.id)
    assert same["items"].data[0].price.unit_amount == 20_000
    assert len(invoices(sim, sub)) == 1
    card(sim, sub, GOOD)
    changed: Any = sim.client.v1.subscriptions.update(sub.id, about)
    assert changed["items"].data[0].price.unit_amount == 60_000
    assert [one.total for one in invoices(sim, sub)] == [20_000, 60_000]


def test_what_stripe_refuses_is_refused(sim: Running) -> None:
    sub = begun(sim)
    with pytest.raises(stripe.InvalidRequestError, match="recurring"):
        sim.client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [{"price": sub["items"].data[0].price.id, "quantity": 1}],
                "success_url": "http://shop.test/",
            }
        )
    with pytest.raises(stripe.InvalidRequestError, match="lookup key"):
        price(sim, 1_000, "start")
    sim.client.v1.subscriptions.cancel(sub.id)
    with pytest.raises(stripe.InvalidRequestError, match="canceled"):
        sim.client.v1.subscriptions.update(sub.id, {"cancel_at_period_end": True})
