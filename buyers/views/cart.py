"""The cart: put in, take out, accept the licence, go and pay."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from buyers import billing, orders, promotions, sizes
from buyers import cart as carts
from buyers.access import members_only, membership, membership_of
from buyers.bank_transfer import DUE_DAYS
from buyers.models import PayBy
from marketplace.access import listed_package
from marketplace.models import LicenceTerms
from marketplace.people import address_prefix, agent
from marketplace.states import OrderState


@members_only
@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the cart."""
    return _show(request)


def _show(
    request: HttpRequest, *, error: str = "", status: int = 200, ticked: set[int] | None = None
) -> HttpResponse:
    member = membership(request.user)
    context = {
        "cart": carts.look(member=member),
        "organisation": member.organisation,
        "form_token": uuid.uuid4(),
        "error": error,
        "billing": billing.of(member.organisation),
        "with_tax": settings.STRIPE_TAX,
        "sizes": sizes.choices(),
        "due_days": DUE_DAYS,
        "purchase_order": request.POST.get("purchase_order", ""),
        "by_transfer": request.POST.get("pay_by") == PayBy.TRANSFER,
        "ticked": ticked or set(),
    }
    return render(request, "buyers/cart.html", context, status=status)


@require_POST
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Put a package into the cart; visitors sign up or log in first and come back to the package."""
    package = listed_package(slug)
    if membership_of(request.user) is None:
        back = reverse("buyers:package", args=[package.slug])
        request.session["after_start"] = back
        if not request.user.is_authenticated:
            messages.info(request, "Sign up or log in to buy. You come back to this package.")
            query = urlencode({"door": "buy", "next": back})
            return HttpResponseRedirect(f"{reverse('account_signup')}?{query}")
    return _add(request, slug)


@members_only
def _add(request: HttpRequest, slug: str) -> HttpResponse:
    package = listed_package(slug)
    if carts.put(member=membership(request.user), package=package):
        messages.success(request, f"“{package}” is in your cart.")
    return redirect("buyers:cart")


@members_only
@require_POST
def remove(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a package out of the cart."""
    carts.take_out(member=membership(request.user), package_id=pk)
    messages.success(request, "Taken out of your cart.")
    return redirect("buyers:cart")


@members_only
@require_POST
def resize(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say for how many people a package is."""
    carts.resize(member=membership(request.user), package_id=pk, size=request.POST.get("size", ""))
    return redirect("buyers:cart")


@members_only
@require_POST
def code(request: HttpRequest) -> HttpResponse:
    """Put a promotion code into the cart, or take it out."""
    member = membership(request.user)
    if "remove" in request.POST:
        promotions.drop(member=member)
        messages.success(request, "The promotion code is taken out.")
        return redirect("buyers:cart")
    try:
        row = promotions.enter(member=member, code=request.POST.get("code", ""))
    except promotions.CodeRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"The promotion code “{row.code}” is in your cart.")
    return redirect("buyers:cart")


@require_safe
def licence(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one licence text on a page of its own, to read or print."""
    return render(request, "buyers/licence.html", {"terms": get_object_or_404(LicenceTerms, pk=pk)})


@members_only
@require_POST
def checkout(request: HttpRequest) -> HttpResponse:
    """Make the order and go to Stripe's page."""
    accepted = {
        int(name.removeprefix("terms_")): str(value)
        for name, value in request.POST.items()
        if name.startswith("terms_") and name.removeprefix("terms_").isdecimal()
    }
    try:
        token = uuid.UUID(request.POST.get("form_token", ""))
    except ValueError:
        return _show(
            request, error="This form was incomplete. Nothing was charged. Send it again.", status=400
        )
    try:
        order = orders.checkout(
            member=membership(request.user),
            form_token=token,
            fingerprint=request.POST.get("fingerprint", ""),
            accepted=accepted,
            address_prefix=address_prefix(request),
            agent=agent(request),
            pay_by=request.POST.get("pay_by", PayBy.CARD),
            purchase_order=request.POST.get("purchase_order", ""),
        )
    except orders.OrderRefused as refused:
        return _show(request, error=str(refused), status=400, ticked=set(accepted))
    except orders.StripeAway as away:
        messages.error(request, str(away))
        return redirect("buyers:order", pk=away.order.pk)
    if order.state != OrderState.PENDING or not order.checkout_url:
        return redirect("buyers:order", pk=order.pk)
    return HttpResponseRedirect(order.checkout_url)
