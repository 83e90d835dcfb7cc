"""Alice films, Bob buys, Mallory attacks, Mo moderates: everyone and everything the tests start from."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import timedelta
from importlib import import_module
from typing import Any

from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings
from django.utils import timezone

from buyers.models import Entitlement, Membership, Order, OrderLine, Organisation, Role
from contributors.models import ConsentText, ContributorProfile, Kind
from marketplace import storage
from marketplace.models import (
    Clip,
    Footage,
    LicenceTerms,
    Package,
    PackageClip,
    PackageObject,
    PackageVersion,
    Tag,
    User,
)
from marketplace.models.licence import add_terms
from marketplace.states import ClipState, FootageState, OrderState, PackageState, VersionState

PASSWORD = "correct horse battery staple"


def make_user(email: str, **fields: Any) -> User:
    """Create a person whose e-mail is confirmed."""
    user = User.objects.create_user(email, PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def consent_texts() -> None:
    """Put the consent texts back that a migration wrote: a test with real transactions empties every table."""
    if not ConsentText.objects.exists():
        import_module("contributors.migrations.0004_consent_texts_v1").add(apps, None)


def alice(email: str = "alice@example.org", kind: str = Kind.DRIVER) -> User:
    """Alice films."""
    consent_texts()
    user = make_user(email, first_name="Alice", first_door="film")
    ContributorProfile.objects.create(user=user, kind=kind, display_name="Alice", country="DE", is_adult=True)
    return user


def mallory() -> User:
    """Mallory has an account like Alice's and wants what is not hers."""
    user = make_user("mallory@example.org", first_name="Mallory", first_door="film")
    ContributorProfile.objects.create(
        user=user, kind=Kind.DRIVER, display_name="Mallory", country="US", is_adult=True
    )
    return user


def bob(email: str = "bob@example.org", organisation: str = "Bob Robotics") -> User:
    """Bob buys for his organisation."""
    user = make_user(email, first_name="Bob", first_door="buy")
    company = Organisation.objects.create(name=organisation, country="US")
    Membership.objects.create(user=user, organisation=company, role=Role.OWNER)
    return user


def mo() -> User:
    """Mo moderates; the roles are whatever `sync_roles` gives moderators."""
    return staff("mo@example.org", "Moderators", first_name="Mo")


def staff(email: str, *groups: str, **fields: Any) -> User:
    """Create a member of staff in these groups."""
    from django.contrib.auth.models import Group

    from moderation import roles

    roles.sync()
    user = make_user(email, is_staff=True, **fields)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def make_footage(
    owner: User, *, vertical: str = "driving", state: str = FootageState.REVIEW, **fields: Any
) -> Footage:
    """Create a footage row as the pipeline leaves it."""
    values: dict[str, Any] = {
        "title": "Evening ride",
        "country": "DE",
        "place": "Berlin",
        "file_name": "ride.mp4",
        "size_bytes": 1_000_000,
        "content_type": "video/mp4",
        "upload_token": uuid.uuid4(),
        "part_bytes": 16 * 1024**2,
        "duration_ms": 20_000,
        "discipline": "basketball" if vertical == "sports" else "",
        **fields,
    }
    return Footage.objects.create(owner=owner, vertical=vertical, state=state, **values)


def store(bucket: str, data: bytes, media_type: str) -> str:
    """Put bytes into a bucket under their SHA-256 and give the key."""
    key = f"sha256/{hashlib.sha256(data).hexdigest()}"
    storage.put_bytes(bucket=bucket, key=key, data=data, media_type=media_type)
    return key


def make_clip(
    footage: Footage,
    *,
    position: int = 0,
    seconds: float = 10.0,
    state: str = ClipState.APPROVED,
    tags: tuple[str, ...] = ("odd.illumination.day", "ego.straight", "actor.car"),
    quality: str = "0.800",
    media: bytes = b"",
) -> Clip:
    """Create a clip; with ``media`` its objects really are in the bucket."""
    data = media or f"clip {uuid.uuid4()}".encode()
    digest = hashlib.sha256(data).hexdigest()
    keys = dict.fromkeys(("media_key", "preview_key", "poster_key"), f"sha256/{digest}")
    poses = json.dumps({"schema": 1, "frames": []}).encode()
    keys["poses_key"] = f"sha256/{hashlib.sha256(poses).hexdigest()}"
    if media:
        store(settings.S3_BUCKET_DERIVED, data, "video/mp4")
        store(settings.S3_BUCKET_DERIVED, poses, "application/json")
    clip = Clip.objects.create(
        footage=footage,
        position=position,
        start_ms=0,
        end_ms=round(seconds * 1000),
        frames=round(seconds * 25),
        fps=25.0,
        width=1280,
        height=720,
        quality=quality,
        tag_ids=sorted(tags),
        state=state,
        media_sha256=digest,
        media_bytes=len(data),
        **keys,
    )
    for tag in tags:
        Tag.objects.create(
            clip=clip,
            tag_id=tag,
            taxonomy_version=2,
            start_ms=0,
            end_ms=clip.end_ms,
            source=f"model:{'0' * 64}",
            confidence=0.9,
        )
    return clip


def make_terms(version: str = "1.0", text: str = "You may train models with it.") -> LicenceTerms:
    """Find or create licence terms."""
    found = LicenceTerms.objects.filter(version=version).first()
    return found or add_terms(version=version, title="Training licence", text=text)


def make_package(
    clips: list[Clip],
    *,
    curator: User | None = None,
    slug: str = "berlin-evenings",
    title: str = "Berlin evenings",
    price_minor: int = 25_000,
    state: str = PackageState.PUBLISHED,
    objects: bool = False,
    **fields: Any,
) -> Package:
    """Create a published package as the pipeline leaves it; with ``objects`` its files are in the bucket."""
    now = timezone.now()
    package = Package.objects.create(
        slug=slug,
        title=title,
        summary=fields.pop("summary", "Evening rides through a city."),
        vertical=clips[0].footage.vertical,
        price_minor=price_minor,
        licence=fields.pop("licence", None) or make_terms(),
        state=state,
        curator=curator or make_user(f"curator-{uuid.uuid4().hex[:8]}@example.org", is_staff=True),
        published_at=now,
        tag_ids=sorted({tag for clip in clips for tag in clip.tag_ids}),
        countries=sorted({clip.footage.country for clip in clips}),
        places=sorted({clip.footage.place for clip in clips}),
        disciplines=sorted({clip.footage.discipline for clip in clips} - {""}),
        clip_count=len(clips),
        duration_ms=sum(clip.duration_ms for clip in clips),
        **fields,
    )
    version = PackageVersion.objects.create(
        package=package,
        number=1,
        state=VersionState.PUBLISHED,
        prefix=f"pkg/{slug}/v1",
        published_at=now,
        manifest_sha256="0" * 64,
    )
    for position, clip in enumerate(clips):
        PackageClip.objects.create(version=version, clip=clip, position=position)
        data = f"bytes of {clip.pk}".encode()
        add_object(version, f"media/clip_{position:06d}.mp4", data, "video/mp4", clip=clip, real=objects)
    add_object(version, "LICENSE.txt", package.licence.text.encode(), "text/plain", real=objects)
    Package.objects.filter(pk=package.pk).update(current=version)
    package.refresh_from_db()
    return package


def add_object(
    version: PackageVersion,
    path: str,
    data: bytes,
    media_type: str,
    *,
    clip: Clip | None = None,
    real: bool = False,
) -> PackageObject:
    """Add one file to a version."""
    key = f"{version.prefix}/{path}"
    if real:
        storage.put_bytes(bucket=settings.S3_BUCKET_PACKAGES, key=key, data=data, media_type=media_type)
    return PackageObject.objects.create(
        version=version,
        clip=clip,
        path=path,
        key=key,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        media_type=media_type,
    )


def make_order(user: User, *packages: Package, state: str = OrderState.PENDING) -> Order:
    """Create an order of these packages; a paid one with its entitlements."""
    company = user.membership.organisation
    now = timezone.now()
    order = Order.objects.create(
        organisation=company,
        placed_by=user,
        form_token=uuid.uuid4(),
        state=state,
        total_minor=sum(package.price_minor for package in packages),
        paid_at=now if state == OrderState.PAID else None,
    )
    for package in packages:
        assert package.current is not None
        line = OrderLine.objects.create(
            order=order, version=package.current, title=package.title, price_minor=package.price_minor
        )
        if state == OrderState.PAID:
            Entitlement.objects.create(
                organisation=company,
                line=line,
                version=package.current,
                starts_at=now,
                until=now + timedelta(days=settings.ENTITLEMENT_DAYS),
            )
    return order
