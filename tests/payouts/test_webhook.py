"""Only Stripe's own, fresh word gets into the inbox, and each event once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from payouts.models import StripeEvent
from tests.payouts.stage import event, post, signed

pytestmark = pytest.mark.django_db
EVENT = event("charge.refunded", {"id": "ch_1"})


def test_a_signed_event_is_stored_as_it_came() -> None:
    body, signature = signed(EVENT)
    answer = post(body, signature)
    assert (answer.status_code, answer.json()) == (200, {"received": True, "new": True})
    stored = StripeEvent.objects.get()
    assert (stored.stripe_id, stored.kind, stored.payload) == (EVENT["id"], "charge.refunded", EVENT)
    assert stored.handled_at is None


def test_the_same_event_again_is_taken_and_stored_once() -> None:
    for new in (True, False):
        assert post(*signed(EVENT)).json() == {"received": True, "new": new}
    assert StripeEvent.objects.count() == 1


BODY, SIGNATURE = json.dumps(EVENT), "t={now},v1=0"


@pytest.mark.parametrize(
    ("forge", "status"),
    [
        (lambda: (BODY, None), 400),
        (lambda: (BODY, ""), 400),
        (lambda: (BODY, "nonsense"), 400),
        (lambda: (BODY, "t=1,v1="), 400),
        (lambda: (BODY, "t=abc,v1=00"), 400),
        (lambda: (BODY, "t=1,v0=" + "0" * 64), 400),
        (lambda: (BODY, "t=1,v1=é"), 400),
        (lambda: signed(EVENT, secret="whsec_of_another_account"), 400),
        (lambda: signed(EVENT, secret=" "), 400),
        (lambda: signed(EVENT, age_s=301), 400),
        (lambda: (signed(EVENT)[0][:-1], signed(EVENT)[1]), 400),
        (lambda: (json.dumps(EVENT, indent=1), signed(EVENT)[1]), 400),
        (lambda: (b"\xff\xfe" + BODY.encode(), signed(EVENT)[1]), 400),
        (lambda: (b"", signed(EVENT)[1]), 400),
        (lambda: signed("not JSON"), 400),
        (lambda: signed("[" * 100_000), 400),
        (lambda: signed("[]"), 400),
        (lambda: signed("{}"), 400),
        (lambda: signed({**EVENT, "id": 7}), 400),
        (lambda: signed({**EVENT, "id": "e" * 256}), 400),
        (lambda: signed({**EVENT, "type": None}), 400),
        (lambda: signed({**EVENT, "livemode": True}), 400),
        (lambda: signed({**EVENT, "livemode": None}), 400),
        (lambda: signed({k: v for k, v in EVENT.items() if k != "livemode"}), 400),
    ],
)
def test_anything_else_is_refused_and_changes_nothing(forge: Any, status: int) -> None:
    body, signature = forge()
    answer = post(body, signature)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert not StripeEvent.objects.exists()


def test_without_a_secret_the_address_is_closed(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRET = ""
    assert post(*signed(EVENT, secret="")).status_code == 404
    assert not StripeEvent.objects.exists()


def test_live_events_need_live_keys(settings: Any) -> None:
    settings.STRIPE_LIVEMODE = True
    assert post(*signed(EVENT)).status_code == 400
    assert post(*signed({**EVENT, "livemode": True})).status_code == 200


def test_stripe_needs_no_csrf_token_and_browsers_cannot_read_here() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert post(*signed(EVENT), browser=strict).status_code == 200
    assert strict.get(reverse("payouts:webhook")).status_code == 405


def test_a_nul_in_a_buyers_words_does_not_stop_the_event() -> None:
    assert post(*signed(event("charge.refunded", {"id": "ch_1", "name": "Bob\x00"}))).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_eight_deliveries_at_the_same_instant_are_one_row() -> None:
    body, signature = signed(EVENT)

    def send(_: int) -> int:
        try:
            return int(post(body, signature).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(send, range(8))) == [200] * 8
    assert StripeEvent.objects.count() == 1
