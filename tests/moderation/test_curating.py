"""Cora picks approved clips, prices them, publishes and delists; a link alone never does."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.models import Clip, Package
from marketplace.states import ClipState, JobState, PackageState, VersionState
from pipeline import duplicates
from pipeline.models import Job
from pipeline.video.fingerprint import Print
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


def test_a_publication_says_how_far_it_is_until_it_is_over(cora: Client, clips: list[Clip]) -> None:
    choose(cora, clips)
    package = order(cora)
    version = package.versions.get()
    address = reverse("moderation:publishing", args=[version.pk])
    assert cora.get(address).content.decode() == "Not started."
    cora.post(f"/desk/marketplace/package/{package.pk}/publish/")
    Job.objects.update(state=JobState.RUNNING, step="clips", progress=0.4)
    assert (
        "Storing clips: 40%" in cora.get(f"/desk/marketplace/package/{package.pk}/change/").content.decode()
    )
    assert 'hx-trigger="every 2s"' in cora.get(address).content.decode()
    Job.objects.update(state=JobState.DONE)
    assert "hx-get" not in cora.get(address).content.decode()


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


def ride(email: str, *, count: int = 2, seconds: int = 60, **clip: object) -> list[Clip]:
    footage = people.make_footage(people.alice(email), place="Bonn")
    return [people.make_clip(footage, position=n, seconds=seconds, **clip) for n in range(count)]  # type: ignore[arg-type]


RAIN = ("odd.illumination.night_lit", "odd.weather.rain")


def test_a_curator_filters_by_any_tag_and_sees_hours_by_condition(cora: Client, clips: list[Clip]) -> None:
    ride("ann@example.org", tags=RAIN, seconds=1800)
    ride("ben@example.org", tags=("odd.illumination.day", "odd.weather.clear"), count=1)
    whole = cora.get(reverse("moderation:curate")).content.decode()
    assert "6 clips, 1 h 02 min" in whole
    assert "Weather by illumination" in whole
    page = cora.get(reverse("moderation:curate"), {"tag": "odd.weather.rain"})
    text = page.content.decode()
    assert "2 clips, 1 h 00 min" in text
    assert [bar.title for axis, bars in page.context["axes"] if axis == "Illumination" for bar in bars] == [
        "Night lit"
    ]
    counts = {box.tag: box.count for axis, values, _ in page.context["boxes"] for box in values}
    assert counts == {"odd.weather.rain": 2, "odd.weather.clear": 1, "odd.illumination.night_lit": 2}
    assert "style=" not in text.partition("desk-choose")[2]


def test_one_contributor_cannot_fill_a_package_unseen(cora: Client, clips: list[Clip]) -> None:
    ride("ann@example.org", count=4, quality="0.500")
    best = ride("ben@example.org", count=1, quality="0.900")[0]
    page = cora.get(reverse("moderation:curate"))
    assert page.context["shares"].people == 3
    assert "67% of the time comes from one of 3 contributors" in page.content.decode()
    even = cora.get(reverse("moderation:curate"), {"minutes": "1"})
    assert [bar.milliseconds for bar in even.context["shares"].bars] == [60_000] * 3
    assert best in list(even.context["shown"])
    cora.post(reverse("moderation:choose"), {"minutes": "1", "leave": str(best.pk)})
    package = order(cora)
    assert package.versions.get().clips.count() == 4
    assert best not in package.versions.get().clips.all()


def test_what_makes_no_sense_in_the_address_is_not_asked(cora: Client, clips: list[Clip]) -> None:
    page = cora.get(
        reverse("moderation:curate"),
        {"vertical": "x", "tag": "no.such", "quality": "many", "minutes": "-4", "leave": "1;", "page": "ten"},
    )
    assert page.status_code == 200
    assert page.context["total"] == 3
    nothing = cora.get(reverse("moderation:curate"), {"vertical": "sports"})
    assert "No approved clip fits" in nothing.content.decode()


def test_only_curators_choose_clips(client: Client, clips: list[Clip]) -> None:
    client.force_login(people.staff("mo@example.org", "Moderators"))
    assert client.get(reverse("moderation:curate")).status_code == 403
    assert client.post(reverse("moderation:choose")).status_code == 403


def test_no_clips_is_said_in_a_sentence(cora: Client) -> None:
    answer = cora.post(reverse("moderation:choose"), {"vertical": "driving"}, follow=True)
    assert "a package needs at least one" in answer.content.decode()


def test_copies_are_named_and_left_out_with_one_button(cora: Client, clips: list[Clip]) -> None:
    prints = [
        Print(number * 0x1234_5678_9ABC_DEF, 0, number * 0x0FED_CBA9_8765_432) for number in range(1, 7)
    ]
    for clip in clips[:2]:
        duplicates.keep(clip, prints)
    page = choose(cora, clips)
    assert "1 of the clips shows the same as others" in page
    assert "clip 2” shows the same as “" in page
    refused = cora.post(
        reverse("moderation:draft"),
        {"title": "Berlin", "summary": "Rides.", "price": "12.34", "licence": people.make_terms().pk},
    )
    assert "does not sell the same twice" in refused.content.decode()
    assert not Package.objects.exists()
    cora.post(reverse("moderation:draft"), {"leave_copies": "1"})
    assert list(order(cora).versions.get().clips.all()) == [clips[0], clips[2]]
