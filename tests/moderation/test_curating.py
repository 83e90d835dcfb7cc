"""Cora picks approved clips, prices them, publishes and delists; a link alone never does."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.models import Clip, Package
from marketplace.states import ClipState, PackageState, VersionState
from pipeline.models import Job
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def clips() -> list[Clip]:
    footage = people.make_footage(people.alice())
    return [people.make_clip(footage, position=n, seconds=20) for n in range(3)]


@pytest.fixture
def cora(client: Client) -> Client:
    client.force_login(people.staff("cora@example.org", "Curators"))
    return client


def choose(cora: Client, clips: list[Clip]) -> str:
    answer = cora.post(
        reverse("admin:marketplace_clip_changelist"),
        {"action": "make_package", "_selected_action": [str(clip.pk) for clip in clips]},
        follow=True,
    )
    return answer.content.decode()


def order(cora: Client) -> Package:
    cora.post(
        reverse("moderation:draft"),
        {"title": "Berlin", "summary": "Rides.", "price": "12.34", "licence": people.make_terms().pk},
    )
    return Package.objects.get()


def test_clips_become_a_draft_with_a_price_guide(cora: Client, clips: list[Clip]) -> None:
    page = choose(cora, clips)
    assert "3 clips" in page
    assert "$100 to $500 an hour" in page
    package = order(cora)
    assert (package.price_minor, package.state, package.versions.get().clips.count()) == (1234, "draft", 3)


def test_clips_that_are_not_approved_cannot_be_chosen(cora: Client, clips: list[Clip]) -> None:
    Clip.objects.filter(pk=clips[0].pk).update(state=ClipState.REJECTED)
    assert "Only approved clips can be sold" in choose(cora, clips)


def test_publishing_asks_first_and_then_queues_the_job(cora: Client, clips: list[Clip]) -> None:
    choose(cora, clips)
    package = order(cora)
    asked = cora.get(f"/desk/marketplace/package/{package.pk}/publish/")
    assert "3 clips go on sale for $12.34" in asked.content.decode()
    assert not Job.objects.exists()
    cora.post(f"/desk/marketplace/package/{package.pk}/publish/")
    assert package.versions.get().state == VersionState.PUBLISHING
    assert Job.objects.get().kind == "publish"


def test_a_package_is_delisted_and_put_on_sale_again(cora: Client, clips: list[Clip]) -> None:
    package = people.make_package(clips)
    cora.post(f"/desk/marketplace/package/{package.pk}/delist/")
    package.refresh_from_db()
    assert package.state == PackageState.DELISTED
    assert cora.get(f"/desk/marketplace/package/{package.pk}/relist/").status_code == 200
    package.refresh_from_db()
    assert package.state == PackageState.DELISTED, "looking at the question changes nothing"
    cora.post(f"/desk/marketplace/package/{package.pk}/relist/")
    package.refresh_from_db()
    assert package.state == PackageState.PUBLISHED


def test_a_price_nobody_can_pay_keeps_what_was_typed(cora: Client, clips: list[Clip]) -> None:
    choose(cora, clips)
    answer = cora.post(
        reverse("moderation:draft"),
        {"title": "Kept", "summary": "Kept too.", "price": "0.10", "licence": people.make_terms().pk},
    )
    assert answer.status_code == 400
    assert 'value="Kept"' in answer.content.decode()
