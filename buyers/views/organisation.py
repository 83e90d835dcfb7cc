"""The organisation's home, its members and invitations."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from buyers import organisations
from buyers.access import OTHER_DOOR, members_only, membership, membership_of, owner_of
from buyers.forms import InvitationForm, OrganisationForm
from buyers.models import Entitlement, Invitation, Order, Role
from marketplace.people import door


@members_only
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what can be downloaded now and the latest orders."""
    member = membership(request.user)
    live = Entitlement.objects.filter(
        organisation_id=member.organisation_id, revoked_at=None, until__gt=timezone.now()
    ).select_related("version__package", "line")
    recent = Order.objects.filter(organisation_id=member.organisation_id).prefetch_related("lines")[:5]
    context = {
        "member": member,
        "organisation": member.organisation,
        "live": live.order_by("until"),
        "recent": recent,
    }
    return render(request, "buyers/home.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Create the organisation that somebody buys for."""
    if membership_of(request.user):
        return redirect("buyers:home")
    if sentence := OTHER_DOOR.get(door(request.user)):
        raise PermissionDenied(sentence)
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            organisations.start(user=request.user, **form.cleaned_data)
        except organisations.OrganisationError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, "Your organisation is set up.")
            return redirect(_after_start(request))
    status = 400 if form.errors else 200
    return render(request, "buyers/start.html", {"form": form}, status=status)


def _after_start(request: HttpRequest) -> str:
    wanted = request.session.pop("after_start", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    # Only pages: the address of a form that was sent cannot be opened.
    return wanted if safe and "/add/" not in wanted else reverse("buyers:home")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, code: str) -> HttpResponse:
    """Accept an invitation."""
    invitation = organisations.open_invitation(code)
    if request.method == "POST":
        try:
            member = organisations.join(user=request.user, code=code)
        except organisations.OrganisationError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"You now buy for {member.organisation}.")
            return redirect("buyers:home")
    status = 200 if invitation else 410
    return render(request, "buyers/join.html", {"invitation": invitation}, status=status)


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest) -> HttpResponse:
    """Show members and invitations; owners invite."""
    member = membership(request.user)
    form = InvitationForm(request.POST or None)
    if request.method == "POST":
        owner = owner_of(request.user)
        if form.is_valid():
            try:
                organisations.invite(owner=owner, email=form.cleaned_data["email"])
            except organisations.OrganisationError as error:
                form.add_error("email", str(error))
            else:
                messages.success(request, f"The invitation is on its way to {form.cleaned_data['email']}.")
                return redirect("buyers:members")
    context = {
        "member": member,
        "is_owner": member.role == Role.OWNER,
        "members": member.organisation.memberships.select_related("user").order_by("created_at"),
        "invitations": Invitation.objects.filter(
            organisation_id=member.organisation_id, accepted_at=None, expires_at__gt=timezone.now()
        ).order_by("-created_at"),
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
    except organisations.OrganisationError as error:
        messages.error(request, str(error))
    return redirect("buyers:members")


@members_only
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invitation back."""
    organisations.revoke(owner=owner_of(request.user), pk=pk)
    messages.success(request, "The invitation no longer works.")
    return redirect("buyers:members")
