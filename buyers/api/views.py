"""What a key may read and download; taking a package with hours is in payouts, because it is a sale."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from buyers import asked, catalogue, delivery, plan_hours, subscriptions
from buyers.api.answers import answer
from buyers.api.gate import api
from buyers.models import ApiKey, Entitlement, PlanPeriod, PlanUse, Scope
from buyers.plans import HOUR_MS
from marketplace.access import listed_package
from marketplace.models import Package
from marketplace.people import address_prefix

MOST = 100


def _full(name: str, *args: Any) -> str:
    return settings.SITE_URL + reverse(f"buyers:{name}", args=args)


def _hours(ms: int) -> float:
    return round(ms / HOUR_MS, 4)


@api(Scope.READ)
def root(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """Say whose key this is, what it may do, and what the plan has left."""
    row = subscriptions.of(key.organisation)
    plan = row and {
        "plan": row.plan,
        "state": row.state,
        "hours_left": _hours(plan_hours.left_ms(key.organisation)),
        "renews_at": row.renews_at and row.renews_at.isoformat(),
        "ends_with_period": row.ends_with_period,
    }
    return answer({
        "api": "1",
        "organisation": key.organisation.name,
        "key": {"name": key.name, "scopes": key.scopes, "expires_at": key.expires_at.isoformat()},
        "plan": plan or None,
        "packages": _full("api_packages"),
        "access": _full("api_access"),
        "usage": _full("api_usage"),
    })  # fmt: skip


@api(Scope.READ)
def packages(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """List what is for sale, with the catalogue's own filters, a page at a time."""
    wanted = asked.read(request.GET)
    page = catalogue.page(catalogue.said(wanted), wanted)
    query = wanted.query(after=page.after)
    return answer({
        "data": [_short(card.package) for card in page.cards],
        "next": f"{_full('api_packages')}?{query}" if page.after else None,
    })  # fmt: skip


def _short(package: Package) -> dict[str, Any]:
    return {
        "slug": package.slug,
        "title": package.title,
        "vertical": package.vertical,
        "clips": package.clip_count,
        "hours": _hours(package.duration_ms),
        "price": {"amount_minor": package.price_minor, "currency": package.currency},
        "tags": package.tag_ids,
        "countries": package.countries,
        "published_at": package.published_at and package.published_at.isoformat(),
        "url": _full("api_package", package.slug),
    }


@api(Scope.READ)
def package(request: HttpRequest, key: ApiKey, slug: str) -> HttpResponse:
    """Describe one package: its version, its licence in full, what it takes of a plan, and what you have of it."""
    found = listed_package(slug)
    if found.current is None:
        raise Http404("No package for sale has this address.")
    [card] = catalogue.cards([found])
    have = Entitlement.objects.live().filter(organisation=key.organisation, version__package=found)
    return answer({
        **_short(card.package),
        "summary": found.summary,
        "version": found.current.number,
        "manifest_sha256": found.current.manifest_sha256,
        "plan_hours": _hours(plan_hours.hours_of(found.current)),
        "licence": {
            "version": found.licence.version,
            "title": found.licence.title,
            "sha256": found.licence.sha256,
            "text": found.licence.text,
        },
        "take": _full("api_package", slug) + "/take",
        "withdrawn_clips": _full("tombstones", slug),
        "page": _full("package", slug),
        "access": [described(row) for row in have.select_related("version__package", "line").order_by("-until")],
    })  # fmt: skip


def described(row: Entitlement) -> dict[str, Any]:
    """Describe a right to download."""
    return {
        "id": row.pk,
        "package": row.version.package.slug,
        "version": row.version.number,
        "starts_at": row.starts_at.isoformat(),
        "until": row.until.isoformat(),
        "seats": row.seats,
        "manifest": _full("api_manifest", row.pk),
        "order": _full("order", row.line.order_id),
    }


@api(Scope.READ)
def access(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """List what the organisation may download now, and until when."""
    rows = Entitlement.objects.live().filter(organisation=key.organisation)
    after = request.GET.get("after", "")
    if after.isascii() and after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__gt=int(after))
    found = list(rows.select_related("version__package", "line").order_by("pk")[: MOST + 1])
    more = f"{_full('api_access')}?after={found[MOST - 1].pk}" if len(found) > MOST else None
    return answer({"data": [described(row) for row in found[:MOST]], "next": more})


def own(key: ApiKey, pk: int) -> delivery.Delivery:
    """Find what the organisation of a key bought or took."""
    rows = Entitlement.objects.filter(organisation=key.organisation, pk=pk)
    row = rows.select_related("version__package", "line__order").first()
    if row is None:
        raise Http404("Your organisation has no such access.")
    return delivery.of_entitlement(row)


@api(Scope.DOWNLOAD)
def manifest(request: HttpRequest, key: ApiKey, pk: int) -> HttpResponse:
    """List every file with length and SHA-256; each address gives a fresh link whenever it is asked."""
    found = own(key, pk)
    if found.closed:
        raise delivery.NotDeliverable(found.closed)
    version = found.version
    return answer({
        "schema": "fairframe-delivery/1",
        "package": version.package.slug,
        "version": version.number,
        "manifest_sha256": version.manifest_sha256,
        "access_until": found.entitlement.until.isoformat(),
        "links_valid_seconds": settings.S3_LINK_SECONDS,
        "withdrawn_clips": found.withdrawn,
        "held_clips": found.held,
        "objects": [
            {
                "path": file.path,
                "bytes": file.bytes,
                "sha256": file.sha256,
                "media_type": file.media_type,
                "url": _full("api_file", pk, file.path),
            }
            for file in found.objects
        ],
    })  # fmt: skip


@api(Scope.DOWNLOAD, many=True)
def file(request: HttpRequest, key: ApiKey, pk: int, path: str) -> HttpResponse:
    """Send the program to one file by a link that is good for 15 minutes; Range works there."""
    entitlement = own(key, pk).entitlement
    url = delivery.link(
        entitlement=entitlement,
        path=path,
        user=key.made_by,
        address_prefix=address_prefix(request),
        key=key,
    )
    response = HttpResponseRedirect(url)
    response["Cache-Control"] = "no-store"
    return response


@api(Scope.READ)
def usage(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """List the months of the plan and what their hours went to, newest first."""
    periods = PlanPeriod.objects.filter(organisation=key.organisation)[:24]
    uses = PlanUse.objects.filter(period__organisation=key.organisation).select_related("period")
    return answer({
        "periods": [
            {
                "plan": row.plan,
                "starts_at": row.starts_at.isoformat(),
                "ends_at": row.ends_at.isoformat(),
                "included_hours": _hours(row.included_ms),
                "used_hours": _hours(row.used_ms),
                "open": row.revoked_at is None and row.closed_at is None,
            }
            for row in periods
        ],
        "uses": [
            {
                "at": row.at.isoformat(),
                "package": row.order.lines.all()[0].version.package.slug,
                "hours": _hours(row.ms),
                "worth": {"amount_minor": row.value_minor, "currency": row.period.currency},
            }
            for row in uses.prefetch_related("order__lines__version__package")[:MOST]
        ],
    })  # fmt: skip
