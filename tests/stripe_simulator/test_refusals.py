"""The simulator says no where Stripe does, in Stripe's shapes."""

import importlib
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from embedded.stripe_simulator import params, routing
from tests.stripe_simulator.running import KEY, Running


def refused(call: Callable[[], Any]) -> stripe.StripeError:
    with pytest.raises(stripe.StripeError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"payment_intent_data": {"nonsense": "1"}}, "payment_intent_data[nonsense]"),
        ({"line_items": [{"amount": 5, "quantity": 1}]}, "line_items[0][amount]"),
    ],
)
def test_a_parameter_that_the_client_does_not_know_is_refused(
    sim: Running, more: dict[str, Any], param: str
) -> None:
    error = refused(lambda: sim.session(**more))

    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.code, error.param, error.http_status) == ("parameter_unknown", param, 400)


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"mode": "gift"}, "mode"),
        ({"mode": "subscription"}, "line_items[0][price]"),
        ({"customer_update": {"address": "auto"}}, "customer_update"),
        ({"success_url": "/relative"}, "success_url"),
        ({"expires_at": 12}, "expires_at"),
        ({"customer": "cus_nobody"}, "customer"),
        ({"metadata": {"k" * 41: "v"}}, "metadata"),
        ({"line_items": []}, "line_items"),
    ],
)
def test_a_value_that_does_not_fit_names_its_parameter(
    sim: Running, more: dict[str, Any], param: str
) -> None:
    error = refused(lambda: sim.session(**more))

    assert isinstance(error, stripe.InvalidRequestError)
    assert error.param == param


def test_amounts_are_checked_in_their_currency(sim: Running) -> None:
    def charge(amount: int, currency: str) -> Any:
        return sim.client.v1.payment_intents.create({"amount": amount, "currency": currency})

    assert charge(51, "jpy").amount == 51
    assert refused(lambda: charge(49, "usd")).code == "amount_too_small"
    assert refused(lambda: charge(1001, "kwd")).code == "invalid_charge_amount"
    assert "Invalid currency" in str(refused(lambda: charge(1000, "zzz")))


def test_a_wrong_key_and_no_key_are_refused(sim: Running) -> None:
    error = refused(sim.client_with("sk_test_of_mallory_and_nobody_else").v1.balance.retrieve)

    assert isinstance(error, stripe.AuthenticationError)
    assert "mallory" not in str(error)
    assert sim.get("/v1/balance")[0] == 401


def test_objects_and_addresses_that_do_not_exist_are_404(sim: Running) -> None:
    error = refused(lambda: sim.client.v1.checkout.sessions.retrieve("cs_test_none"))

    assert (error.code, error.http_status) == ("resource_missing", 404)
    assert refused(lambda: sim.client.v1.quotes.list()).http_status == 404


def test_the_same_key_replays_the_same_session(sim: Running) -> None:
    first, second = (sim.session(key="order-7") for _ in range(2))

    assert first.id == second.id
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(sim.client.v1.checkout.sessions.list().data) == 1


def test_the_same_key_for_something_else_is_refused(sim: Running) -> None:
    sim.session(10_000, key="order-7")

    assert isinstance(refused(lambda: sim.session(20_000, key="order-7")), stripe.IdempotencyError)
    assert isinstance(
        refused(lambda: sim.client.v1.customers.create({"name": "Bob"}, {"idempotency_key": "order-7"})),
        stripe.IdempotencyError,
    )


def test_a_refusal_is_replayed_too_until_the_key_expires(sim: Running) -> None:
    account = sim.contributor()

    def transfer() -> Any:
        return sim.client.v1.transfers.create(
            {"amount": 500, "currency": "usd", "destination": account.id}, {"idempotency_key": "row-1"}
        )

    assert refused(transfer).code == "balance_insufficient"
    sim.control("topup", {"amount": 1000, "currency": "usd"})
    assert refused(transfer).code == "balance_insufficient"
    sim.control("clock", {"advance_s": 86_401})
    assert transfer().amount == 500


def test_a_key_in_flight_is_a_conflict_that_the_client_can_retry(sim: Running) -> None:
    sim.control("fail", {"when": "after", "status": 500, "hold_s": 0.6, "path": "/v1/checkout"})
    slow = threading.Thread(target=lambda: refused(lambda: sim.session(key="order-7")))
    slow.start()
    time.sleep(0.25)

    error = refused(lambda: sim.session(key="order-7"))
    slow.join()

    assert (error.http_status, error.json_body["error"]["code"]) == (409, "idempotency_key_in_use")  # type: ignore[index]
    assert sim.session(key="order-7").last_response.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("fault", [{"status": 500}, {"timeout": True}])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_call_that_fails_once_brings_one_transfer_when_the_client_retries(
    sim: Running, when: str, fault: dict[str, Any]
) -> None:
    account, charge = sim.contributor(), sim.charge()
    sim.control("fail", {"when": when, "path": "/v1/transfers", **fault})

    transfer = sim.client_with(KEY, retries=2).v1.transfers.create(
        {"amount": 100, "currency": "usd", "destination": account.id, "source_transaction": charge.id},
        {"idempotency_key": "row-1"},
    )

    assert [t.id for t in sim.client.v1.transfers.list()] == [transfer.id]


def test_every_method_has_a_definition_that_knows_what_it_supports() -> None:
    importlib.import_module("embedded.stripe_simulator.api")

    for route in routing.ROUTES:
        known = set(params.fields(params.definition(route.definition)))
        # v2's page cursor is the server's own and in no definition.
        assert (route.supports or set()) - {"page"} <= known, route.definition


def test_the_control_api_refuses_a_foreign_name_and_a_form(sim: Running) -> None:
    assert sim.post("/_sim/reset", {"a": "b"})[0] == 415
    request = urllib.request.Request(f"{sim.base}/_sim/events", headers={"Host": "evil.example"})  # noqa: S310
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)  # noqa: S310
    assert caught.value.code == 403
