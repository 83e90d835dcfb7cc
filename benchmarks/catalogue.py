"""How long the catalogue takes with many packages: `make bench ARGS="--catalogue 100000"`."""

from __future__ import annotations

import random
import statistics
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from benchmarks.own_site import running

LOOKS = {
    "first page": "/packages/",
    "one facet": "/packages/?odd.weather=rain",
    "three facets": "/packages/?odd.weather=rain&odd.illumination=day&country=DE",
    "words": "/packages/?q=evening+ride",
    "rare word": "/packages/?q=zebra",
    "by price": "/packages/?sort=price",
}
TIMES = 7


def run(size: int) -> int:
    """Fill a catalogue, open its pages as a visitor does, and print the median and the slowest of each."""
    with running():
        _fill(size)
        from django.test import Client

        browser = Client()
        print(f"| {size} packages | median, ms | slowest, ms |\n|---|---|---|", flush=True)
        for name, address in LOOKS.items():
            took = []
            for _ in range(TIMES):
                began = time.perf_counter()
                answer = browser.get(address)
                took.append((time.perf_counter() - began) * 1000)
                if answer.status_code != 200:
                    print(f"{address} answered {answer.status_code}.")
                    return 1
            print(f"| {name} | {statistics.median(took):.0f} | {max(took):.0f} |", flush=True)
    return 0


def _fill(size: int) -> None:
    from django.contrib.postgres.search import SearchVector
    from django.db import connection

    from marketplace import taxonomy
    from marketplace.models import (
        Clip,
        Footage,
        LicenceTerms,
        Package,
        PackageClip,
        PackageVersion,
        User,
    )
    from marketplace.states import ClipState, FootageState, PackageState, VersionState

    chance = random.Random(7)
    tags = [tag for axis in taxonomy.axes("driving") for tag in axis.tag_ids()]
    countries, places = ["DE", "FR", "ES", "US", "JP"], [f"Town {number}" for number in range(300)]
    owner = User.objects.create(email="alice@example.org")
    licence = LicenceTerms.objects.latest("created_at")
    footage = Footage.objects.create(
        owner=owner,
        vertical="driving",
        title="Made",
        state=FootageState.IN_MODERATION,
        country="DE",
        upload_token=uuid.uuid4(),
        size_bytes=1,
        part_bytes=1,
    )
    now = datetime(2026, 5, 1, tzinfo=UTC)

    def packages(first: int, count: int) -> Iterator[Package]:
        for number in range(first, first + count):
            rare = "zebra" if number % 5000 == 0 else "evening ride"
            yield Package(
                slug=f"made-{number}", title=f"Package {number} {rare}", summary="Made rides through a town.",
                vertical="driving", price_minor=chance.randrange(1_000, 200_000), licence=licence, curator=owner,
                state=PackageState.PUBLISHED, published_at=now + timedelta(seconds=number),
                tag_ids=sorted(chance.sample(tags, 12)), countries=[chance.choice(countries)],
                places=[chance.choice(places)], clip_count=1, duration_ms=10_000,
            )  # fmt: skip

    for first in range(0, size, 5000):
        rows = Package.objects.bulk_create(packages(first, min(5000, size - first)), batch_size=1000)
        versions = PackageVersion.objects.bulk_create(
            (
                PackageVersion(
                    package=row, number=1, state=VersionState.PUBLISHED, prefix=f"pkg/{row.slug}/v1",
                    published_at=now, manifest_sha256="0" * 64,
                )
                for row in rows
            ),
            batch_size=1000,
        )  # fmt: skip
        clips = Clip.objects.bulk_create(
            (
                Clip(
                    footage=footage, position=first + number, start_ms=0, end_ms=10_000, frames=250, fps=25.0,
                    width=1280, height=720, quality="0.800", tag_ids=row.tag_ids, state=ClipState.APPROVED,
                    media_key="x", media_sha256=uuid.uuid4().hex * 2, media_bytes=1, preview_key="x", poster_key="x",
                    poses_key="x",
                )
                for number, row in enumerate(rows)
            ),
            batch_size=1000,
        )  # fmt: skip
        PackageClip.objects.bulk_create(
            (
                PackageClip(version=version, clip=clip, position=0)
                for version, clip in zip(versions, clips, strict=True)
            ),
            batch_size=1000,
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE marketplace_package SET current_id = v.id FROM marketplace_packageversion v "
            "WHERE v.package_id = marketplace_package.id"
        )
    Package.objects.update(search=SearchVector("title", "summary", config="english"))
    connection.cursor().execute("VACUUM ANALYZE")
