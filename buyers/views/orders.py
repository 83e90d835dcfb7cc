"""Orders: their state, receipt and downloads."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from buyers import delivery, orders
from buyers.access import members_only, membership, own_order
from buyers.delivery import Delivery
from buyers.models import Order
from marketplace.people import address_prefix
from marketplace.states import OrderState

PAGE = 25


@members_only
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List the organisation's orders, newest first."""
    rows = Order.objects.filter(organisation_id=membership(request.user).organisation_id).prefetch_related(
        "lines"
    )
    rows = rows.order_by("-created_at", "-pk")
    try:
        before = Order.objects.filter(pk=uuid.UUID(request.GET.get("before", ""))).first()
    except ValueError:
        before = None
    if before is not None:
        rows = rows.filter(created_at__lt=before.created_at)
    found = list(rows[: PAGE + 1])
    more = str(found[PAGE - 1].pk) if len(found) > PAGE else ""
    return render(
        request, "buyers/orders.html", {"orders": found[:PAGE], "more": more, "first": before is None}
    )


@members_only
@require_safe
@never_cache
def page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one order; coming back from Stripe never marks it paid, only Stripe's own word does."""
    order = own_order(request.user, pk)
    context = {
        "order": order,
        "lines": order.lines.select_related("version__package"),
        "acceptances": order.acceptances.select_related("terms", "user"),
        "deliveries": delivery.of_order(order),
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
    if not order.stripe_session_id:
        try:
            orders.open_payment(order=order)
        except orders.StripeAway as away:
            messages.error(request, str(away))
            return redirect("buyers:order", pk=order.pk)
    return HttpResponseRedirect(order.checkout_url)


def _delivery(request: HttpRequest, pk: uuid.UUID, slug: str) -> Delivery:
    order = own_order(request.user, pk)
    for found in delivery.of_order(order):
        if found.entitlement.version.package.slug == slug:
            return found
    raise Http404("This order has no such package, or it is not paid.")


@members_only
@require_safe
@never_cache
def manifest(request: HttpRequest, pk: uuid.UUID, slug: str) -> HttpResponse:
    """Give the list of files with links, for programs."""
    found = _delivery(request, pk, slug)
    try:
        body = delivery.manifest(delivery=found, user=request.user, address_prefix=address_prefix(request))
    except delivery.NotDeliverable as closed:
        return JsonResponse({"error": str(closed)}, status=410)
    return JsonResponse(body, json_dumps_params={"indent": 1})


@members_only
@require_safe
@never_cache
def checksums(request: HttpRequest, pk: uuid.UUID, slug: str) -> HttpResponse:
    """Give the checksums of what may be downloaded now."""
    response = HttpResponse(
        delivery.checksums(_delivery(request, pk, slug)), content_type="text/plain; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="SHA256SUMS"'
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
    except delivery.NotDeliverable as closed:
        return render(request, "buyers/closed.html", {"sentence": str(closed), "order_id": pk}, status=410)
    return HttpResponseRedirect(url)
