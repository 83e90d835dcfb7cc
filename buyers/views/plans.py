"""Plans: what is on offer, what the organisation has, and changing it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from buyers import plan_documents, plan_hours, subscriptions
from buyers.access import members_only, membership, membership_of, owner_of
from buyers.document_pdf import render as as_pdf
from buyers.models import Document, PlanUse, Role, Subscription
from buyers.plan_terms import TERMS
from buyers.plans import BY_SLUG, PLANS, titled
from buyers.subscriptions import SubscriptionRefused
from marketplace.people import address_prefix, agent
from marketplace.states import SubscriptionState


@require_safe
@never_cache
def offers(request: HttpRequest) -> HttpResponse:
    """Show the plans, to anybody; to an organisation also which one it has."""
    member = membership_of(request.user)
    row = subscriptions.of(member.organisation) if member else None
    context = {
        "plans": PLANS,
        "terms": TERMS,
        "member": member,
        "row": row,
        "is_owner": member is not None and member.role == Role.OWNER,
    }
    return render(request, "buyers/plans.html", context)


@members_only
@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Show the organisation's plan: hours, what they went to, payment, changing and ending it."""
    member = membership(request.user)
    row = subscriptions.last(member.organisation)
    periods = list(plan_hours.current(member.organisation))
    uses = PlanUse.objects.filter(period__organisation=member.organisation)
    context = {
        "member": member,
        "is_owner": member.role == Role.OWNER,
        "row": row,
        "plan": BY_SLUG.get(row.plan) if row else None,
        "title": titled(row.plan) if row else "",
        "periods": [(period, titled(period.plan)) for period in periods],
        "taken_back": plan_hours.taken_back(member.organisation),
        "renewal_differs": bool(row and periods and periods[-1].plan != row.plan),
        "left": plan_hours.in_words(plan_hours.left_ms(member.organisation), up=False),
        "uses": uses.select_related("order", "period").prefetch_related("order__lines")[:50],
        "others": [plan for plan in PLANS if row is None or plan.slug != row.plan],
        "documents": plan_documents.of(member.organisation),
        "came_back": _waits(request, member.organisation_id),
    }
    return render(request, "buyers/plan.html", context)


def _waits(request: HttpRequest, organisation: uuid.UUID) -> bool:
    """Say whether somebody comes from Stripe's page and Stripe has not told us yet."""
    opening = Subscription.objects.filter(organisation_id=organisation, state=SubscriptionState.OPENING)
    return "paid" in request.GET and opening.exists()


@members_only
@require_safe
@never_cache
def state(request: HttpRequest) -> HttpResponse:
    """Have the page load anew when Stripe has told of the payment."""
    waits = _waits(request, membership(request.user).organisation_id)
    response = render(request, "buyers/_plan_waiting.html", {"came_back": waits})
    if not waits:
        response["HX-Redirect"] = request.path.replace("state/", "")
    return response


def _from(request: HttpRequest) -> dict[str, str]:
    return {"address_prefix": address_prefix(request), "agent": agent(request)}


@members_only
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Go to Stripe's page to subscribe."""
    try:
        row = subscriptions.start(
            owner=owner_of(request.user), slug=slug, code=request.POST.get("code", ""), **_from(request)
        )
    except SubscriptionRefused as why:
        messages.error(request, str(why))
        return redirect("buyers:plans")
    return HttpResponseRedirect(row.checkout_url)


@members_only
@require_POST
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Change to another plan."""
    try:
        done = subscriptions.change(owner=owner_of(request.user), slug=slug, **_from(request))
        messages.success(request, done)
    except SubscriptionRefused as why:
        messages.error(request, str(why))
    return redirect("buyers:plan")


@members_only
@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """End the plan with its month, or take that back."""
    end = "resume" not in request.POST
    try:
        subscriptions.cancel(owner=owner_of(request.user), end=end)
    except SubscriptionRefused as why:
        messages.error(request, str(why))
    else:
        done = "The plan ends with this month." if end else "The plan goes on."
        messages.success(request, f"{done} Nothing was charged.")
    return redirect("buyers:plan")


@members_only
@require_POST
def card(request: HttpRequest) -> HttpResponse:
    """Go to Stripe's page that changes the card."""
    try:
        return HttpResponseRedirect(subscriptions.card_page(owner=owner_of(request.user)))
    except SubscriptionRefused as why:
        messages.error(request, str(why))
        return redirect("buyers:plan")


@members_only
@require_safe
@never_cache
def document(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give an invoice or receipt of the plan as PDF."""
    rows = Document.objects.filter(organisation_id=membership(request.user).organisation_id, order=None)
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404("Your organisation has no such document.")
    response = HttpResponse(as_pdf(found), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found.full_number}.pdf"'
    return response
