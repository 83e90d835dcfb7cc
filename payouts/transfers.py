"""Transfers: what is past its hold goes to the contributor's Stripe account, once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from buyers.stripe_api import client
from marketplace.models.event import record
from marketplace.money import Money
from marketplace.states import MoveRefused, TransferState, advance
from payouts import ledger
from payouts.models import AccountKind, ConnectAccount, Earning, TransactionKind, Transfer

_RUN_LOCK = 0x46465041  # "FFPA": one payout run at a time, whoever starts it


@dataclass(frozen=True)
class Outcome:
    """What a payout run did."""

    made: int
    sent: int
    failed: int

    def __str__(self) -> str:
        return f"{self.made} new, {self.sent} sent, {self.failed} failed."


def run(*, now: datetime | None = None, minimum_minor: int | None = None, actor: Any = None) -> Outcome:
    """Make the transfers that are due and send them, with those that failed before; safe to run twice at once."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_RUN_LOCK])
        made = due(now=now or timezone.now(), minimum_minor=minimum_minor, actor=actor)
    waiting = Transfer.objects.filter(state__in=[TransferState.DUE, TransferState.FAILED]).order_by(
        "created_at"
    )
    results = [send(transfer=transfer, actor=actor) for transfer in waiting]
    return Outcome(made=len(made), sent=sum(results), failed=len(results) - sum(results))


def due(*, now: datetime, minimum_minor: int | None = None, actor: Any = None) -> list[Transfer]:
    """Gather what each contributor may have into one Transfer a currency.

    Counted is what is past its hold and in no transfer yet, from the minimum on, for those whose Stripe account can
    take it, and never more than the books owe them.
    """
    least = settings.PAYOUT_MINIMUM_MINOR if minimum_minor is None else minimum_minor
    made: list[Transfer] = []
    with transaction.atomic():
        ready = (
            Earning.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(transfer=None, available_on__lte=now, contributor__connect_account__transfers_active=True)
            .select_related("contributor")
            .order_by("earned_at")
        )
        groups: dict[tuple[int, str], list[Earning]] = defaultdict(list)
        for earning in ready:
            groups[(earning.contributor_id, earning.currency)].append(earning)
        for (_, currency), earnings in groups.items():
            contributor = earnings[0].contributor
            total = sum(earning.amount_minor for earning in earnings)
            if total < max(least, 1) or ledger.owed_to(contributor).get(currency, 0) < total:
                continue
            transfer = Transfer.objects.create(contributor=contributor, amount_minor=total, currency=currency)
            Earning.objects.filter(pk__in=[earning.pk for earning in earnings]).update(transfer=transfer)
            record("transfer.due", subject=transfer, actor=actor, data={"amount_minor": total})
            made.append(transfer)
    return made


def send(*, transfer: Transfer, actor: Any = None) -> bool:
    """Send one transfer to Stripe and book it. True when it was sent by this call.

    The key is our row's id and the number of Stripe's clear refusals so far: a call whose answer was lost is repeated
    under the same key and cannot pay twice, while a refusal (which Stripe remembers under its key) can be tried anew.
    """
    account = ConnectAccount.objects.filter(contributor=transfer.contributor_id).first()
    if account is None or not account.transfers_active:
        return _fail(
            transfer, "Your Stripe account cannot take transfers yet. Finish its set-up on this page."
        )
    try:
        sent = client().v1.transfers.create(
            {
                "amount": transfer.amount_minor,
                "currency": transfer.currency,
                "destination": account.stripe_id,
                "transfer_group": f"payout_{transfer.pk}",
                "metadata": {"transfer": str(transfer.pk)},
            },
            {"idempotency_key": f"transfer-{transfer.pk}-{transfer.attempts}"},
        )
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError):
        # Not known whether it happened: the same key is used next time, so the attempt is not counted.
        return _fail(transfer, "Stripe did not answer. We ask again with the next run.", counted=False)
    except stripe.StripeError as error:
        return _fail(transfer, _sentence(error))
    try:
        with transaction.atomic():
            advance(
                transfer,
                TransferState.SENT,
                actor=actor,
                data={"stripe": sent.id},
                stripe_id=sent.id,
                sent_at=timezone.now(),
                reason="",
            )
            _book(transfer)
    except MoveRefused:
        return False  # another run was faster; Stripe gave both the same transfer
    return True


def _book(transfer: Transfer) -> None:
    owed = ledger.account(
        AccountKind.CONTRIBUTOR, currency=transfer.currency, contributor=transfer.contributor
    )
    balance = ledger.account(AccountKind.STRIPE_BALANCE, currency=transfer.currency)
    amount = transfer.amount_minor
    ledger.post(
        TransactionKind.TRANSFER,
        reference=f"transfer:{transfer.pk}",
        lines=[(owed, amount), (balance, -amount)],
        memo=f"Transfer {transfer.stripe_id}",
    )


def _fail(transfer: Transfer, reason: str, *, counted: bool = True) -> bool:
    attempts = transfer.attempts + counted
    try:
        if transfer.state == TransferState.FAILED:
            Transfer.objects.filter(pk=transfer.pk, state=TransferState.FAILED).update(
                reason=reason, attempts=attempts
            )
        else:
            advance(transfer, TransferState.FAILED, data={"reason": reason}, reason=reason, attempts=attempts)
    except MoveRefused:
        pass  # another run sent it meanwhile
    return False


def _sentence(error: stripe.StripeError) -> str:
    known = {
        "balance_insufficient": "Our balance at Stripe does not cover it yet. We try again with the next run.",
        "insufficient_capabilities_for_transfer": "Your Stripe account cannot take transfers yet. Finish its set-up.",
        "resource_missing": "Stripe does not know your account any more. Connect it again on this page.",
    }
    return known.get(
        error.code or "", f"Stripe refused it: {error.user_message or error.code or 'no reason given'}"
    )


def reverse_of(*, stripe_id: str) -> bool:
    """Note that Stripe took a transfer back, and book it. True when this call did."""
    transfer = Transfer.objects.filter(stripe_id=stripe_id).first()
    if transfer is None:
        return False
    try:
        with transaction.atomic():
            advance(transfer, TransferState.REVERSED)
            owed = ledger.account(
                AccountKind.CONTRIBUTOR, currency=transfer.currency, contributor=transfer.contributor
            )
            balance = ledger.account(AccountKind.STRIPE_BALANCE, currency=transfer.currency)
            amount = transfer.amount_minor
            ledger.post(
                TransactionKind.CORRECTION,
                reference=f"reversal:{transfer.pk}",
                lines=[(owed, -amount), (balance, amount)],
                memo=f"{Money(amount, transfer.currency)} came back from {stripe_id}",
            )
    except MoveRefused:
        return False
    return True
