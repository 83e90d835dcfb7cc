"""Bob pays on the hosted page, with cards that work and cards that do not."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.stripe_simulator.running import ASKS_BANK, DECLINED, GOOD, NO_FUNDS, Running


def retrieve(sim: Running, id: str) -> stripe.checkout.Session:
    return sim.client.v1.checkout.sessions.retrieve(
        id, {"expand": ["payment_intent.latest_charge.balance_transaction", "line_items"]}
    )


def test_a_paid_session_is_complete_and_bears_its_charge_and_fee(sim: Running) -> None:
    session = sim.session(
        12_345,
        client_reference_id="order-7",
        customer_email="bob@example.org",
        payment_intent_data={"metadata": {"order": "7"}, "transfer_group": "order_7"},
    )
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)

    status, _, goes_to = sim.pay(session.url)

    assert (status, goes_to) == (303, f"http://shop.test/done?s={session.id}")
    paid = retrieve(sim, session.id)
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (paid.amount_total, paid.currency, paid.client_reference_id) == (12_345, "usd", "order-7")
    assert paid.livemode is False
    assert paid.customer_details
    assert paid.customer_details.email == "bob@example.org"
    intent = paid.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert (intent.status, intent.metadata.order, intent.transfer_group) == ("succeeded", "7", "order_7")
    entry = intent.latest_charge.balance_transaction
    assert isinstance(entry, stripe.BalanceTransaction)
    # 2.9 % of 123.45 is 3.58005, and 30 cents.
    assert (entry.amount, entry.fee, entry.net, entry.status) == (12_345, 388, 11_957, "pending")
    assert paid.line_items
    assert [item.description for item in paid.line_items] == ["Night driving"]


@pytest.mark.parametrize(("card", "sentence"), [(DECLINED, "was declined"), (NO_FUNDS, "insufficient funds")])
def test_after_a_declined_card_another_one_pays_the_same_session(
    sim: Running, card: str, sentence: str
) -> None:
    session = sim.session()

    status, page, _ = sim.pay(session.url, card)

    assert status == 200
    assert sentence in page
    assert 'role="alert"' in page
    still = retrieve(sim, session.id)
    assert (still.status, still.payment_status) == ("open", "unpaid")
    assert sim.pay(session.url)[0] == 303
    assert retrieve(sim, session.id).payment_status == "paid"
    assert [charge.status for charge in sim.client.v1.charges.list()] == ["succeeded", "failed"]


def test_the_bank_is_asked_and_may_say_no_first(sim: Running) -> None:
    session = sim.session()
    asks = sim.pay(session.url, ASKS_BANK)[2]
    assert "Complete authentication" in sim.get(asks)[1]

    refused = sim.post(asks, {"outcome": "fail"})[1]

    assert "unable to authenticate" in refused
    asks = sim.pay(session.url, ASKS_BANK)[2]
    assert sim.post(asks, {"outcome": "complete"})[2] == f"http://shop.test/done?s={session.id}"
    assert retrieve(sim, session.id).payment_status == "paid"


def test_a_form_sent_ten_times_at_once_charges_once(sim: Running) -> None:
    session = sim.session()
    form = sim.card_form(session.url)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: sim.post(session.url, form), range(10)))

    assert {answer[2] for answer in answers} == {f"http://shop.test/done?s={session.id}"}
    assert len(sim.client.v1.charges.list().data) == 1


def test_a_declined_form_sent_twice_tries_the_card_once(sim: Running) -> None:
    session = sim.session()
    form = sim.card_form(session.url, DECLINED)

    pages = [sim.post(session.url, form)[1] for _ in range(2)]

    assert all("was declined" in page for page in pages)
    assert len(sim.client.v1.charges.list().data) == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("number", "4242424242424241", "card number is invalid"),
        ("number", "", "card number is invalid"),
        ("expiry", "01/20", "in the past"),
        ("expiry", "soon", "MM / YY"),
        ("cvc", "12", "3 digits"),
        ("name", " ", "name that is on the card"),
    ],
)
def test_a_field_that_does_not_fit_is_named_and_nothing_is_tried(
    sim: Running, field: str, value: str, sentence: str
) -> None:
    session = sim.session()

    page = sim.post(session.url, {**sim.card_form(session.url), field: value})[1]

    assert sentence in page
    assert f'id="{field}-error"' in page
    assert sim.client.v1.charges.list().data == []


def test_an_expired_session_says_so_and_takes_no_money(sim: Running) -> None:
    session = sim.session()
    form, url = sim.card_form(session.url), session.url
    sim.client.v1.checkout.sessions.expire(session.id)

    status, page, _ = sim.post(url, form)

    assert status == 410
    assert "has expired" in page
    assert 'href="http://shop.test/cart"' in page
    assert sim.client.v1.charges.list().data == []


def test_a_name_with_markup_stays_text(sim: Running) -> None:
    item = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "<script>alert(1)</script>"}}

    page = sim.get(sim.session(line_items=[{"price_data": item, "quantity": 3}]).url)[1]

    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "$15.00" in page
    assert "no real money" in page


def test_a_real_card_number_is_refused_in_test_mode(sim: Running) -> None:
    page = sim.pay(sim.session().url, "4539578763621486")[1]

    assert "used a non test card" in page


def test_the_client_raises_a_card_error(sim: Running) -> None:
    with pytest.raises(stripe.CardError) as caught:
        sim.charge(card="pm_card_chargeDeclinedInsufficientFunds")

    assert caught.value.code == "card_declined"
    assert caught.value.error
    assert caught.value.error.decline_code == "insufficient_funds"
    assert GOOD not in str(caught.value.json_body)
