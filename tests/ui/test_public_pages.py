"""Anyone can read what Fairframe is, what it asks and what it promises; the figures are the database's."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contributors import consents
from marketplace.models import Clip, Footage, Package, PackageClip, PackageVersion
from marketplace.money import Money
from marketplace.states import ClipState, PackageState
from payouts import policies
from tests import people

pytestmark = pytest.mark.django_db


def text_of(html: str) -> str:
    """Give the words of a page without its tags, one space between them."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/", "Fairframe: real footage, fair to everyone in the frame"),
        ("/terms/", "Terms · Fairframe"),
        ("/privacy/", "Privacy · Fairframe"),
        ("/licences/", "Licences · Fairframe"),
        ("/accounts/login/", "Sign in · Fairframe"),
        ("/accounts/signup/", "Sign up · Fairframe"),
        ("/accounts/password/reset/", "Forgotten password · Fairframe"),
        ("/accounts/confirm-email/", "Look in your inbox · Fairframe"),
        ("/accounts/confirm-email/not-a-key/", "Confirm your e-mail · Fairframe"),
        ("/accounts/password/reset/key/1-not-a-key/", "This link no longer works · Fairframe"),
        ("/accounts/inactive/", "This account is closed · Fairframe"),
    ],
)
def test_a_visitor_gets_the_page(client: Client, path: str, title: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert f"<title>{title}</title>" in html
    assert html.count("<h1") == 1
    assert html.count("btn--primary") <= 1, "one mint action a page"


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/accounts/email/", "E-mail addresses · Fairframe"),
        ("/accounts/password/change/", "Change your password · Fairframe"),
        ("/accounts/2fa/", "Two-step sign-in · Fairframe"),
        ("/accounts/logout/", "Sign out · Fairframe"),
    ],
)
def test_alice_gets_the_pages_of_her_account(client: Client, path: str, title: str) -> None:
    client.force_login(people.alice(), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(path)
    assert answer.status_code == 200
    assert f"<title>{title}</title>" in answer.content.decode()


def test_with_nothing_for_sale_the_home_page_says_so(client: Client) -> None:
    words = text_of(client.get("/").content.decode())
    assert "Nothing is for sale yet" in words
    assert "packages 0" in words


def _sell(**certificate: Any) -> Package:
    alice = people.alice()
    ride = people.make_footage(alice, state="decided", showcase=True, certificate={"tracks": certificate})
    clips = [people.make_clip(ride, position=i, seconds=30) for i in range(3)]
    people.make_clip(ride, position=3, seconds=500, state=ClipState.REJECTED)
    return people.make_package(clips)


def _clips(package: Package) -> list[Clip]:
    return list(Clip.objects.filter(versions=package.current_id).order_by("position"))


def test_the_home_page_counts_what_can_be_bought_now(client: Client) -> None:
    package = _sell(face={"found": 12}, plate={"found": 31})
    words = text_of(client.get("/").content.decode())
    assert "1 min 30 s" in words
    assert "clips, each looked at by a person 3" in words
    assert "packages 1" in words
    assert "people who film 1" in words
    assert "covered in it 43" in words

    Clip.objects.filter(pk=_clips(package)[0].pk).update(state=ClipState.WITHDRAWN)
    assert "clips, each looked at by a person 2" in text_of(client.get("/").content.decode())

    Package.objects.update(state=PackageState.DELISTED)
    assert "Nothing is for sale yet" in client.get("/").content.decode()


def test_a_clip_in_two_packages_counts_once(client: Client) -> None:
    package = _sell(face={"found": 1})
    people.make_package(_clips(package)[:2], slug="second", title="Second")
    words = text_of(client.get("/").content.decode())
    assert "1 min 30 s" in words
    assert "clips, each looked at by a person 3" in words


def test_an_old_version_does_not_count(client: Client) -> None:
    package = _sell(face={"found": 1})
    newer = PackageVersion.objects.create(package=package, number=2, state="published")
    PackageClip.objects.create(version=newer, clip=_clips(package)[0], position=0)
    Package.objects.filter(pk=package.pk).update(current=newer)
    assert "clips, each looked at by a person 1" in text_of(client.get("/").content.decode())


def test_the_previews_come_from_different_packages_first(client: Client) -> None:
    first = _sell(face={"found": 1})
    sport = people.make_footage(
        people.alice("ann@example.org"), vertical="sports", state="decided", showcase=True
    )
    second = people.make_package([people.make_clip(sport)], slug="throws", title="Free throws")
    Package.objects.filter(pk=second.pk).update(published_at=timezone.now() + timedelta(minutes=1))
    previews = client.get("/").context["previews"]
    assert [shown.package for shown in previews] == [second, first, first]
    assert len({shown.clip.pk for shown in previews}) == 3
    html = client.get("/").content.decode()
    for shown in previews:
        assert f'data-preview-src="{shown.preview_url}"' in html
        assert f'href="{shown.url}"' in html


def test_a_clip_in_two_packages_is_shown_once_for_each(client: Client) -> None:
    first = _sell(face={"found": 1})
    people.make_package(_clips(first)[:1], slug="second", title="Second")
    shown = [(preview.package.slug, preview.clip.position) for preview in client.get("/").context["previews"]]
    assert sorted(shown) == [("berlin-evenings", 0), ("berlin-evenings", 1), ("second", 0)]


def test_the_home_page_shows_nobody_who_did_not_agree_to_it(client: Client) -> None:
    _sell(face={"found": 1})
    assert len(client.get("/").context["previews"]) == 3
    Footage.objects.update(showcase=False)
    answer = client.get("/")
    assert answer.context["previews"] == []
    assert "packages 1" in text_of(answer.content.decode())


def test_what_alice_ticks_decides_whether_her_clips_are_shown_here() -> None:
    alice = people.alice()
    ride = people.make_footage(alice)
    texts = consents.current_texts()
    without = [text for text in texts if text.purpose != "showcase"]
    consents.record_given(footage=ride, person=alice, texts=without, address_prefix="", agent="")
    ride.refresh_from_db()
    assert not ride.showcase
    consents.record_given(footage=ride, person=alice, texts=texts, address_prefix="", agent="")
    ride.refresh_from_db()
    assert ride.showcase
    consents.withdraw(footage=ride, person=alice)
    ride.refresh_from_db()
    assert not ride.showcase


def test_the_licence_page_names_what_is_installed(client: Client) -> None:
    words = text_of(client.get("/licences/").content.decode())
    for model in ("yunet", "nanodet"):
        assert re.search(rf"{model} .{{0,120}}?(MIT|Apache)", words), model
    assert "astronaut" not in words
    for component, licence in [("Django", "BSD-3-Clause"), ("psycopg", "LGPL"), ("mediapipe", "Apache")]:
        assert re.search(rf"{component} [\d.]+ [^|]*?{licence}", words, re.IGNORECASE), component


def test_terms_and_privacy_state_the_figures_that_the_settings_hold(client: Client, settings: Any) -> None:
    settings.ORIGINAL_KEEP_DAYS = 21
    settings.PAYOUT_HOLD_DAYS, settings.PAYOUT_MINIMUM_MINOR, settings.ENTITLEMENT_DAYS = 9, 4_200, 45
    terms = text_of(client.get("/terms/").content.decode())
    assert "9 days after it was earned" in terms
    assert "$42.00 or more" in terms
    assert "45 days after payment" in terms
    privacy = text_of(client.get("/privacy/").content.decode())
    assert "21 days after the last of its clips was decided" in privacy


@pytest.mark.parametrize("path", ["/terms/", "/privacy/", "/licences/"])
def test_every_link_inside_a_legal_page_has_its_place(client: Client, path: str) -> None:
    html = client.get(path).content.decode()
    asked = set(re.findall(r'href="#([^"]+)"', html))
    assert asked
    assert asked <= set(re.findall(r'id="([^"]+)"', html))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/terms/"])
def test_the_shares_that_are_promised_are_the_shares_that_are_paid(client: Client, path: str) -> None:
    words = text_of(client.get(path).content.decode())
    for policy in policies.all_in_force():
        assert f"{policy.share_percent}%" in words
        if policy.pays_minutes:
            assert f"{Money(policy.minute_least)} to {Money(policy.minute_most)}" in words
