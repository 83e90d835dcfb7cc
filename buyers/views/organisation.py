"""The organisation's home, its members and invitations."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from buyers import organisations
from buyers.access import members_only, membership, membership_of, owner_of, refused
from buyers.forms import InvitationForm, OrganisationForm
from buyers.models import Entitlement, Order, Role
from buyers.organisations import OrganisationError, digest_of, other_door
from marketplace.states import OrderState

OPEN = [OrderState.PENDING, OrderState.AWAITING]


@members_only
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what can be downloaded now, what waits for payment, and the latest orders."""
    member = membership(request.user)
    live = Entitlement.objects.live().filter(organisation_id=member.organisation_id)
    orders = Order.objects.filter(organisation_id=member.organisation_id).prefetch_related("lines")
    context = {
        "member": member,
        "organisation": member.organisation,
        "live": live.select_related("version__package", "line").order_by("until", "pk"),
        "waiting": orders.filter(state__in=OPEN)[:5],
        "recent": orders.exclude(state__in=OPEN)[:5],
    }
    return render(request, "buyers/home.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Create the organisation that somebody buys for, or join the one that invited them."""
    if membership_of(request.user):
        return redirect("buyers:home")
    if why := other_door(request.user):
        return refused(request, why)
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            organisations.start(user=request.user, **form.cleaned_data)
        except OrganisationError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, "Your organisation is set up.")
            return redirect(_after_start(request))
    context = {
        "form": form,
        "invitation": organisations.open_invitation(request.session.get("invitation", "")),
    }
    return render(request, "buyers/start.html", context, status=400 if form.errors else 200)


def _after_start(request: HttpRequest) -> str:
    wanted = request.session.pop("after_start", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else reverse("buyers:home")


@never_cache
@require_safe
def invitation(request: HttpRequest, code: str) -> HttpResponse:
    """Show an invitation to whoever opens its link, and remember it until they have signed up."""
    digest = digest_of(code)
    found = organisations.open_invitation(digest)
    if found is None:
        return render(request, "buyers/join.html", {"invitation": None}, status=410)
    if request.user.is_authenticated and (why := other_door(request.user)):
        return refused(request, why)
    request.session["invitation"] = digest
    return render(request, "buyers/join.html", {"invitation": found})


@login_required
@require_POST
def join(request: HttpRequest) -> HttpResponse:
    """Accept the invitation whose link this browser opened."""
    try:
        member = organisations.join(user=request.user, digest=request.session.get("invitation", ""))
    except OrganisationError as error:
        messages.error(request, str(error))
        return redirect("welcome")
    del request.session["invitation"]
    messages.success(request, f"You now buy for {member.organisation}.")
    return redirect(_after_start(request))


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest) -> HttpResponse:
    """Show members and invitations; owners invite."""
    member = membership(request.user)
    form = InvitationForm(request.POST or None)
    if request.method == "POST":
        owner = owner_of(request.user)
        if form.is_valid():
            email = form.cleaned_data["email"]
            try:
                organisations.invite(owner=owner, email=email)
            except OrganisationError as error:
                form.add_error("email", str(error))
            else:
                messages.success(request, f"The invitation is on its way to {email}.")
                return redirect("buyers:members")
    context = {
        "member": member,
        "is_owner": member.role == Role.OWNER,
        "members": member.organisation.memberships.select_related("user").order_by("created_at", "pk"),
        "invitations": organisations.open_invitations(member.organisation).select_related("invited_by"),
        "days": organisations.INVITATION_DAYS,
        "form": form,
    }
    return render(request, "buyers/members.html", context, status=400 if form.errors else 200)


@members_only
@require_POST
def remove_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a member out."""
    try:
        organisations.remove(owner=owner_of(request.user), pk=pk)
        messages.success(request, "This person is no longer a member.")
    except OrganisationError as error:
        messages.error(request, str(error))
    return redirect("buyers:members")


@members_only
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invitation back."""
    if organisations.revoke(owner=owner_of(request.user), pk=pk):
        messages.success(request, "Taken back: the link in the mail no longer works.")
    else:
        messages.info(request, "This invitation was used or has run out already.")
    return redirect("buyers:members")
