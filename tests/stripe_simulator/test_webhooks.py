"""Signed events arrive: once, twice, late, or not at all, as the test wants it."""

import json
import time
from typing import Any

import pytest
import stripe

from tests.stripe_simulator.running import DECLINED, SECRET, Receiver, Running, until


def test_an_event_is_signed_so_that_stripes_own_code_takes_it(sim: Running, receiver: Receiver) -> None:
    session = sim.session()
    sim.pay(session.url)
    until(lambda: receiver.of("checkout.session.completed"))

    body, signature = next(raw for raw in receiver.raw if b"checkout.session.completed" in raw[0])
    event = stripe.Webhook.construct_event(body, signature, SECRET)

    assert (event.type, event.api_version, event.livemode) == (
        "checkout.session.completed",
        "2026-10-28.endive",
        False,
    )
    assert event.data.object["id"] == session.id
    assert event.data.object["metadata"]["order"] == "7"
    assert sim.client.v1.events.retrieve(event.id).data.object["payment_status"] == "paid"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature, "whsec_of_mallory")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body.replace(b"usd", b"eur"), signature, SECRET)


def test_paying_tells_all_that_happened(sim: Running, receiver: Receiver) -> None:
    session = sim.session()
    sim.pay(session.url, DECLINED)
    sim.pay(session.url)
    sim.control("deliver")

    kinds = {event["type"] for event in receiver.taken}
    assert kinds == {
        "payment_intent.created", "charge.failed", "payment_intent.payment_failed",
        "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed",
    }  # fmt: skip


def test_an_event_comes_three_times_when_asked_to(sim: Running, receiver: Receiver) -> None:
    sim.control("delivery", {"duplicate": 2})

    sim.client.v1.customers.create({"name": "Bob"})

    events = until(lambda: len(receiver.of("customer.created")) == 3 and receiver.of("customer.created"))
    assert len({event["id"] for event in events}) == 1


def test_events_are_held_back_and_then_sent(sim: Running, receiver: Receiver) -> None:
    sim.control("delivery", {"delay_s": 30})
    sim.client.v1.customers.create({"name": "Bob"})
    time.sleep(0.2)
    assert receiver.taken == []

    assert sim.control("deliver") == {"tried": 1}

    assert [event["type"] for event in receiver.taken] == ["customer.created"]


def test_a_delay_passes_by_itself(sim: Running, receiver: Receiver) -> None:
    sim.control("delivery", {"delay_s": 0.4})
    begun = time.monotonic()

    sim.client.v1.customers.create({"name": "Bob"})

    until(lambda: receiver.taken)
    assert time.monotonic() - begun >= 0.4


def test_a_paused_simulator_keeps_events_until_it_goes_on(sim: Running, receiver: Receiver) -> None:
    sim.control("delivery", {"pause": True})
    event = sim.client.v1.customers.create({"name": "Bob"})
    time.sleep(0.15)
    assert receiver.taken == []

    sim.control("delivery", {"pause": False})

    until(lambda: receiver.of("customer.created"))
    assert event.id == receiver.taken[0]["data"]["object"]["id"]


def test_a_dropped_event_can_still_be_fetched_and_sent_again(sim: Running, receiver: Receiver) -> None:
    sim.control("delivery", {"drop": 1})
    sim.client.v1.customers.create({"name": "Bob"})
    sim.client.v1.customers.create({"name": "Mo"})
    until(lambda: receiver.taken)
    dropped = sim.client.v1.events.list({"type": "customer.created"}).data[-1]
    assert [event["data"]["object"]["name"] for event in receiver.taken] == ["Mo"]

    sim.control("deliver", {"event": dropped.id})

    assert receiver.taken[-1]["id"] == dropped.id


def test_events_come_in_another_order_when_asked_to(sim: Running, receiver: Receiver) -> None:
    sim.control("delivery", {"reorder_s": 0.6})
    names = [f"Bob {n}" for n in range(12)]

    for name in names:
        sim.client.v1.customers.create({"name": name})

    until(lambda: len(receiver.taken) == len(names))
    came = [event["data"]["object"]["name"] for event in receiver.taken]
    assert sorted(came) == sorted(names)
    assert came != names


def test_serial_delivery_keeps_the_order_of_events(sim: Running, receiver: Receiver) -> None:
    sim.control("delivery", {"serial": True, "retry_base_s": 0.05})
    receiver.refuse = 1
    names = [f"Bob {n}" for n in range(8)]

    for name in names:
        sim.client.v1.customers.create({"name": name})

    until(lambda: len(receiver.taken) == len(names))
    assert [event["data"]["object"]["name"] for event in receiver.taken] == names


def test_a_refused_event_comes_again_until_it_is_taken(sim: Running, receiver: Receiver) -> None:
    sim.control("delivery", {"retry_base_s": 0.05})
    receiver.refuse = 3

    sim.client.v1.customers.create({"name": "Bob"})

    until(lambda: receiver.taken)
    delivery = until(
        lambda: [d for d in sim.control("deliveries", method="GET")["data"] if d["state"] == "delivered"]
    )[0]
    assert (delivery["attempts"], delivery["status"]) == (4, 200)
    assert sim.client.v1.events.list().data[0].pending_webhooks == 0


def test_an_expired_session_is_told_of_when_its_time_comes(sim: Running, receiver: Receiver) -> None:
    session = sim.session()

    sim.control("clock", {"advance_s": 86_500})

    told = until(lambda: receiver.of("checkout.session.expired"))
    assert told[0]["data"]["object"]["id"] == session.id
    assert sim.client.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_an_endpoint_of_the_api_gets_only_what_it_asked_for(sim: Running, receiver: Receiver) -> None:
    sim.control("delivery", {"pause": True})
    made = sim.client.v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["product.created"]}
    )
    sim.client.v1.customers.create({"name": "Bob"})

    deliveries = sim.control("deliveries", method="GET")["data"]

    sim.client.v1.webhook_endpoints.delete(made.id)
    assert made.secret
    assert made.secret.startswith("whsec_")
    assert {delivery["endpoint"] for delivery in deliveries} == {"we_platform"}


def test_thin_events_of_accounts_parse_and_lead_to_the_account(sim: Running, receiver: Receiver) -> None:
    account = sim.contributor()
    wanted = "v2.core.account[configuration.recipient].capability_status_updated"
    until(lambda: receiver.of(wanted))
    body, signature = next(raw for raw in receiver.raw if json.loads(raw[0])["type"] == wanted)

    notification: Any = sim.client.parse_event_notification(body, signature, SECRET)

    assert notification.type == wanted
    assert notification.related_object.id == account.id
    full = notification.fetch_event()
    assert full.data.updated_capability == "stripe_balance.stripe_transfers"
    assert notification.fetch_related_object().contact_email == "alice@example.org"
