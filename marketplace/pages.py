"""What the public pages show: figures and previews from the database, licences from what is installed."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Sum
from django.urls import reverse

from marketplace.models import Clip, Package, PackageClip
from marketplace.states import ClipState

PREVIEWS = 3


@dataclass(frozen=True)
class Figures:
    """What is for sale now, and what was covered in it."""

    packages: int
    clips: int
    duration_ms: int
    people: int
    covered: int


@dataclass(frozen=True)
class Preview:
    """One clip that can be bought, and where its pictures are."""

    clip: Clip
    package: Package
    poster_url: str
    preview_url: str
    url: str


@dataclass(frozen=True)
class Component:
    """One piece of open-source software that the site runs on."""

    name: str
    version: str
    licence: str


def figures() -> Figures:
    """Count what buyers can buy at this moment."""
    listed = Package.objects.listed()
    clips = Clip.objects.sellable().filter(versions__in=listed.values("current"))
    sums = clips.aggregate(clips=Count("pk", distinct=True), people=Count("footage__owner", distinct=True))
    length = (
        Clip.objects.filter(pk__in=clips.values("pk")).aggregate(ms=Sum(F("end_ms") - F("start_ms")))["ms"]
        or 0
    )
    return Figures(
        packages=listed.count(),
        clips=sums["clips"],
        duration_ms=length,
        people=sums["people"],
        covered=_covered(list(clips.values_list("footage_id", flat=True).distinct())),
    )


def _covered(footage_ids: list[Any]) -> int:
    # One sum inside PostgreSQL: a certificate lists its tracks by kind, {"face": {"found": 3, …}, …}.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(sum((kind.value ->> 'found')::bigint), 0)
            FROM marketplace_footage, jsonb_each(coalesce(certificate -> 'tracks', '{}'::jsonb)) AS kind
            WHERE id = ANY(%s)
            """,
            [footage_ids],
        )
        return int(cursor.fetchone()[0])


def previews() -> list[Preview]:
    """Pick clips to show: one of each of the newest packages, then more of these until there are three.

    Only clips of people who agreed to previews outside the page of a package.
    """
    shown = PackageClip.objects.filter(
        version=OuterRef("current"), clip__state=ClipState.APPROVED, clip__footage__showcase=True
    )
    packages = list(Package.objects.listed().filter(Exists(shown)).order_by("-published_at")[:PREVIEWS])
    rows = [(package, _showcase(package)) for package in packages]
    turns = [
        (package, clips[turn]) for turn in range(PREVIEWS) for package, clips in rows if turn < len(clips)
    ]
    return [_preview(package, clip) for package, clip in turns[:PREVIEWS]]


def _showcase(package: Package) -> list[Clip]:
    members = PackageClip.objects.filter(
        version=package.current_id, clip__state=ClipState.APPROVED, clip__footage__showcase=True
    )
    return [member.clip for member in members.select_related("clip").order_by("position")[:PREVIEWS]]


def _preview(package: Package, clip: Clip) -> Preview:
    return Preview(
        clip=clip,
        package=package,
        poster_url=reverse("buyers:preview", args=[package.slug, clip.pk, "poster"]),
        preview_url=reverse("buyers:preview", args=[package.slug, clip.pk, "video"]),
        url=reverse("buyers:package", args=[package.slug]),
    )


def weights() -> list[dict[str, Any]]:
    """Read the list of models that the engine uses, with their licences."""
    path = settings.BASE_DIR / "pipeline" / "video" / "weights.json"
    if not path.exists():
        return []
    listed = json.loads(path.read_text(encoding="utf-8"))["weights"]
    return [weight for weight in listed if weight["trained_on"]]  # the demo's picture is no model


def components() -> list[Component]:
    """List what pyproject.toml asks for and is installed, with the licence that each states."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["embedded"]]
    found = []
    for requirement in asked:
        name = re.split(r"[\[=<>!~; ]", requirement, maxsplit=1)[0]
        try:
            about = metadata(name)
        except PackageNotFoundError:  # what only `make demo` starts is not on a server
            continue
        found.append(Component(name, about["Version"], _licence(about)))
    return sorted(found, key=lambda component: component.name.lower())


def _licence(about: Any) -> str:
    stated = about["License-Expression"] or ""
    if not stated:
        classifiers = [
            c for c in about.get_all("Classifier") or [] if c.startswith("License :: OSI Approved :: ")
        ]
        stated = ", ".join(c.rpartition(" :: ")[2] for c in classifiers)
    if not stated:
        # Some packages put the whole text into this field: its first line names the licence.
        stated = (about["License"] or "").strip().partition("\n")[0]
    return stated or "see its source"
