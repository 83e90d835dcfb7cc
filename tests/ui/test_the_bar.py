"""The bar offers each visitor their own places, and every one of them is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from marketplace.models import User
from marketplace.navigation import account_links, links
from tests import people

pytestmark = pytest.mark.django_db


def titles(door: str) -> list[str]:
    return [link.title for link in links(door=door, cart_count=0, path="/")]


def test_each_door_has_its_places() -> None:
    assert titles("") == ["Packages", "For drivers & athletes"]
    assert titles("film") == ["Home", "Upload", "Footage", "Earnings"]
    assert titles("buy") == ["Packages", "Cart", "Orders", "Organisation"]
    assert titles("desk") == ["Desk", "Packages"]
    assert "Your data" in [link.title for link in account_links(door="film", path="/")]


@pytest.mark.parametrize(
    ("who", "door"), [(None, ""), (people.alice, "film"), (people.bob, "buy"), (people.mo, "desk")]
)
def test_no_link_of_the_bar_is_dead(client: Client, who: Callable[[], User] | None, door: str) -> None:
    if who:
        client.force_login(who(), backend="django.contrib.auth.backends.ModelBackend")
    found = links(door=door, cart_count=0, path="/") + (account_links(door=door, path="/") if who else [])
    html = client.get("/terms/").content.decode()
    for link in found:
        assert f'href="{link.url}"' in html
        assert client.get(link.url.partition("#")[0]).status_code == 200, link


def test_the_page_one_is_on_is_marked_once() -> None:
    here = [link.title for link in links(door="film", cart_count=0, path="/film/upload/") if link.here]
    assert here == ["Upload"]
    assert [link.title for link in links(door="film", cart_count=0, path="/film/") if link.here] == ["Home"]


def test_the_cart_shows_how_much_is_in_it() -> None:
    assert {link.title: link.count for link in links(door="buy", cart_count=2, path="/")}["Cart"] == 2


@pytest.mark.parametrize(
    ("who", "address"),
    [(people.alice, "contributors:home"), (people.bob, "buyers:home"), (people.mo, "admin:index")],
)
def test_after_log_in_everybody_lands_at_their_door(
    client: Client, who: Callable[[], User], address: str
) -> None:
    from django.urls import reverse

    client.force_login(who(), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/welcome/").headers["Location"] == reverse(address)


@pytest.mark.parametrize(("door", "address"), [("film", "contributors:start"), ("buy", "buyers:start")])
def test_a_new_person_starts_at_the_door_they_chose(client: Client, door: str, address: str) -> None:
    from django.urls import reverse

    new = people.make_user("new@example.org", first_door=door)
    client.force_login(new, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/welcome/").headers["Location"] == reverse(address)


def test_a_new_person_without_a_door_is_asked(client: Client) -> None:
    client.force_login(
        people.make_user("new@example.org"), backend="django.contrib.auth.backends.ModelBackend"
    )
    answer = client.get("/welcome/")
    assert answer.status_code == 200
    assert "What brings you here?" in answer.content.decode()


def test_welcome_is_for_people_who_are_signed_in(client: Client) -> None:
    answer = client.get("/welcome/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")
