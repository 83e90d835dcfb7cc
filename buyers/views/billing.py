"""Billing details, documents as PDF, and cancelling an order that awaits its transfer."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from buyers import bank_transfer, billing
from buyers.access import members_only, membership, own_order
from buyers.document_pdf import render as as_pdf
from buyers.forms import BillingForm
from buyers.refusals import OrderRefused
from marketplace.states import OrderState


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def details(request: HttpRequest) -> HttpResponse:
    """Show and change whom invoices are for."""
    organisation = membership(request.user).organisation
    known = billing.of(organisation)
    start = {"name": organisation.name, "country": organisation.country} if known is None else None
    form = BillingForm(request.POST or None, instance=known, initial=start)
    back = request.GET.get("next", "")
    if request.method == "POST" and form.is_valid():
        billing.save(organisation=organisation, actor=request.user, values=form.cleaned_data)
        messages.success(request, "Saved. Invoices from now on are for this name and address.")
        safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
        return redirect(back if safe else "buyers:billing")
    context = {"form": form, "organisation": organisation, "back": back}
    return render(request, "buyers/billing.html", context, status=400 if form.errors else 200)


@members_only
@require_safe
@never_cache
def document(request: HttpRequest, pk: uuid.UUID, document: uuid.UUID) -> HttpResponse:
    """Give one of an order's documents as PDF."""
    found = own_order(request.user, pk).documents.filter(pk=document).first()
    if found is None:
        raise Http404("This order has no such document.")
    response = HttpResponse(as_pdf(found), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found.full_number}.pdf"'
    return response


@members_only
@require_POST
def cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Cancel an order that awaits its bank transfer."""
    order = own_order(request.user, pk)
    if order.state == OrderState.AWAITING:
        try:
            bank_transfer.cancel(order=order, actor=request.user)
            messages.success(request, f"{order} is cancelled. There is nothing to pay.")
        except OrderRefused as why:
            messages.error(request, str(why))
    return redirect("buyers:order", pk=order.pk)
