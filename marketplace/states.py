"""Every state machine: the states, the allowed moves, the sentence a person sees, and the one way to move."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.utils import timezone


class FootageState(models.TextChoices):
    UPLOADING = "uploading", "Uploading: keep this tab open, or come back and pick the same file to go on."
    QUEUED = "queued", "Uploaded and checked: waiting for a worker."
    PROCESSING = "processing", "Working: hiding faces and plates, finding poses and scenarios."
    REVIEW = "contributor_review", "Waiting for you: look at the hidden faces and plates, then submit."
    IN_MODERATION = "in_moderation", "With our moderators: nothing for you to do."
    DECIDED = "decided", "Decided: every clip has an answer."
    REFUSED = "refused", "Not usable: the reason is below."
    FAILED = "failed", "Our fault: processing failed. The upload is safe and we have been told."
    STOPPED = "stopped", "Stopped: the upload is safe. Start the work again, or withdraw it."
    ABANDONED = "abandoned", "Upload stopped: nothing is stored. Start again whenever you like."
    WITHDRAWN = "withdrawn", "Withdrawn by you: nobody can see, buy or download it."


class ClipState(models.TextChoices):
    REVIEW = "contributor_review", "Waiting for you to look at it."
    IN_MODERATION = "in_moderation", "With our moderators."
    APPROVED = "approved", "Approved: it can be sold."
    REJECTED = "rejected", "Refused: the reason is below."
    WITHDRAWN = "withdrawn", "Withdrawn: nobody can see, buy or download it."


class PackageState(models.TextChoices):
    DRAFT = "draft", "Draft: buyers cannot see it."
    PUBLISHED = "published", "Published: buyers can find and buy it."
    DELISTED = "delisted", "Delisted: no longer for sale; earlier buyers keep what they bought."


class VersionState(models.TextChoices):
    DRAFT = "draft", "Draft: clips can still be added and taken out."
    PUBLISHING = "publishing", "Publishing: files are being written and checked."
    PUBLISHED = "published", "Published and frozen."
    FAILED = "failed", "Publishing failed: nothing is visible. It can be tried again."


class OrderState(models.TextChoices):
    PENDING = "pending", "Waiting for the payment to arrive."
    AWAITING = "awaiting", "Awaiting payment: the invoice says how to transfer the money."
    PAID = "paid", "Paid: the downloads are open."
    EXPIRED = "expired", "Not paid in time: nothing was charged."
    CANCELLED = "cancelled", "Cancelled: there is nothing to pay."
    REFUNDED = "refunded", "Refunded: the downloads are closed."
    DISPUTED = "disputed", "In dispute at the bank: the downloads are closed until it decides."
    CHARGED_BACK = "charged_back", "Taken back by the bank: the downloads are closed."


class SubscriptionState(models.TextChoices):
    OPENING = "opening", "Not paid yet: nothing was charged."
    ACTIVE = "active", "Active: the month is paid."
    PAST_DUE = (
        "past_due",
        "Payment failed: the card was declined. Hours that are paid stay until their month ends.",
    )
    ENDED = "ended", "Ended: nothing is charged any more."
    ABANDONED = "abandoned", "Not taken: nothing was charged."


class TransferState(models.TextChoices):
    DUE = "due", "Due: it leaves with the next payout run."
    SENT = "sent", "Sent: on its way to your Stripe account."
    SETTLED = "settled", "Arrived: it is in your Stripe account."
    FAILED = "failed", "Failed: it did not go through, for the reason below."
    REVERSED = "reversed", "Taken back: it is kept for you. Write to us."


class JobState(models.TextChoices):
    QUEUED = "queued", "Waiting for a worker."
    RUNNING = "running", "Running."
    DONE = "done", "Done."
    REFUSED = "refused", "The input cannot be used."
    FAILED = "failed", "Failed after every attempt."
    CANCELLED = "cancelled", "Cancelled."


MOVES: dict[type[models.TextChoices], dict[str, set[str]]] = {
    FootageState: {
        "uploading": {"queued", "abandoned", "refused"},
        "queued": {"processing", "refused", "failed", "stopped", "withdrawn"},
        "processing": {"contributor_review", "queued", "refused", "failed", "stopped", "withdrawn"},
        "contributor_review": {"in_moderation", "withdrawn"},
        "in_moderation": {"decided", "withdrawn"},
        "decided": {"in_moderation", "withdrawn"},
        "failed": {"queued", "withdrawn"},
        "stopped": {"queued", "withdrawn"},
        "refused": {"withdrawn"},
        "abandoned": set(),
        "withdrawn": set(),
    },
    ClipState: {
        "contributor_review": {"in_moderation", "withdrawn"},
        "in_moderation": {"approved", "rejected", "withdrawn"},
        "approved": {"in_moderation", "withdrawn"},
        "rejected": {"in_moderation", "withdrawn"},
        "withdrawn": set(),
    },
    PackageState: {"draft": {"published"}, "published": {"delisted"}, "delisted": {"published"}},
    VersionState: {
        "draft": {"publishing"},
        "publishing": {"published", "failed"},
        "failed": {"publishing", "draft"},
        "published": set(),
    },
    OrderState: {
        "pending": {"paid", "expired", "awaiting"},
        "awaiting": {"paid", "cancelled"},
        "cancelled": {"paid"},  # a transfer that was on its way; the money decides
        "expired": {"paid"},  # Stripe may tell of a payment after we stopped waiting; the money decides
        # Stripe decides where a payment stands, also back again: a refund can fail, a dispute can be won.
        "paid": {"refunded", "disputed", "charged_back"},
        "refunded": {"paid", "disputed", "charged_back"},
        "disputed": {"paid", "refunded", "charged_back"},
        "charged_back": {"paid", "refunded", "disputed"},
    },
    # Stripe decides where a subscription stands; its events come in any order.
    SubscriptionState: {
        "opening": {"active", "past_due", "ended", "abandoned"},
        "abandoned": {"active", "past_due", "ended"},
        "active": {"past_due", "ended"},
        "past_due": {"active", "ended"},
        "ended": set(),
    },
    TransferState: {
        "due": {"sent", "failed"},
        "failed": {"due", "sent"},
        "sent": {"settled", "reversed", "failed"},
        "settled": {"reversed"},
        "reversed": set(),
    },
    JobState: {
        "queued": {"running", "cancelled", "failed"},
        "running": {"queued", "done", "refused", "failed", "cancelled"},
        "failed": {"queued"},
        "done": set(),
        "refused": set(),
        "cancelled": set(),
    },
}


class MoveRefused(Exception):
    """Say why a row cannot go to the state that was asked for; the text is for a person."""


def advance(
    row: models.Model,
    to: models.TextChoices,
    *,
    actor: Any = None,
    data: dict[str, Any] | None = None,
    **fields: Any,
) -> None:
    """Move ``row`` to state ``to`` if the move is allowed and nobody was faster, and write the Event.

    ``fields`` are set in the same UPDATE. Raises ``MoveRefused`` and changes nothing otherwise.
    """
    from marketplace.models.event import record  # the model module needs this module's choices first

    old = row.state  # type: ignore[attr-defined]
    noun = row._meta.verbose_name
    if to.value not in MOVES[type(to)].get(old, set()):
        raise MoveRefused(f"This {noun} is “{type(to)(old).label}” It cannot become “{to.label}”")
    if any(field.name == "state_changed_at" for field in row._meta.get_fields()):
        fields["state_changed_at"] = timezone.now()
    with transaction.atomic():
        model = type(row)._default_manager
        if not model.filter(pk=row.pk, state=old).update(state=to.value, **fields):
            raise MoveRefused(
                f"Someone else changed this {noun} a moment ago. Reload the page and look again."
            )
        record(
            f"{row._meta.model_name}.{to.value}", subject=row, actor=actor, data={"from": old, **(data or {})}
        )
    for name, value in {"state": to.value, **fields}.items():
        setattr(row, name, value)
