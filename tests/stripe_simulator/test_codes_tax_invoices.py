"""Codes, tax and invoices answer the official client as Stripe does."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stripe_simulator.running import Receiver, Running, until


def coupon(sim: Running, **more: Any) -> Any:
    about: Any = {"duration": "once", **(more or {"percent_off": 15})}
    return sim.client.v1.coupons.create(about)


def code(sim: Running, text: str, **more: Any) -> Any:
    promotion = {"type": "coupon", "coupon": coupon(sim, **more.pop("coupon", {})).id}
    return sim.client.v1.promotion_codes.create({"promotion": promotion, "code": text, **more})  # type: ignore[typeddict-item]


def customer(sim: Running, country: str, number: str = "") -> str:
    made = sim.client.v1.customers.create({"name": "Bob", "address": {"country": country}})
    if number:
        sim.client.v1.customers.tax_ids.create(made.id, {"type": "eu_vat", "value": number})
    return made.id


def test_a_code_is_found_in_any_case_and_counts_its_use(sim: Running) -> None:
    made = code(sim, "Spring", max_redemptions=1)
    found = sim.client.v1.promotion_codes.list(
        {"code": "SPRING", "active": True, "expand": ["data.promotion.coupon"]}
    )
    assert found.data[0].promotion.coupon.percent_off == 15  # type: ignore[union-attr]
    session = sim.session(9_999, discounts=[{"promotion_code": made.id}])
    assert (session.amount_subtotal, session.total_details.amount_discount, session.amount_total) == (
        9_999,
        1_500,
        8_499,
    )
    assert "−$15.00" in sim.get(session.url)[1]
    sim.pay(session.url)
    assert sim.client.v1.promotion_codes.retrieve(made.id).active is False
    with pytest.raises(stripe.InvalidRequestError, match="has expired") as caught:
        sim.session(9_999, discounts=[{"promotion_code": made.id}])
    assert caught.value.param == "discounts[0][promotion_code]"


@pytest.mark.parametrize(
    ("country", "number", "tax", "reason"),
    [
        ("DE", "", 1_900, "standard_rated"),
        ("FR", "FR40303265045", 0, "reverse_charge"),
        ("US", "", 0, "not_collecting"),
    ],
)
def test_tax_follows_the_customers_address_and_number(
    sim: Running, country: str, number: str, tax: int, reason: str
) -> None:
    session = sim.session(
        customer=customer(sim, country, number),
        automatic_tax={"enabled": True},
        expand=["total_details.breakdown"],
    )
    assert (session.automatic_tax.status, session.amount_total) == ("complete", 10_000 + tax)
    assert session.total_details.breakdown.taxes[0].taxability_reason == reason


def test_another_country_on_the_page_is_asked_about_again_before_it_is_charged(sim: Running) -> None:
    session = sim.session(customer=customer(sim, "DE"), automatic_tax={"enabled": True})
    status, page, _ = sim.pay(session.url)  # the form says France
    assert status == 200
    assert "look at the new total" in page
    assert "Pay $120.00" in page
    sim.pay(session.url)
    done = sim.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (done.payment_status, done.payment_intent.amount) == ("paid", 12_000)  # type: ignore[union-attr]


def test_tax_of_a_customer_without_an_address_is_refused(sim: Running) -> None:
    nowhere = sim.client.v1.customers.create({"name": "Bob"}).id
    with pytest.raises(stripe.InvalidRequestError, match="valid address"):
        sim.session(customer=nowhere, automatic_tax={"enabled": True})


def invoice(sim: Running, **more: Any) -> Any:
    api = sim.client.v1
    who = customer(sim, "DE")
    about: Any = {
        "customer": who,
        "collection_method": "send_invoice",
        "days_until_due": 30,
        "currency": "usd",
    }
    made = api.invoices.create({**about, **more})  # type: ignore[arg-type]
    for amount in (6_000, 4_000):
        api.invoice_items.create(
            {"customer": who, "invoice": made.id, "amount": amount, "currency": "usd", "description": "Rides"}
        )
    return api.invoices.retrieve(made.id)


def test_an_invoice_is_drafted_numbered_sent_and_paid_by_transfer(sim: Running, receiver: Receiver) -> None:
    api = sim.client.v1
    draft = invoice(
        sim,
        automatic_tax={"enabled": True},
        discounts=[{"promotion_code": code(sim, "TENTH", coupon={"percent_off": 10}).id}],
        payment_settings={"payment_method_types": ["customer_balance"]},
    )
    assert (draft.subtotal, draft.total_excluding_tax, draft.total) == (10_000, 9_000, 10_710)
    api.invoices.update(draft.id, {"number": "OURS-1"})
    opened = api.invoices.finalize_invoice(draft.id)
    api.invoices.send_invoice(draft.id)
    assert (opened.status, opened.number, opened.amount_remaining) == ("open", "OURS-1", 10_710)
    with pytest.raises(stripe.InvalidRequestError, match="Finalized"):
        api.invoices.update(draft.id, {"number": "OTHER"})
    assert "Let the transfer arrive now" in sim.get(opened.hosted_invoice_url or "")[1]
    sim.post(opened.hosted_invoice_url or "", {})
    paid = api.invoices.retrieve(draft.id, {"expand": ["payments"]})
    assert (paid.status, paid.amount_paid) == ("paid", 10_710)
    payment = paid.payments.data[0].payment.payment_intent  # type: ignore[union-attr]
    intent = api.payment_intents.retrieve(str(payment), {"expand": ["latest_charge.balance_transaction"]})
    assert intent.latest_charge.balance_transaction.fee == 54  # type: ignore[union-attr]
    until(lambda: receiver.of("invoice.paid"))
    with pytest.raises(stripe.InvalidRequestError, match="void"):
        api.invoices.void_invoice(draft.id)


def test_an_open_invoice_becomes_overdue_once_and_can_be_voided(sim: Running, receiver: Receiver) -> None:
    draft = invoice(sim)
    sim.client.v1.invoices.finalize_invoice(draft.id)
    sim.control("clock", {"advance_s": 40 * 86_400})
    until(lambda: receiver.of("invoice.overdue"))
    sim.control("clock", {"advance_s": 86_400})
    assert sim.client.v1.invoices.void_invoice(draft.id).status == "void"
    until(lambda: receiver.of("invoice.voided"))
    assert len(receiver.of("invoice.overdue")) == 1


def test_an_empty_draft_cannot_be_finalised(sim: Running) -> None:
    who = customer(sim, "DE")
    draft = sim.client.v1.invoices.create(
        {"customer": who, "collection_method": "send_invoice", "days_until_due": 1}
    )
    with pytest.raises(stripe.InvalidRequestError, match="Nothing to invoice"):
        sim.client.v1.invoices.finalize_invoice(draft.id)
