"""The yearly export for the tax offices: the fields of DAC7 (EU) and of form 1099-K (US), a row a contributor."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from marketplace.models import User
from payouts.models import ConnectAccount, Earning, LedgerLine, TaxProfile
from payouts.statements import SENT, _Echo
from payouts.table import harmless

QUARTERS, MONTHS = range(1, 5), range(1, 13)
COLUMNS = (
    "contributor", "missing", "kind", "legal_name", "birth_date", "street", "postal_code", "city", "country",
    "tax_number", "register_number", "vat_number", "stripe_account", "currency",
    # DAC7 (Directive 2021/514, annex V): consideration, activities and fees withheld of each quarter.
    *(f"q{n}_consideration_minor" for n in QUARTERS), *(f"q{n}_activities" for n in QUARTERS),
    *(f"q{n}_fees_withheld_minor" for n in QUARTERS),
    # 1099-K: box 1a gross amount, box 3 number of transactions, boxes 5a to 5l the months.
    "box_1a_gross_minor", "box_3_transactions", *(f"box_5{letter}_minor" for letter in "abcdefghijkl"),
)  # fmt: skip


class _Year:
    """What one contributor got in one currency: DAC7 takes refunds off, 1099-K does not."""

    def __init__(self) -> None:
        self.net = dict.fromkeys(QUARTERS, 0)
        self.count = dict.fromkeys(QUARTERS, 0)
        self.gross = dict.fromkeys(MONTHS, 0)
        self.sales = 0


def rows(year: int) -> Iterator[str]:
    """Write the table of a year (UTC) as CSV, in minor units; ``missing`` names the details that are not there."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    found = _sums(year)
    people = User.objects.in_bulk([pk for pk, _ in found])
    profiles = {row.contributor_id: row for row in TaxProfile.objects.filter(contributor__in=people)}
    accounts = dict(
        ConnectAccount.objects.filter(contributor__in=people).values_list("contributor", "stripe_id")
    )
    for (pk, currency), sums in sorted(
        found.items(), key=lambda item: (people[item[0][0]].email, item[0][1])
    ):
        who = [harmless(str(cell)) for cell in _who(people[pk], profiles.get(pk), accounts.get(pk, ""))]
        quarters = [*sums.net.values(), *sums.count.values(), *([0] * len(QUARTERS))]
        yield writer.writerow(
            [*who, currency, *quarters, sum(sums.gross.values()), sums.sales, *sums.gross.values()]
        )


def _sums(year: int) -> dict[tuple[Any, str], _Year]:
    first, after = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    found: dict[tuple[Any, str], _Year] = defaultdict(_Year)
    lines = LedgerLine.objects.filter(
        account__contributor__isnull=False, transaction__at__gte=first, transaction__at__lt=after
    ).exclude(transaction__kind__in=SENT)
    for who, currency, at, minor in lines.values_list(
        "account__contributor", "currency", "transaction__at", "amount_minor"
    ).iterator(chunk_size=2000):
        one, quarter = found[who, currency], (at.month - 1) // 3 + 1
        one.net[quarter] -= minor
        if minor < 0:  # a credit: it was earned
            one.gross[at.month] -= minor
            one.count[quarter] += 1
            one.sales += 1
    return found


def _who(person: User, profile: TaxProfile | None, account: str) -> list[Any]:
    if profile is None:
        return [person.email, "all tax details", *([""] * 10), account]
    needed = {"birth_date": profile.kind == "person", "registration": profile.kind == "company"}
    missing = [name for name, wanted in needed.items() if wanted and not getattr(profile, name)]
    return [
        person.email, " ".join(missing), profile.kind, profile.legal_name, profile.birth_date or "", profile.line1,
        profile.postal_code, profile.city, profile.country, profile.tax_number, profile.registration, profile.vat_id,
        account,
    ]  # fmt: skip


def years() -> list[int]:
    """List the years in which somebody earned something, newest first."""
    return sorted({row.year for row in Earning.objects.dates("earned_at", "year")}, reverse=True)
