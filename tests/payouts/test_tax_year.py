"""The yearly report: what each contributor got by quarter and month, with the details that tax offices want."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from payouts import tax_year
from payouts.models import TaxProfile
from tests import people
from tests.buyers.checkout import signed_in
from tests.payouts import stage

pytestmark = pytest.mark.django_db


def table(year: int) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(tax_year.rows(year)))))


FORM = {
    "kind": "person", "legal_name": "Alice Film", "birth_date": "1990-02-03", "line1": "Weg 1", "postal_code": "10115",
    "city": "Berlin", "country": "DE", "tax_number": "12 345 678 901",
}  # fmt: skip


def test_a_row_a_person_with_quarters_months_and_what_is_missing() -> None:
    alice, mallory = people.alice(), people.mallory()
    signed_in(alice).post("/film/earnings/tax/", FORM)
    for slug in ("one", "two"):
        stage.sold(stage.package_of((alice, 20), (mallory, 10), price_minor=10_000, slug=slug), _bob(slug))
    now = timezone.now()
    first, second = table(now.year)
    quarter = (now.month - 1) // 3 + 1
    assert (first["contributor"], first["legal_name"], first["missing"]) == (alice.email, "Alice Film", "")
    assert first["birth_date"] == "1990-02-03"
    assert (first[f"q{quarter}_consideration_minor"], first[f"q{quarter}_activities"]) == ("4000", "2")
    assert (first["box_1a_gross_minor"], first["box_3_transactions"]) == ("4000", "2")
    assert first[f"box_5{'abcdefghijkl'[now.month - 1]}_minor"] == "4000"
    assert (second["contributor"], second["missing"]) == (mallory.email, "all tax details")
    assert second["box_1a_gross_minor"] == "2000"
    assert table(now.year - 1) == []
    assert tax_year.years() == [now.year]


def _bob(slug: str) -> Any:
    return people.bob(f"bob-{slug}@example.org", f"Bob {slug}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"birth_date": ""}, "your date of birth"),
        ({"kind": "company"}, "its register number"),
        ({"birth_date": "2999-01-01"}, "has not come yet"),
        ({"tax_number": ""}, "required"),
    ],
)
def test_details_that_are_not_whole_are_refused_with_a_sentence(change: dict[str, str], said: str) -> None:
    answer = signed_in(people.alice()).post("/film/earnings/tax/", {**FORM, **change})
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not TaxProfile.objects.exists()


def test_details_can_be_changed_by_their_owner_only() -> None:
    alice = people.alice()
    signed_in(alice).post("/film/earnings/tax/", FORM)
    signed_in(alice).post("/film/earnings/tax/", {**FORM, "city": "Bonn"})
    row = TaxProfile.objects.get()
    assert (row.contributor, row.city, row.birth_date) == (alice, "Bonn", date(1990, 2, 3))
    assert "Alice Film" not in signed_in(people.mallory()).get("/film/earnings/tax/").content.decode()
