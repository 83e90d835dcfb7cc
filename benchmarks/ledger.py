"""How fast the books answer when they are large: balances, and every rule, on a ledger of a million lines."""

from __future__ import annotations

import importlib
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.registry import Figure, Section

LINES, QUICK_LINES = 1_000_000, 100_000
OF_A_SALE = 5  # our balance, our revenue, three contributors
PEOPLE = 999  # three groups: a sale pays one of each
MONTHS = 9
ASKED = 400
BALANCE_MS, RULES_S = 50.0, 60.0

# Each sale pays three people; a few film a hundred times as much as most. The guards
# are left out while the rows are made, and run again at the end as rules.
FILL = """
SET session_replication_role = replica;
INSERT INTO payouts_ledgeraccount (kind, contributor_id, currency) VALUES
  ('stripe_balance', NULL, 'usd'), ('platform_revenue', NULL, 'usd');
INSERT INTO payouts_ledgeraccount (kind, contributor_id, currency)
  SELECT 'contributor', id, 'usd' FROM marketplace_user ORDER BY id;
CREATE TEMP TABLE person AS
  SELECT row_number() OVER (ORDER BY a.contributor_id) - 1 AS place, a.id AS account,
    a.contributor_id AS who, c.id AS clip
  FROM payouts_ledgeraccount a
  JOIN marketplace_footage f ON f.owner_id = a.contributor_id JOIN marketplace_clip c ON c.footage_id = f.id
  WHERE a.kind = 'contributor';
CREATE TEMP TABLE sale AS
  SELECT gen_random_uuid() AS id, n, now() - n * {minutes} * interval '1 minute' AS at
  FROM generate_series(1, {sales}) n;
INSERT INTO payouts_ledgertransaction (id, kind, reference, at, memo)
  SELECT id, 'sale', 'sale:' || id, at, 'A sale' FROM sale;
CREATE TEMP TABLE part AS
  SELECT s.id AS sale, s.at, k, floor({people} / 3 * power(random(), 3))::int * 3 + k AS place, 500 + s.n % 400 AS minor
  FROM sale s CROSS JOIN generate_series(0, 2) k;
INSERT INTO payouts_ledgerline (transaction_id, account_id, amount_minor, currency)
  SELECT p.sale, person.account, -p.minor, 'usd' FROM part p JOIN person ON person.place = p.place;
INSERT INTO payouts_ledgerline (transaction_id, account_id, amount_minor, currency)
  SELECT s.id, a.id, CASE a.kind WHEN 'stripe_balance' THEN 10000 ELSE -10000 + owed.minor END, 'usd'
  FROM sale s JOIN (SELECT sale, sum(minor) AS minor FROM part GROUP BY sale) owed ON owed.sale = s.id
  CROSS JOIN payouts_ledgeraccount a WHERE a.kind IN ('stripe_balance', 'platform_revenue');
INSERT INTO payouts_earning
  (id, contributor_id, transaction_id, clip_id, amount_minor, currency, formula, earned_at, available_on)
  SELECT gen_random_uuid(), person.who, p.sale, person.clip, p.minor, 'usd', 'A share', p.at, p.at + interval '7 days'
  FROM part p JOIN person ON person.place = p.place;
CREATE TEMP TABLE sent AS
  SELECT gen_random_uuid() AS id, contributor_id AS who, date_trunc('month', available_on) + interval '1 month' AS at,
    sum(amount_minor) AS minor
  FROM payouts_earning WHERE available_on < date_trunc('month', now()) GROUP BY 2, 3;
INSERT INTO payouts_transfer (id, contributor_id, state, state_changed_at, amount_minor, reversed_minor, currency,
    stripe_id, reason, attempts, created_at, sent_at)
  SELECT id, who, 'settled', at, minor, 0, 'usd', 'tr_' || id, '', 0, at, at FROM sent;
UPDATE payouts_earning e SET transfer_id = s.id FROM sent s WHERE e.contributor_id = s.who
  AND date_trunc('month', e.available_on) + interval '1 month' = s.at;
INSERT INTO payouts_ledgertransaction (id, kind, reference, at, memo)
  SELECT id, 'transfer', 'transfer:' || id, at, 'A transfer' FROM sent;
INSERT INTO payouts_ledgerline (transaction_id, account_id, amount_minor, currency)
  SELECT s.id, person.account, s.minor, 'usd' FROM sent s JOIN person USING (who)
  UNION ALL SELECT s.id, a.id, -s.minor, 'usd' FROM sent s JOIN payouts_ledgeraccount a ON a.kind = 'stripe_balance';
SET session_replication_role = origin;
"""


def measure(bench: Bench) -> Section:
    """Fill a database of our own and ask for balances; `--quick` makes a tenth of the lines."""
    lines = QUICK_LINES if bench.quick else LINES
    section = Section(
        title="Ledger",
        about=f"A private PostgreSQL with a ledger of {lines:,} lines, {lines // OF_A_SALE:,} sales of three people's "
        f"clips each within {MONTHS} months, {PEOPLE:,} contributors of very different success, paid every month. A "
        "balance is what the earnings page shows: pending, available, paid and what the books owe. Times are of the "
        "whole call, Python and database, one after the other.",
    )
    with database(bench.folder("ledger")):
        bench.tell(f"ledger: {lines:,} lines")
        fill(lines // OF_A_SALE)
        section.figures += figures(lines)
    return section


@contextmanager
def database(folder: Path) -> Iterator[None]:
    """Run a PostgreSQL with our tables in it, and tell Django of it, until the block ends."""
    from embedded import ports, postgres, secrets
    from embedded.children import Family

    port, password = ports.claim_free(str(folder)).postgres, secrets.make().postgres
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "marketplace.settings",
        "SECRET_KEY": "the ledger's benchmark signs nothing " * 2,
        "DATABASE_URL": postgres.address(port=port, password=password),
        "REDIS_URL": "redis://127.0.0.1:1/0",  # nothing here queues anything
        "LOG_LEVEL": "ERROR",
    }
    with Family(logs=folder / "logs") as family:
        server = postgres.start(family, folder / "postgres", port=port, password=password, fast=True)
        family.wait_until(server, lambda: postgres.answers(port=port, password=password))
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        try:
            yield
        finally:
            connections.close_all()


def fill(sales: int) -> None:
    """Make people, a clip each, and their sales."""
    from django.db import connection

    people = importlib.import_module("marketplace.models")
    users = people.User.objects.bulk_create(
        people.User(email=f"film-{n}@example.org", password="!")  # noqa: S106 - opens nothing
        for n in range(PEOPLE)
    )
    footage = people.Footage.objects.bulk_create(
        people.Footage(
            owner=user,
            vertical="driving",
            title="Ride",
            part_bytes=1,
            size_bytes=1,
            upload_token=user.public_id,
        )
        for user in users
    )
    people.Clip.objects.bulk_create(
        people.Clip(
            footage=one,
            position=0,
            start_ms=0,
            end_ms=10_000,
            frames=250,
            fps=25.0,
            width=1280,
            height=720,
            quality=1,
            media_bytes=1,
        )
        for one in footage
    )
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(sales=sales, people=PEOPLE, minutes=MONTHS * 43_200 / sales))
        cursor.execute("VACUUM ANALYZE")  # as PostgreSQL does by itself


def figures(lines: int) -> list[Figure]:
    """Time what people and beat ask of the books."""
    from django.db.models import Count, Sum

    from marketplace.models import User
    from payouts import checks, earnings, ledger
    from payouts.models import LedgerLine

    assert LedgerLine.objects.count() >= lines, "the ledger is not what it should be"
    counted = dict(
        LedgerLine.objects.filter(account__kind="contributor").order_by().values_list("account__contributor")
        .annotate(lines=Count("pk"))
    )  # fmt: skip
    asked = random.Random(7).choices(list(counted), weights=list(counted.values()), k=ASKED)
    people = User.objects.in_bulk(asked)
    busiest = User.objects.get(pk=max(counted, key=lambda pk: counted[pk]))
    ours = LedgerLine.objects.filter(account__kind="stripe_balance")
    shown = [_ms(lambda pk=pk: earnings.balances(people[pk])) for pk in asked]  # type: ignore[misc]
    owed = [_ms(lambda pk=pk: ledger.owed_to(people[pk])) for pk in asked]  # type: ignore[misc]
    most = [_ms(lambda: earnings.balances(busiest)) for _ in range(40)]
    own = [_ms(lambda: ours.aggregate(Sum("amount_minor"))) for _ in range(40)]
    began = time.perf_counter()
    broken = [rule.name for rule, _ in checks.broken()]
    rules = time.perf_counter() - began
    drawn = f"{ASKED} contributors drawn by how much they sell; load of the machine {os.getloadavg()[0]:.1f}"
    return [
        Figure("ledger: balance on the earnings page, p95", p95(shown), "ms", at_most=BALANCE_MS, note=drawn),
        Figure("ledger: what the books owe somebody, p95", p95(owed), "ms", at_most=BALANCE_MS, note=drawn),
        Figure(
            "ledger: balance of the busiest contributor, p95", p95(most), "ms", at_most=BALANCE_MS,
            note=f"{counted[busiest.pk]:,} lines",
        ),
        Figure("ledger: our own balance at Stripe, p95", p95(own), "ms", note=f"{lines // OF_A_SALE:,} lines"),
        Figure(
            "ledger: check_books", round(rules, 1), "s", at_most=RULES_S,
            note=f"{len(checks.RULES)} rules, broken: {', '.join(broken) or 'none'}",
        ),
        Figure("ledger: rules broken", float(len(broken)), at_most=0),
    ]  # fmt: skip


def p95(times: list[float]) -> float:
    """Give the time that 95 of 100 calls do not exceed."""
    return sorted(times)[-(-len(times) * 95 // 100) - 1]


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1_000
