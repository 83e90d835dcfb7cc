"""A promotion code takes something off in the cart; sizes multiply; what was agreed to is what is asked for."""

from __future__ import annotations

import pytest

from buyers import cart, promotions
from buyers.models import CartCode, CartItem, Entitlement, Order, Seat
from buyers.refusals import OrderRefused
from buyers.stripe_api import client
from marketplace.states import OrderState
from tests import people
from tests.buyers import checkout as given

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_code_is_shown_taken_off_and_split_over_the_lines(stripe_simulator: str) -> None:
    bob = given.bob_with(*given.packages(10_000, 2_555))
    given.code("LAUNCH20")
    browser = given.signed_in(bob)
    browser.post("/cart/code/", {"code": " launch20 "})
    page = browser.get("/cart/").content.decode()
    assert "LAUNCH20</strong> takes $25.11 off" in page
    assert "Pay $100.44" in page
    order = given.order(bob)
    assert (order.list_minor, order.discount_minor, order.total_minor) == (12_555, 2_511, 10_044)
    assert [(line.price_minor, line.discount_minor) for line in order.lines.order_by("pk")] == [
        (8_000, 2_000),
        (2_044, 511),
    ]
    session = client().v1.checkout.sessions.retrieve(order.stripe_session_id)
    assert (session.amount_total, session.total_details.amount_discount) == (10_044, 2_511)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("coupon", "said"),
    [
        ({"percent_off": 100}, "would make the order free"),
        ({"amount_off": 500, "currency": "eur"}, "for prices in EUR"),
        (
            {"percent_off": 10, "restrictions": {"minimum_amount": 90_000, "minimum_amount_currency": "usd"}},
            "holds from $900.00 on",
        ),
    ],
)
def test_a_code_that_takes_nothing_off_says_why(
    stripe_simulator: str, coupon: dict[str, object], said: str
) -> None:
    bob = given.bob_with(*given.packages(10_000))
    given.code("SPECIAL", **coupon)
    browser = given.signed_in(bob)
    browser.post("/cart/code/", {"code": "SPECIAL"})
    page = browser.get("/cart/").content.decode()
    assert said in page
    assert "Pay $100.00" in page


def test_a_wrong_code_is_refused_with_a_sentence_and_a_right_one_can_be_taken_out(
    stripe_simulator: str,
) -> None:
    bob = given.bob_with(*given.packages(10_000))
    browser = given.signed_in(bob)
    assert (
        "is not a code that holds now"
        in browser.post("/cart/code/", {"code": "NOPE"}, follow=True).content.decode()
    )
    given.code("REAL")
    browser.post("/cart/code/", {"code": "REAL"})
    browser.post("/cart/code/", {"remove": "1"})
    assert not CartCode.objects.exists()


def test_a_code_switched_off_since_charges_nothing_unseen(stripe_simulator: str) -> None:
    bob = given.bob_with(*given.packages(10_000))
    id = given.code("GONE")
    promotions.enter(member=bob.membership, code="GONE")
    client().v1.promotion_codes.update(id, {"active": False})
    with pytest.raises(OrderRefused, match="ran out or was used up"):
        given.order(bob)
    assert Order.objects.get().state == OrderState.EXPIRED
    assert not CartCode.objects.exists()
    assert CartItem.objects.count() == 1
    assert given.order(bob).total_minor == 10_000


def test_a_code_entered_since_the_page_was_opened_is_asked_about_again(stripe_simulator: str) -> None:
    bob = given.bob_with(*given.packages(10_000))
    seen = cart.look(member=bob.membership).fingerprint
    given.code("LATE")
    promotions.enter(member=bob.membership, code="LATE")
    assert cart.look(member=bob.membership).fingerprint != seen


def test_a_larger_team_costs_a_multiple_and_gives_as_many_seats(stripe_simulator: str) -> None:
    (package,) = given.packages(10_000)
    bob = given.bob_with(package)
    browser = given.signed_in(bob)
    assert "Whole organisation (price × 4)" in browser.get("/cart/").content.decode()
    browser.post(f"/cart/size/{package.pk}/", {"size": "team10"})
    assert "Pay $200.00" in browser.get("/cart/").content.decode()
    browser.post(f"/cart/size/{package.pk}/", {"size": "everybody and their dog"})
    order = given.order(bob)
    line = order.lines.get()
    assert (line.size, line.price_minor, order.total_minor) == ("team10", 20_000, 20_000)


def test_only_as_many_people_download_as_were_paid_for(s3: object) -> None:
    footage = people.make_footage(people.alice())
    package = people.make_package([people.make_clip(footage)], objects=True)
    bob = people.bob()
    order = people.make_order(bob, package, state=OrderState.PAID)
    Entitlement.objects.update(seats=1)
    address = f"/orders/{order.pk}/{package.slug}/files/LICENSE.txt"
    colleague = people.make_user("eve@example.org", first_door="buy")
    bob.membership.organisation.memberships.create(user=colleague, role="member")
    assert given.signed_in(bob).get(address).status_code == 302
    assert given.signed_in(bob).get(address).status_code == 302, "his own seat stays his"
    refused = given.signed_in(colleague).get(address)
    assert refused.status_code == 410
    assert "bought for 1 people" in refused.content.decode()
    bob.membership.delete()
    assert given.signed_in(colleague).get(address).status_code == 302, "who left gives the seat back"
    assert Seat.objects.count() == 2
