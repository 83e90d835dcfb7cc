"""Bob finds packages: every count is the number of rows he gets, and the address says it all."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from buyers import catalogue
from marketplace.models import Package
from marketplace.states import ClipState, PackageState, advance
from pipeline.packages import search_of
from tests import people

pytestmark = pytest.mark.django_db

NIGHT = ("odd.illumination.night_lit", "actor.car", "ego.stopped")
DAY = ("odd.illumination.day", "actor.car", "actor.pedestrian", "ego.straight")


@pytest.fixture
def packages() -> list[Package]:
    """Three rides and a basketball set, each with its own light, place and price."""
    alice, ann = people.alice(), people.alice("ann@example.org", kind="athlete")
    made = []
    for slug, title, place, price, tags in [
        ("night", "Night in Berlin", "Berlin", 20_000, NIGHT),
        ("day", "Day in Berlin", "Berlin", 4_000, DAY),
        ("rain", "Hamburg harbour", "Hamburg", 120_000, DAY),
    ]:
        clip = people.make_clip(people.make_footage(alice, place=place), tags=tags)
        made.append(people.make_package([clip], slug=slug, title=title, price_minor=price))
    hoop = people.make_clip(
        people.make_footage(ann, vertical="sports", place="Lyon", country="FR"),
        tags=("sport.discipline.basketball", "sport.drill.shot"),
    )
    made.append(people.make_package([hoop], slug="hoop", title="Shots at the hoop", price_minor=3_000))
    for package in made:
        Package.objects.filter(pk=package.pk).update(search=search_of(package))
    return made


def slugs(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/packages/?{query}").content.decode()
    return re.findall(r'class="mcard__link" href="/packages/([\w-]+)/"', page)


def facet_counts(client: Client, query: str = "") -> dict[tuple[str, str], int]:
    context: Any = client.get(f"/packages/?{query}").context
    return {(f.name, v.value): v.count for f in context["facets"] for v in f.values}


@pytest.mark.parametrize(
    "query", ["", "vertical=driving", "odd.illumination=day", "q=berlin", "price=0-50&country=DE"]
)
def test_every_count_is_the_number_of_rows_it_gives(
    client: Client, packages: list[Package], query: str
) -> None:
    counts = facet_counts(client, query)
    assert counts
    for (name, value), count in counts.items():
        asked = catalogue.read(client.get(f"/packages/?{query}").wsgi_request.GET)
        alone = {**asked.chosen, name: (value,)}
        rows = slugs(client, catalogue.Asked(asked.words, asked.sort, "", alone).query())
        assert len(rows) == count, (name, value)


def test_filters_narrow_and_values_of_one_facet_widen(client: Client, packages: list[Package]) -> None:
    assert set(slugs(client, "odd.illumination=day")) == {"day", "rain"}
    assert set(slugs(client, "odd.illumination=day&place=Berlin")) == {"day"}
    assert set(slugs(client, "odd.illumination=day&odd.illumination=night_lit")) == {"day", "rain", "night"}
    assert set(slugs(client, "sport.drill=shot")) == {"hoop"}
    assert set(slugs(client, "price=1000-")) == {"rain"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("berlin", {"night", "day"}),
        ("harbour", {"rain"}),
        ("basketball", {"hoop"}),
        ('"day in berlin"', {"day"}),
        ("berlin -night", {"day"}),
    ],
)
def test_words_find_titles_places_and_tags(
    client: Client, packages: list[Package], words: str, found: set[str]
) -> None:
    assert set(slugs(client, f"q={words}")) == found


def test_sorting_by_price_and_going_through_the_pages_shows_each_once(
    client: Client, packages: list[Package], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "PAGE", 3)
    first = client.get("/packages/?sort=price")
    second = client.get(f"/packages/{first.context['older']}")
    seen = [package.slug for page in (first, second) for package, _ in page.context["cards"]]
    assert seen == ["hoop", "day", "night", "rain"]
    assert second.context["older"] == ""


def test_what_nobody_could_choose_is_ignored(client: Client, packages: list[Package]) -> None:
    query = "vertical=boats&price=free&sort=magic&after=nonsense&odd.weather=<script>&q=%00"
    assert len(slugs(client, query)) == 4


def test_nothing_found_says_so_and_offers_a_way_back(client: Client, packages: list[Package]) -> None:
    page = client.get("/packages/?q=submarine").content.decode()
    assert "Nothing fits these filters" in page
    assert 'href="/packages/"' in page


def test_a_page_needs_few_queries_however_many_packages(client: Client, packages: list[Package]) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get("/packages/?odd.illumination=day&place=Berlin")
    assert len(queries) <= 12


def test_delisted_drafted_and_withdrawn_packages_are_not_there(
    client: Client, packages: list[Package]
) -> None:
    advance(packages[0], PackageState.DELISTED)
    clip = packages[1].current.clips.get()  # type: ignore[union-attr]
    advance(clip, ClipState.WITHDRAWN)
    Package.objects.filter(pk=packages[2].pk).update(state=PackageState.DRAFT)
    assert slugs(client) == ["hoop"]
    assert client.get("/packages/night/").status_code == 410
    assert client.get("/packages/day/").status_code == 410
    assert client.get("/packages/rain/").status_code == 404
    assert client.get(f"/packages/day/preview/{clip.pk}/video/").status_code == 404
