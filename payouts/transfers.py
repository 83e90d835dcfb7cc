"""Payout runs: what is past its hold is gathered into one transfer a person, then sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from marketplace.models.event import record
from marketplace.states import TransferState
from payouts import ledger
from payouts.models import Earning, Transfer
from payouts.sending import DISPUTED_SALE, UNSENT, NotTakenBack, send, take_back
from payouts.wake import wake

__all__ = ["NotTakenBack", "Outcome", "due", "release", "run", "send", "take_back", "waiting"]
_RUN_LOCK = 0x46465041  # "FFPA": one gathering at a time, whoever starts it
SENT_AT_ONCE = 25  # by somebody who waits for the answer; the rest goes to the workers


@dataclass(frozen=True)
class Outcome:
    """What a payout run did."""

    made: int
    sent: int
    failed: int
    queued: int = 0

    def __str__(self) -> str:
        rest = f", {self.queued} on their way" if self.queued else ""
        return f"{self.made} new, {self.sent} sent, {self.failed} failed{rest}."


def run(*, now: datetime | None = None, minimum_minor: int | None = None, actor: Any = None) -> Outcome:
    """Make the transfers that are due and send what waits, also what failed before; safe to run twice at once."""
    made = due(now=now or timezone.now(), minimum_minor=minimum_minor, actor=actor)
    found = list(waiting())
    tried = [send(transfer=transfer, actor=actor) for transfer in found[:SENT_AT_ONCE]]
    for transfer in found[SENT_AT_ONCE:]:
        wake("send_transfer", str(transfer.pk))
    states = [transfer.state for transfer in tried if transfer is not None]
    return Outcome(
        made=len(made),
        sent=states.count(TransferState.SENT),
        failed=states.count(TransferState.FAILED),
        queued=len(found) - len(tried),
    )


def waiting() -> QuerySet[Transfer]:
    """List what is due or failed before, oldest first."""
    return Transfer.objects.filter(state__in=UNSENT).order_by("created_at", "pk")


def due(*, now: datetime, minimum_minor: int | None = None, actor: Any = None) -> list[Transfer]:
    """Gather what each contributor may have at ``now`` into one transfer a currency.

    Counted is what is past its hold and in no transfer yet, from the minimum on, for people whose Stripe account can
    take it; never more than the books owe them, so that a negative balance blocks the next transfer.
    """
    least = max(settings.PAYOUT_MINIMUM_MINOR if minimum_minor is None else minimum_minor, 1)
    groups = (
        _ready(now)
        .order_by("contributor_id", "currency")
        .values_list("contributor_id", "currency")
        .distinct()
    )
    found = (_gather(contributor, currency, now, least, actor) for contributor, currency in list(groups))
    return [transfer for transfer in found if transfer is not None]


def _ready(now: datetime) -> QuerySet[Earning]:
    return Earning.objects.filter(
        transfer=None,
        available_on__lte=now,
        contributor__is_active=True,
        contributor__connect_account__transfers_active=True,
    ).exclude(DISPUTED_SALE)


def _gather(contributor_id: int, currency: str, now: datetime, least: int, actor: Any) -> Transfer | None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_RUN_LOCK])
        mine = _ready(now).filter(contributor_id=contributor_id, currency=currency)
        earnings = list(mine.select_for_update(of=("self",)).order_by("pk"))
        total = sum(earning.amount_minor for earning in earnings)
        if total < least or _free(contributor_id, currency) < total:
            return None
        transfer = Transfer.objects.create(
            contributor_id=contributor_id, amount_minor=total, currency=currency
        )
        Earning.objects.filter(pk__in=[earning.pk for earning in earnings]).update(transfer=transfer)
        record("transfer.due", subject=transfer, actor=actor, data={"amount_minor": total})
    return transfer


def release(*, transfer: Transfer, actor: Any = None) -> bool:
    """Let the earnings of a transfer that came back as a whole go on to the next run; True when this call did."""
    with transaction.atomic():
        row = Transfer.objects.select_for_update().get(pk=transfer.pk)
        if row.state != TransferState.REVERSED or row.released_at is not None:
            return False
        row.released_at = timezone.now()
        row.save(update_fields=["released_at"])
        row.earnings.update(transfer=None)
        record("transfer.released", subject=row, actor=actor, data={"amount_minor": row.amount_minor})
    return True


def _free(contributor_id: int, currency: str) -> int:
    """Say what the books owe beyond the transfers that are made and not booked yet."""
    promised = waiting().filter(contributor_id=contributor_id, currency=currency).order_by()
    return ledger.owed_to(contributor_id).get(currency, 0) - (
        promised.aggregate(total=Sum("amount_minor"))["total"] or 0
    )
