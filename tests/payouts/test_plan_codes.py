"""A promotion code for a plan: off the first month or off every one; hours cost what was paid for them."""

from __future__ import annotations

import pytest

from buyers import plan_documents, subscriptions
from buyers.document_pdf import render
from buyers.models import PlanPeriod, Subscription
from buyers.stripe_api import client
from buyers.subscriptions import SubscriptionRefused
from marketplace.models import User
from tests import people
from tests.buyers import checkout as given
from tests.payouts import stage
from tests.payouts.plan_stage import everything, in_books, takes
from tests.payouts.stage import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bob() -> User:
    return people.bob()


def subscribed(sim: Simulator, user: User, code: str) -> Subscription:
    """Subscribe through the page, with a code, and pay."""
    given.signed_in(user).post("/buy/plan/start/start/", {"code": code})
    row = Subscription.objects.get(state="opening")
    sim.control(f"sessions/{row.stripe_session_id}/pay", {})
    everything(sim)
    row.refresh_from_db()
    return row


def renewed(sim: Simulator, row: Subscription) -> list[int]:
    """Begin the next month; list what was paid for each."""
    sim.control(f"subscriptions/{row.stripe_id}/renew", {})
    everything(sim)
    row.refresh_from_db()
    return list(PlanPeriod.objects.order_by("starts_at").values_list("net_minor", flat=True))


def test_a_code_for_the_first_month_makes_its_hours_cheaper_and_is_used_up(sim: Simulator, bob: User) -> None:
    given.code("LAUNCH20")
    row = subscribed(sim, bob, " launch20 ")
    assert (row.state, row.promotion_code, row.next_minor) == ("active", "LAUNCH20", 20_000)
    alice = people.alice()
    assert takes(bob, stage.package_of((alice, 3_600))).line.price_minor == 1_600
    assert (stage.earned(alice), in_books("plan_credit")) == ([480], 14_400)
    bill = next(one for one in plan_documents.of(row.organisation) if one.kind == "invoice")
    words = " ".join(given.pdf_text(render(bill)).split())
    assert "10 hours of footage $200.00" in words
    assert "Promotion code LAUNCH20 -$40.00 Without tax $160.00" in words
    assert (
        "was used, and takes nothing off the next month"
        in given.signed_in(bob).get("/buy/plan/").content.decode()
    )
    assert renewed(sim, row) == [16_000, 20_000]


def test_a_code_for_every_month_stays_and_cannot_make_a_smaller_plan_free(sim: Simulator, bob: User) -> None:
    given.code("FRIEND", amount_off=19_960, currency="usd", duration="forever")
    given.signed_in(bob).post("/buy/plan/start/team/", {"code": "FRIEND"})
    row = Subscription.objects.get()
    sim.control(f"sessions/{row.stripe_session_id}/pay", {})
    everything(sim)
    row.refresh_from_db()
    assert row.next_minor == 60_000 - 19_960
    assert "takes something off each month" in given.signed_in(bob).get("/buy/plan/").content.decode()
    with pytest.raises(SubscriptionRefused, match="would make Start free"):
        subscriptions.change(owner=bob.membership, slug="start")
    assert renewed(sim, row) == [40_040, 40_040]


@pytest.mark.parametrize(
    ("coupon", "said"),
    [
        ({"percent_off": 100}, "would make the order free"),
        ({"amount_off": 500, "currency": "eur"}, "for prices in EUR"),
        (None, "is not a code that holds now"),
    ],
)
def test_a_code_that_does_not_hold_is_refused_and_nothing_is_opened(
    sim: Simulator, bob: User, coupon: dict[str, object] | None, said: str
) -> None:
    if coupon is not None:
        given.code("SPECIAL", **coupon)
    page = (
        given.signed_in(bob).post("/buy/plan/start/start/", {"code": "SPECIAL"}, follow=True).content.decode()
    )
    assert said in page
    assert not Subscription.objects.exists()


def test_another_code_closes_the_page_that_was_open(sim: Simulator, bob: User) -> None:
    given.code("LAUNCH20")
    first = subscriptions.start(owner=bob.membership, slug="start")
    second = subscriptions.start(owner=bob.membership, slug="start", code="LAUNCH20")
    assert client().v1.checkout.sessions.retrieve(first.stripe_session_id).status == "expired"
    assert client().v1.checkout.sessions.retrieve(second.stripe_session_id).amount_total == 16_000
    assert subscriptions.start(owner=bob.membership, slug="start", code="LAUNCH20") == second
