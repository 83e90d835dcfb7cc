"""The only way a view gets a Footage, Clip or Package: whoever may not see it gets a 404."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404

from marketplace.models import Clip, Footage, Package
from marketplace.states import PackageState


def own_footage(user: Any, pk: uuid.UUID) -> Footage:
    """Find a footage of this person's own."""
    footage = Footage.objects.filter(pk=pk, owner_id=user.pk).first() if user.is_authenticated else None
    if footage is None:
        raise Http404("No footage of yours has this address.")
    return footage


def own_clip(user: Any, pk: uuid.UUID) -> Clip:
    """Find a clip cut from this person's own footage."""
    clips = Clip.objects.select_related("footage")
    clip = clips.filter(pk=pk, footage__owner_id=user.pk).first() if user.is_authenticated else None
    if clip is None:
        raise Http404("No clip of yours has this address.")
    return clip


def listed_package(slug: str) -> Package:
    """Find a package that is for sale."""
    package = Package.objects.listed().select_related("current", "licence").filter(slug=slug).first()
    if package is None:
        raise Http404("No package for sale has this address.")
    return package


def seen_package(slug: str) -> Package:
    """Find a package that is or was for sale, so that a delisted one can say so."""
    package = (
        Package.objects.exclude(state=PackageState.DRAFT)
        .filter(slug=slug, current__isnull=False)
        .select_related("current", "licence")
        .first()
    )
    if package is None:
        raise Http404("No package has this address.")
    return package


def package_clip(package: Package, pk: uuid.UUID) -> Clip:
    """Find a clip of the version on sale that buyers may see now."""
    clip = (
        Clip.objects.sellable()
        .filter(pk=pk, memberships__version_id=package.current_id)
        .select_related("footage")
        .first()
    )
    if clip is None:
        raise Http404("This package has no such clip, or it was withdrawn.")
    return clip
