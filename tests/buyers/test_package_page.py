"""The page of a package says what is in it, and shows only what may be seen now."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from marketplace.states import ClipState, OrderState, PackageState, advance
from tests import people

pytestmark = pytest.mark.django_db


def test_it_shows_coverage_redaction_licence_and_price(client: Client) -> None:
    footage = people.make_footage(
        people.alice(),
        certificate={
            "masked_share": 0.0123,
            "doubtful": [{}, {}],
            "tracks": {"face": {"found": 7}, "plate": {"found": 3}},
            "models": [{"name": "yunet", "role": "faces", "sha256": "a" * 64}],
        },
    )
    clips = [people.make_clip(footage, position=n, seconds=30) for n in range(2)]
    package = people.make_package(clips, price_minor=123_456)
    page = get(client, f"/packages/{package.slug}/")
    for words in (
        "$1,234.56",
        "Day",
        "1.23%",
        "yunet",
        package.licence.sha256,
        "1 min",
    ):
        assert words in page, words
    assert page.count("/preview/") >= 4
    assert spoken(escape(package.licence.text)) in spoken(page), "the whole licence stands there"


def test_a_preview_is_a_short_link_to_a_clip_of_this_package(client: Client, s3: object) -> None:
    footage = people.make_footage(people.alice())
    inside = people.make_clip(footage, media=b"inside")
    outside = people.make_clip(footage, position=1, media=b"outside")
    package = people.make_package([inside])
    answer = client.get(f"/packages/{package.slug}/preview/{inside.pk}/video/")
    assert answer.status_code == 302
    assert "X-Amz-Expires=900" in answer["Location"]
    assert client.get(f"/packages/{package.slug}/preview/{outside.pk}/video/").status_code == 404
    assert client.get(f"/packages/{package.slug}/preview/{inside.pk}/original/").status_code == 404
    advance(inside, ClipState.WITHDRAWN)
    assert client.get(f"/packages/{package.slug}/preview/{inside.pk}/video/").status_code == 404


def test_the_player_shows_the_clip_of_the_address_and_the_list_goes_on(client: Client) -> None:
    footage = people.make_footage(people.alice())
    clips = [people.make_clip(footage, position=n) for n in range(15)]
    package = people.make_package(clips)
    address = f"/packages/{package.slug}/"

    def playing(query: str) -> str:
        found = re.search(r'src="/packages/[\w-]+/preview/([0-9a-f-]+)/video/"', get(client, address + query))
        assert found
        return found[1]

    assert playing("") == str(clips[0].pk)
    assert playing("?clip=3") == str(clips[2].pk)
    assert playing("?clip=999") == str(clips[14].pk)
    for nonsense in ("0", "-1", "x", "1e9", "9" * 30):
        assert playing(f"?clip={nonsense}") == str(clips[0].pk)
    assert "3 left" in get(client, address)
    rest = get(client, f"{address}clips/?from=13")
    assert "<html" not in rest
    assert re.findall(r">Clip (\d+)</a>", rest) == ["13", "14", "15"]


def test_a_withdrawn_clip_is_neither_shown_nor_counted_and_that_is_said(client: Client) -> None:
    footage = people.make_footage(people.alice())
    clips = [people.make_clip(footage, position=n, seconds=30) for n in range(3)]
    package = people.make_package(clips)
    advance(clips[1], ClipState.WITHDRAWN)
    page = get(client, f"/packages/{package.slug}/")
    assert str(clips[1].pk) not in page
    assert "2 clips · 1 min 00 s" in page
    assert "Some clips of this version are not for sale any more" in page


def test_a_delisted_package_says_so_and_leads_its_buyer_to_the_order(client: Client) -> None:
    package = people.make_package([people.make_clip(people.make_footage(people.alice()))])
    bob = people.bob()
    order = people.make_order(bob, package, state=OrderState.PAID)
    advance(package, PackageState.DELISTED)
    visitor = client.get(f"/packages/{package.slug}/")
    assert visitor.status_code == 410
    assert "taken off the market" in visitor.content.decode()
    client.force_login(bob)
    assert f"/orders/{order.pk}/" in client.get(f"/packages/{package.slug}/").content.decode()


def test_who_has_it_already_is_told_before_buying_it_again(client: Client) -> None:
    package = people.make_package([people.make_clip(people.make_footage(people.alice()))])
    bob = people.bob()
    order = people.make_order(bob, package, state=OrderState.PAID)
    client.force_login(bob)
    page = get(client, f"/packages/{package.slug}/")
    assert "Your organisation has version 1" in page
    assert f"/orders/{order.pk}/" in page


@pytest.mark.parametrize("who", ["film", "desk"])
def test_people_of_another_door_are_told_why_they_cannot_buy(client: Client, who: str) -> None:
    package = people.make_package([people.make_clip(people.make_footage(people.alice()))])
    client.force_login(people.mallory() if who == "film" else people.mo())
    page = get(client, f"/packages/{package.slug}/")
    assert "with another e-mail address" in page
    assert "Add to cart" not in page
    for address in ("/cart/", "/orders/", "/buy/", "/buy/start/"):
        assert client.get(address).status_code == 403


def test_a_page_needs_few_queries_however_many_clips(client: Client) -> None:
    footage = people.make_footage(people.alice())
    package = people.make_package([people.make_clip(footage, position=n) for n in range(20)])
    client.force_login(people.bob())
    with CaptureQueriesContext(connection) as queries:
        get(client, f"/packages/{package.slug}/")
    assert len(queries) <= 20


def spoken(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def get(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_visitor_who_wants_to_buy_signs_up_and_comes_back(client: Client) -> None:
    package = people.make_package([people.make_clip(people.make_footage(people.alice()))])
    answer = client.post(f"/cart/add/{package.slug}/")
    assert answer["Location"] == f"/accounts/signup/?door=buy&next=%2Fpackages%2F{package.slug}%2F"
    new = people.make_user("new@example.org", first_door="buy")
    client.force_login(new)
    assert client.post(f"/cart/add/{package.slug}/")["Location"] == "/buy/start/"
    started = client.post("/buy/start/", {"name": "New Cars", "country": "US"})
    assert started["Location"] == f"/packages/{package.slug}/"
    assert client.post(f"/cart/add/{package.slug}/")["Location"] == "/cart/"
