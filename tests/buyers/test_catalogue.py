"""Bob finds packages: every count is the number of rows he gets, and the address says it all."""

from __future__ import annotations

import re
import uuid
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from buyers import asked, catalogue, facets
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
    assert "<html" in page
    return re.findall(r'class="mcard__link" href="/packages/([\w-]+)/"', page)


def facet_counts(client: Client, query: str = "") -> dict[tuple[str, str], int]:
    context: Any = client.get(f"/packages/?{query}").context
    return {(f.name, v.value): v.count for f in context["facets"] for v in f.values}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "vertical=driving",
        "odd.illumination=day",
        "q=berlin",
        "q=submarine",
        "price=0-50&country=DE",
        "vertical=sports&odd.illumination=night_lit",
        "place=Berlin&place=Lyon&actor=pedestrian&price=50-250",
    ],
)
def test_every_count_is_the_number_of_rows_it_gives(
    client: Client, packages: list[Package], query: str
) -> None:
    counts = facet_counts(client, query)
    assert counts or "submarine" in query
    now = asked.read(QueryDict(query))
    for (name, value), count in counts.items():
        alone = {**now.chosen, name: (value,)}
        rows = slugs(client, asked.Asked(now.words, now.sort, "", alone).query())
        assert len(rows) == count, (name, value)


def test_a_common_word_counts_the_same_as_a_rare_one(
    client: Client, packages: list[Package], monkeypatch: pytest.MonkeyPatch
) -> None:
    rare = facet_counts(client, "q=berlin"), slugs(client, "q=berlin")
    monkeypatch.setattr(catalogue, "RARE", 1)
    assert (facet_counts(client, "q=berlin"), slugs(client, "q=berlin")) == rare


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
    seen = [card.package.slug for page in (first, second) for card in page.context["page"].cards]
    assert seen == ["hoop", "day", "night", "rain"]
    assert second.context["older"] == ""


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", ["hoop", "rain", "day", "night"]),
        ("price_down", ["rain", "night", "day", "hoop"]),
        ("hours", ["day", "rain", "night", "hoop"]),
    ],
)
def test_every_order_goes_on_from_page_to_page(
    client: Client, packages: list[Package], monkeypatch: pytest.MonkeyPatch, sort: str, order: list[str]
) -> None:
    for number, slug in enumerate(["hoop", "night", "rain", "day"]):
        Package.objects.filter(slug=slug).update(duration_ms=number * 1000)
    monkeypatch.setattr(catalogue, "PAGE", 1)
    seen, older = [], f"?sort={sort}"
    while older:
        page = client.get(f"/packages/{older}")
        seen += [card.package.slug for card in page.context["page"].cards]
        older = page.context["older"]
    assert seen == order


def test_a_new_package_does_not_shift_the_next_page(
    client: Client, packages: list[Package], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "PAGE", 2)
    first = client.get("/packages/")
    newest = packages[0]
    Package.objects.filter(pk=newest.pk).update(published_at=timezone.now())
    second = slugs(client, first.context["older"].lstrip("?"))
    assert second == ["day"], "the rest of what was there, nothing twice"


def test_htmx_gets_the_parts_that_change_and_a_tidy_address(client: Client, packages: list[Package]) -> None:
    answer = client.get("/packages/?q=&sort=new&place=Berlin", headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert "<html" not in page
    assert page.count('hx-swap-oob="true"') == 1
    assert answer["HX-Push-Url"] == "/packages/?place=Berlin"
    back = client.get(
        "/packages/?place=Berlin", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
    )
    assert "<html" in back.content.decode(), "the back button needs the whole page"


def test_each_filter_that_is_on_can_be_taken_off(client: Client, packages: list[Package]) -> None:
    page = client.get("/packages/?q=berlin&place=Berlin&odd.illumination=day").content.decode()
    chips = re.findall(r'class="chip chip--on" href="([^"]+)"', page)
    assert [unescape(chip) for chip in chips] == [
        "/packages/?odd.illumination=day&place=Berlin",
        "/packages/?q=berlin&place=Berlin",
        "/packages/?q=berlin&odd.illumination=day",
    ]


def test_a_card_counts_what_can_still_be_bought(client: Client) -> None:
    footage = people.make_footage(people.alice())
    clips = [people.make_clip(footage, position=n, seconds=30) for n in range(3)]
    people.make_package(clips)
    assert "3 clips" in client.get("/packages/").content.decode()
    advance(clips[0], ClipState.WITHDRAWN)
    page = client.get("/packages/").content.decode()
    assert "2 clips" in page
    assert "1 min 00 s" in page
    assert f"/preview/{clips[1].pk}/poster/" in page, "the first clip that is left stands for it"


def test_what_nobody_could_choose_is_ignored(client: Client, packages: list[Package]) -> None:
    query = "vertical=boats&price=free&sort=magic&odd.weather=<script>&q=%00&place=%00"
    assert len(slugs(client, query)) == 4
    for mark in (
        "nonsense",
        "2026-01-01~x",
        "2026-01-01T00:00:00~" + str(uuid.uuid4()),
        "1" * 60,
        "9" * 30 + "~",
    ):
        assert len(slugs(client, f"after={mark}&sort=new")) == 4
        assert len(slugs(client, f"after={mark}&sort=price")) == 4


def test_nothing_found_says_so_and_offers_a_way_back(client: Client, packages: list[Package]) -> None:
    page = client.get("/packages/?q=submarine").content.decode()
    assert "Nothing fits these filters" in page
    assert 'href="/packages/"' in page


def test_a_page_needs_few_queries_however_many_packages(client: Client, packages: list[Package]) -> None:
    client.force_login(people.bob())
    every = "q=berlin&vertical=driving&odd.illumination=day&actor=car&ego=straight&country=DE&place=Berlin&price=0-50"
    with CaptureQueriesContext(connection) as queries:
        assert slugs(client, every) == ["day"]
    assert len(queries) <= 12


def test_counts_that_take_long_over_thousands_of_packages_are_kept_for_a_while(
    client: Client, packages: list[Package], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tallies(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert "4 packages" in client.get(f"/packages/?{query}").content.decode()
        return sum("WITH fitting" in query["sql"] for query in queries)

    assert [tallies(""), tallies("")] == [1, 1], "a small shop counts each time"
    monkeypatch.setattr(facets, "SLOW_S", 0)
    monkeypatch.setattr(facets, "MANY", 1)
    assert [tallies(""), tallies("sort=price")] == [1, 0]


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
