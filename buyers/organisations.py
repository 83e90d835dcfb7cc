"""Organisations: starting one, inviting by e-mail, joining, leaving."""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from buyers.models import Invitation, Membership, Organisation, Role
from marketplace.models.event import record
from marketplace.people import door

log = logging.getLogger(__name__)
INVITATION_DAYS = 14
INVITATIONS = 50  # open at the same time, so that nobody sends our mail to the whole world
OTHER_DOOR = {
    "film": "This account films, and nobody may buy what they sell. To buy, sign up with another e-mail address.",
    "desk": "This account works at the desk, so it cannot buy. To buy, sign up with another e-mail address.",
}


class OrganisationError(Exception):
    """Say in one sentence why it does not work."""


def other_door(user: Any) -> str:
    """Say in one sentence why this account cannot buy, or nothing when it can."""
    return OTHER_DOOR.get(door(user), "")


def _may_join(user: Any) -> None:
    if why := other_door(user):
        raise OrganisationError(why)
    present = Membership.objects.select_related("organisation").filter(user=user).first()
    if present is not None:
        raise OrganisationError(
            f"You buy for {present.organisation}, and an account buys for one organisation. "
            "Sign up with another e-mail address for a second one."
        )


def start(*, user: Any, name: str, country: str) -> Membership:
    """Create an organisation with this person as its owner."""
    _may_join(user)
    try:
        with transaction.atomic():
            company = Organisation.objects.create(name=name, country=country)
            member = Membership.objects.create(user=user, organisation=company, role=Role.OWNER)
            record("organisation.started", subject=company, actor=user)
    except IntegrityError as error:
        _may_join(user)  # the same form sent twice
        raise OrganisationError(
            "An organisation with this name is here already. Ask one of its owners to invite you, "
            "or choose another name."
        ) from error
    return member


def digest_of(code: str) -> str:
    """Give the SHA-256 of an invitation's code, which is all that is stored of it."""
    return hashlib.sha256(code.encode()).hexdigest()


def invite(*, owner: Membership, email: str) -> Invitation:
    """Invite one address; the link with its code goes out by e-mail and is stored nowhere."""
    email = email.lower()
    if Membership.objects.filter(organisation_id=owner.organisation_id, user__email__iexact=email).exists():
        raise OrganisationError(f"{email} is a member already.")
    others = open_invitations(owner.organisation).exclude(email=email)
    if others.count() >= INVITATIONS:
        raise OrganisationError(f"{INVITATIONS} invitations wait already. Take some back first.")
    code = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        Invitation.objects.filter(
            organisation_id=owner.organisation_id, email=email, accepted_at=None
        ).delete()
        row = Invitation.objects.create(
            organisation_id=owner.organisation_id,
            email=email,
            code_sha256=digest_of(code),
            invited_by_id=owner.user_id,
            expires_at=now + timedelta(days=INVITATION_DAYS),
        )
        record("organisation.invited", subject=owner.organisation, actor=owner.user)
    context = {
        "organisation": owner.organisation,
        "by": owner.user.shown_name,
        "url": settings.SITE_URL + reverse("buyers:invitation", args=[code]),
        "days": INVITATION_DAYS,
        "site_url": settings.SITE_URL,
    }
    body = render_to_string("buyers/emails/invitation.txt", context)
    try:
        send_mail(f"[Fairframe] Join {owner.organisation.name}", body, None, [email])
    except OSError as error:  # SMTPException is one
        log.error("no invitation sent: %s", error)
        row.delete()  # without its mail nobody can use it
        raise OrganisationError(
            "The mail could not be sent, so nobody was invited. Try again later."
        ) from error
    return row


def open_invitations(organisation: Organisation) -> QuerySet[Invitation]:
    """List the invitations that wait, newest first."""
    rows = Invitation.objects.filter(
        organisation=organisation, accepted_at=None, expires_at__gt=timezone.now()
    )
    return rows.order_by("-created_at")


def open_invitation(digest: str) -> Invitation | None:
    """Find the invitation of a code's SHA-256 that was not used and has not run out."""
    return (
        Invitation.objects.select_related("organisation", "invited_by")
        .filter(code_sha256=digest, accepted_at=None, expires_at__gt=timezone.now())
        .first()
    )


def join(*, user: Any, digest: str) -> Membership:
    """Accept an invitation with the account whose confirmed e-mail address was invited."""
    with transaction.atomic():
        found = open_invitation(digest)
        if found is None:
            raise OrganisationError("This invitation was used or has run out. Ask for a new one.")
        if not EmailAddress.objects.filter(user=user, email__iexact=found.email, verified=True).exists():
            raise OrganisationError(
                f"This invitation is for {found.email}, but you are logged in as {user.email}. "
                "Sign out and come in with that address."
            )
        _may_join(user)
        moved = Invitation.objects.filter(pk=found.pk, accepted_at=None).update(accepted_at=timezone.now())
        if not moved:
            raise OrganisationError("This invitation was used a moment ago.")
        member, new = Membership.objects.get_or_create(
            user=user, defaults={"organisation": found.organisation, "role": Role.MEMBER}
        )
        if not new:
            raise OrganisationError("You joined an organisation a moment ago.")
        record("organisation.joined", subject=found.organisation, actor=user)
    return member


def revoke(*, owner: Membership, pk: int) -> bool:
    """Take an invitation back; False when it does not wait any more."""
    with transaction.atomic():
        gone, _ = open_invitations(owner.organisation).filter(pk=pk).delete()
        if gone:
            record("organisation.uninvited", subject=owner.organisation, actor=owner.user)
    return bool(gone)


def remove(*, owner: Membership, pk: int) -> None:
    """Take a member out; an organisation keeps at least one owner."""
    with transaction.atomic():
        members = Membership.objects.select_for_update().filter(organisation_id=owner.organisation_id)
        member = members.filter(pk=pk).first()
        if member is None:
            raise OrganisationError("This person is not a member any more.")
        if member.role == Role.OWNER and members.filter(role=Role.OWNER).count() == 1:
            raise OrganisationError("An organisation needs an owner, and this is the last one.")
        record(
            "organisation.removed",
            subject=owner.organisation,
            actor=owner.user,
            data={"user": member.user_id},
        )
        member.delete()
