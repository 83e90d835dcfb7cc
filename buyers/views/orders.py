"""Orders: their state, receipt and downloads."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from buyers import delivery, documents, orders
from buyers.access import members_only, membership, own_order
from buyers.bank_transfer import CANCEL_AFTER
from buyers.delivery import Delivery, NotDeliverable
from buyers.models import Order
from marketplace.people import address_prefix
from marketplace.states import OrderState

PAGE = 25


@members_only
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List the organisation's orders, newest first."""
    rows = Order.objects.filter(organisation_id=membership(request.user).organisation_id)
    rows = rows.prefetch_related("lines").order_by("-created_at", "-pk")
    before = _mark(request.GET.get("before", ""))
    if before is not None:
        made, pk = before
        rows = rows.filter(Q(created_at__lt=made) | Q(created_at=made, pk__lt=pk))
    found = list(rows[: PAGE + 1])
    more = ""
    if len(found) > PAGE:
        last = found[PAGE - 1]
        more = "?" + urlencode({"before": f"{last.created_at.isoformat()}~{last.pk}"})
    context = {"orders": found[:PAGE], "more": more, "first": before is None}
    return render(request, "buyers/orders.html", context)


def _mark(text: str) -> tuple[datetime, uuid.UUID] | None:
    """Read where the page before ended; anything else is the first page."""
    moment, _, pk = text.partition("~")
    try:
        made = datetime.fromisoformat(moment)
        return (made, uuid.UUID(pk)) if made.tzinfo else None
    except ValueError:
        return None


@members_only
@require_safe
@never_cache
def page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one order; coming back from Stripe never marks it paid, only Stripe's own word does."""
    order = own_order(request.user, pk)
    context = {
        "order": order,
        "lines": order.lines.select_related("version__package").order_by("pk"),
        "acceptances": order.acceptances.select_related("terms", "user").order_by("pk"),
        "deliveries": delivery.of_order(order),
        "documents": documents.of_order(order),
        "cancel_after": CANCEL_AFTER.days,
        "came_back": "paid" in request.GET,
        "cancelled": "cancelled" in request.GET,
    }
    return render(request, "buyers/order.html", context)


@members_only
@require_safe
@never_cache
def state(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give the part of the order page that waits for the payment; once paid, have the page load anew."""
    order = own_order(request.user, pk)
    response = render(request, "buyers/_waiting.html", {"order": order, "came_back": True})
    if order.state != OrderState.PENDING:
        response["HX-Refresh"] = "true"
    return response


@members_only
@require_POST
def pay(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Go to Stripe's page of a pending order again."""
    order = own_order(request.user, pk)
    if order.state != OrderState.PENDING:
        return redirect("buyers:order", pk=order.pk)
    try:
        orders.pay_page(order=order)
    except (orders.StripeAway, orders.OrderRefused) as sentence:
        messages.error(request, str(sentence))
        return redirect("buyers:order", pk=order.pk)
    return HttpResponseRedirect(order.checkout_url or reverse("buyers:order", args=[order.pk]))


def _delivery(request: HttpRequest, pk: uuid.UUID, slug: str) -> Delivery:
    order = own_order(request.user, pk)
    for found in delivery.of_order(order):
        if found.entitlement.version.package.slug == slug:
            return found
    raise Http404("This order has no such package, or it is not paid.")


def _closed(request: HttpRequest, pk: uuid.UUID, why: Exception) -> HttpResponse:
    return render(request, "buyers/closed.html", {"sentence": str(why), "order_id": pk}, status=410)


@members_only
@require_safe
@never_cache
def manifest(request: HttpRequest, pk: uuid.UUID, slug: str) -> HttpResponse:
    """Give the list of files with links, for programs."""
    found = _delivery(request, pk, slug)
    try:
        body = delivery.manifest(delivery=found, user=request.user, address_prefix=address_prefix(request))
    except NotDeliverable as closed:
        return JsonResponse({"error": str(closed)}, status=410)
    response = JsonResponse(body, json_dumps_params={"indent": 1})
    response["Content-Disposition"] = 'attachment; filename="manifest.json"'
    return response


@members_only
@require_safe
@never_cache
def curl_config(request: HttpRequest, pk: uuid.UUID, slug: str) -> HttpResponse:
    """Give the list of files as curl reads it."""
    found = _delivery(request, pk, slug)
    try:
        body = delivery.curl_config(delivery=found, user=request.user, address_prefix=address_prefix(request))
    except NotDeliverable as closed:
        return _closed(request, pk, closed)
    return _text(body, "curl.txt")


@members_only
@require_safe
@never_cache
def checksums(request: HttpRequest, pk: uuid.UUID, slug: str) -> HttpResponse:
    """Give the checksums of what may be downloaded now."""
    try:
        return _text(delivery.checksums(_delivery(request, pk, slug)), delivery.CHECKSUMS)
    except NotDeliverable as closed:
        return _closed(request, pk, closed)


def _text(body: str, file_name: str) -> HttpResponse:
    response = HttpResponse(body, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


@members_only
@require_safe
@never_cache
def download(request: HttpRequest, pk: uuid.UUID, slug: str, file: str) -> HttpResponse:
    """Send the browser to one file by a short link."""
    found = _delivery(request, pk, slug)
    try:
        url = delivery.link(
            entitlement=found.entitlement,
            path=file,
            user=request.user,
            address_prefix=address_prefix(request),
        )
    except NotDeliverable as closed:
        return _closed(request, pk, closed)
    return HttpResponseRedirect(url)
