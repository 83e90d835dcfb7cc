"""Organisations: starting one, inviting by e-mail, joining, leaving."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from buyers.models import Invitation, Membership, Organisation, Role
from marketplace.models.event import record

INVITATION_DAYS = 14


class OrganisationError(Exception):
    """Say in one sentence why it does not work."""


def start(*, user: Any, name: str, country: str) -> Membership:
    """Create an organisation with this person as its owner."""
    try:
        with transaction.atomic():
            company = Organisation.objects.create(name=name, country=country)
            member = Membership.objects.create(user=user, organisation=company, role=Role.OWNER)
            record("organisation.started", subject=company, actor=user)
    except IntegrityError as error:
        raise OrganisationError(
            "An organisation with this name is here already. Ask one of its owners to invite you, "
            "or choose another name."
        ) from error
    return member


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def invite(*, owner: Membership, email: str) -> Invitation:
    """Invite one address; the link with its code goes out by e-mail and is stored nowhere."""
    email = email.lower()
    if Membership.objects.filter(organisation_id=owner.organisation_id, user__email__iexact=email).exists():
        raise OrganisationError(f"{email} is a member already.")
    code = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        Invitation.objects.filter(
            organisation_id=owner.organisation_id, email=email, accepted_at=None
        ).delete()
        row = Invitation.objects.create(
            organisation_id=owner.organisation_id,
            email=email,
            code_sha256=_digest(code),
            invited_by_id=owner.user_id,
            expires_at=now + timedelta(days=INVITATION_DAYS),
        )
        record("organisation.invited", subject=owner.organisation, actor=owner.user)
    context = {
        "organisation": owner.organisation,
        "by": owner.user.shown_name,
        "url": settings.SITE_URL + reverse("buyers:join", args=[code]),
        "days": INVITATION_DAYS,
        "site_url": settings.SITE_URL,
    }
    body = render_to_string("buyers/emails/invitation.txt", context)
    send_mail(f"[Fairframe] Join {owner.organisation.name}", body, None, [email])
    return row


def open_invitation(code: str) -> Invitation | None:
    """Find the invitation of a code that was not used and has not run out."""
    return (
        Invitation.objects.select_related("organisation")
        .filter(code_sha256=_digest(code), accepted_at=None, expires_at__gt=timezone.now())
        .first()
    )


def join(*, user: Any, code: str) -> Membership:
    """Accept an invitation with the account whose e-mail address was invited."""
    with transaction.atomic():
        found = open_invitation(code)
        if found is None:
            raise OrganisationError("This invitation was used or has run out. Ask for a new one.")
        if found.email.lower() != user.email.lower():
            raise OrganisationError(
                f"This invitation is for {found.email}, but you are logged in as {user.email}. "
                "Log in with that address."
            )
        if Membership.objects.filter(user=user).exists():
            raise OrganisationError("You belong to an organisation already. Leave it first.")
        moved = Invitation.objects.filter(pk=found.pk, accepted_at=None).update(accepted_at=timezone.now())
        if not moved:
            raise OrganisationError("This invitation was used a moment ago.")
        member = Membership.objects.create(user=user, organisation=found.organisation, role=Role.MEMBER)
        record("organisation.joined", subject=found.organisation, actor=user)
    return member


def revoke(*, owner: Membership, pk: int) -> None:
    """Take an invitation back."""
    Invitation.objects.filter(pk=pk, organisation_id=owner.organisation_id, accepted_at=None).delete()


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
