"""The page of a package says what is in it, and shows only what may be seen now."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils.html import escape

from marketplace.states import ClipState, advance
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
    page = client.get(f"/packages/{package.slug}/").content.decode()
    for words in (
        "$1,234.56",
        "Day",
        "1.23%",
        "yunet",
        package.licence.sha256,
        escape(package.licence.text),
        "1 min",
    ):
        assert words in page, words
    assert page.count("/preview/") >= 4


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


def test_a_visitor_who_wants_to_buy_signs_up_and_comes_back(client: Client) -> None:
    package = people.make_package([people.make_clip(people.make_footage(people.alice()))])
    answer = client.post(f"/cart/add/{package.slug}/")
    assert answer["Location"] == f"/accounts/signup/?door=buy&next=/packages/{package.slug}/"
