"""Alice becomes a contributor; staff and buyers are told why they cannot."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from contributors.models import ContributorProfile
from marketplace.models import Event
from tests import people

pytestmark = pytest.mark.django_db
ANSWERS = {"kind": "athlete", "display_name": "Ada", "country": "FR", "is_adult": "on"}


@pytest.fixture
def newcomer() -> Client:
    """Somebody who signed up by the film door and answered nothing yet."""
    client = Client()
    client.force_login(people.make_user("ada@example.org", first_door="film"))
    return client


def test_four_answers_make_a_contributor(newcomer: Client) -> None:
    answer = newcomer.post("/film/start/", ANSWERS)
    assert answer["Location"] == "/film/upload/"
    profile = ContributorProfile.objects.get()
    assert (profile.kind, profile.display_name, profile.country, profile.is_adult) == (
        "athlete",
        "Ada",
        "FR",
        True,
    )
    assert Event.objects.filter(verb="contributor.started").count() == 1
    upload = newcomer.get("/film/upload/").content.decode()
    assert re.search(r'value="sports"[^>]* checked', upload)  # what she films is chosen already
    assert newcomer.get("/film/start/")["Location"] == "/film/"


def test_nothing_is_ticked_or_chosen_before(newcomer: Client) -> None:
    page = newcomer.get("/film/start/").content.decode()
    assert "checked" not in page
    assert page.count("<option") == 250  # 249 countries and the question
    assert "selected>Choose a country" in page


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("is_adult", "Only adults can be paid"),
        ("country", "required"),
        ("kind", "required"),
        ("display_name", "required"),
    ],
)
def test_each_answer_is_needed(newcomer: Client, missing: str, says: str) -> None:
    answer = newcomer.post(
        "/film/start/", {name: value for name, value in ANSWERS.items() if name != missing}
    )
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert not ContributorProfile.objects.exists()


def test_whoever_has_not_answered_is_asked_first(newcomer: Client) -> None:
    for page in ("/film/", "/film/upload/", "/film/footage/", "/film/data/"):
        assert newcomer.get(page)["Location"] == "/film/start/"
    assert "/film/start/" in newcomer.post("/film/upload/start/").json()["error"]


def test_strangers_sign_in_first() -> None:
    for page in (
        "/film/",
        "/film/start/",
        "/film/upload/",
        "/film/footage/",
        "/film/data/",
        "/film/data/export/",
    ):
        assert Client().get(page)["Location"].startswith("/accounts/login/?next=/film/")


@pytest.mark.parametrize(("who", "says"), [("mo", "works at the desk"), ("bob", "organisation that buys")])
def test_staff_and_buyers_are_told_to_use_another_account(who: str, says: str) -> None:
    client = Client()
    client.force_login(getattr(people, who)())
    for page in ("/film/", "/film/start/", "/film/upload/"):
        answer = client.get(page)
        assert answer.status_code == 403
        assert says in answer.content.decode()
    assert client.post("/film/start/", ANSWERS).status_code == 403
    assert says in client.post("/film/upload/start/").json()["error"]
    assert not ContributorProfile.objects.exists()
