"""One transfer's way to Stripe: sent once whatever is lost on the way, settled, or taken back."""

from __future__ import annotations

import logging
from typing import Any

import stripe
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from buyers.models import PayBy
from buyers.stripe_api import client
from marketplace.models.event import record
from marketplace.money import Money
from marketplace.states import OrderState, TransferState, advance
from payouts import ledger
from payouts.models import (
    AccountKind,
    ConnectAccount,
    LedgerAccount,
    LedgerTransaction,
    TransactionKind,
    Transfer,
)

log = logging.getLogger(__name__)
UNSENT = (TransferState.DUE, TransferState.FAILED)
NO_ACCOUNT = "Your Stripe account cannot take transfers yet. Finish its set-up on this page."
CLOSED = "Your account with us is closed. Write to us: your money is kept."
NO_ANSWER = "Stripe did not answer. Nothing is lost: we ask again every day."
OWES = "A sale was taken back, so your balance is below this amount. It is sent when new earnings cover it."
DISPUTED = "A buyer's bank looks into one of these sales. It is sent when the bank has decided."
# What hours of a plan earned stays earned whatever the bank decides, so it does not wait.
DISPUTED_SALE = Q(transaction__order__state=OrderState.DISPUTED) & ~Q(transaction__order__pay_by=PayBy.PLAN)
REFUSALS = {
    "balance_insufficient": "The buyers' payments have not reached us yet. We try again every day.",
    "insufficient_capabilities_for_transfer": NO_ACCOUNT,
    "resource_missing": "Stripe does not know your account any more. Write to us: your money is kept.",
    "account_invalid": "Stripe has closed your account. Write to us: your money is kept.",
}


def send(*, transfer: Transfer, actor: Any = None) -> Transfer | None:
    """Send one transfer that is due or failed before, and book it; give the row as it is then.

    None when it was sent already or another worker is at it. The row stays locked until Stripe has answered, so two
    runs cannot send it at once. Stripe is first asked whether it knows the transfer: an idempotency key is forgotten
    after a day, and the answer to an earlier call may have been lost.
    """
    with transaction.atomic():
        rows = Transfer.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
            "contributor"
        )
        row = rows.filter(pk=transfer.pk, state__in=UNSENT).first()
        if row is None:
            return None
        try:
            found = _known_to_stripe(row)
            if found is None:
                found = _create(row)
        except Unsent as why:
            _fail(row, str(why))
        except stripe.StripeError as error:
            known = is_refusal(error)
            if known:
                row.attempts += 1
            log.warning("transfer %s: %r", row.pk, error)
            _fail(row, _sentence(error) if known else NO_ANSWER)
        else:
            _sent(row, found.id, actor)
    return row


class Unsent(Exception):
    """Say to the contributor why a transfer was not even tried."""


def _known_to_stripe(row: Transfer) -> Any:
    for found in client().v1.transfers.list({"transfer_group": _group(row), "limit": 1}).data:
        return found
    return None


def _create(row: Transfer) -> Any:
    if not row.contributor.is_active:
        raise Unsent(CLOSED)
    account = ConnectAccount.objects.filter(contributor=row.contributor_id).first()
    if account is None or not account.transfers_active:
        raise Unsent(NO_ACCOUNT)
    # Until the transfer is booked no refund may take from this person what leaves now.
    list(LedgerAccount.objects.filter(contributor=row.contributor_id).select_for_update(no_key=True))
    if ledger.owed_to(row.contributor).get(row.currency, 0) < row.amount_minor:
        raise Unsent(OWES)
    if row.earnings.filter(DISPUTED_SALE).exists():
        raise Unsent(DISPUTED)
    # Our row's id. Stripe remembers a refusal under its key, too, so that each one is followed by a new key.
    key = f"{row.pk}-{row.attempts}" if row.attempts else str(row.pk)
    return client().v1.transfers.create(
        {
            "amount": row.amount_minor,
            "currency": row.currency,
            "destination": account.stripe_id,
            "transfer_group": _group(row),
            "metadata": {"transfer": str(row.pk)},
        },
        {"idempotency_key": key},
    )


def _group(row: Transfer) -> str:
    return f"payout_{row.pk}"


def is_refusal(error: stripe.StripeError) -> bool:
    """Tell a clear no from an answer that leaves open what happened."""
    unclear = (stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError, stripe.AuthenticationError)
    return not isinstance(error, unclear) and error.code != "idempotency_key_in_use"


def _sentence(error: stripe.StripeError) -> str:
    said = f"Stripe refused it: {error.user_message or 'it gave no reason'} We try again every day."
    return REFUSALS.get(error.code or "", said)


def _fail(row: Transfer, reason: str) -> None:
    row.reason = reason
    if row.state == TransferState.FAILED:
        row.save(update_fields=["reason", "attempts"])
    else:
        advance(row, TransferState.FAILED, data={"reason": reason}, reason=reason, attempts=row.attempts)


def _sent(row: Transfer, stripe_id: str, actor: Any = None) -> None:
    advance(
        row,
        TransferState.SENT,
        actor=actor,
        data={"stripe": stripe_id},
        stripe_id=stripe_id,
        sent_at=timezone.now(),
        reason="",
        attempts=row.attempts,
    )
    _post(TransactionKind.TRANSFER, row, f"transfer:{row.pk}", row.amount_minor)


class NotTakenBack(Exception):
    """Say in one sentence why a transfer was not taken back."""


def take_back(*, transfer: Transfer, actor: Any = None) -> str:
    """Take what is left of a transfer back from the contributor's account, book it and say what was done.

    Raises NotTakenBack, when the account does not hold it any more for instance.
    """
    with transaction.atomic():
        row = Transfer.objects.select_for_update().get(pk=transfer.pk)
        left = row.amount_minor - row.reversed_minor
        if row.state not in (TransferState.SENT, TransferState.SETTLED) or not left:
            raise NotTakenBack("Only a transfer that was sent can be taken back, once.")
        record("transfer.take_back", subject=row, actor=actor, data={"amount_minor": left})
        try:
            client().v1.transfers.reversals.create(
                row.stripe_id, {"amount": left}, {"idempotency_key": f"take-back-{row.pk}-{left}"}
            )
            return follow(transfer=row, found=client().v1.transfers.retrieve(row.stripe_id))
        except stripe.StripeError as error:
            raise NotTakenBack(
                f"Stripe did not take it back: {error.user_message or 'no answer'} Nothing was booked."
            ) from error


def follow(*, transfer: Transfer, found: Any) -> str:
    """Bring a locked row to what Stripe says of it, and say what was done.

    ``found`` is Stripe's transfer whose metadata names our row.
    """
    if (found.amount, found.currency) != (transfer.amount_minor, transfer.currency):
        log.error("transfer %s is %s %s at Stripe", transfer.pk, found.amount, found.currency)
        return f"NOT OURS: {Money(found.amount, found.currency)} at Stripe is another amount than our row's."
    if transfer.stripe_id not in ("", found.id):
        log.error(
            "transfer %s was made twice at Stripe: %s and %s", transfer.pk, transfer.stripe_id, found.id
        )
        return f"MADE TWICE: reverse {found.id} at Stripe."
    done = []
    if transfer.state in UNSENT:  # the answer to our call was lost
        _sent(transfer, found.id)
        done.append("sent")
    if transfer.state == TransferState.SENT:
        advance(transfer, TransferState.SETTLED)
        done.append("settled")
    if found.amount_reversed:
        done += _take_back(transfer, found)
    return f"The transfer is {', '.join(done)}." if done else "Nothing new."


def _take_back(transfer: Transfer, found: Any) -> list[str]:
    done = []
    for reversal in client().v1.transfers.reversals.list(found.id, {"limit": 100}).data:
        reference = f"reversal:{reversal.id}"
        if not LedgerTransaction.objects.filter(reference=reference).exists():
            _post(TransactionKind.REVERSAL, transfer, reference, -reversal.amount)
            transfer.reversed_minor += reversal.amount
            done.append(f"taken back by {Money(reversal.amount, transfer.currency)}")
    if done:
        transfer.save(update_fields=["reversed_minor"])
    if found.reversed and transfer.state == TransferState.SETTLED:
        advance(transfer, TransferState.REVERSED)
    return done


def _post(kind: TransactionKind, row: Transfer, reference: str, amount: int) -> None:
    owed = ledger.account(AccountKind.CONTRIBUTOR, currency=row.currency, contributor=row.contributor)
    balance = ledger.account(AccountKind.STRIPE_BALANCE, currency=row.currency)
    memo = f"{kind.label}: {row.stripe_id}"
    ledger.post(kind, reference=reference, lines=[(owed, amount), (balance, -amount)], memo=memo)
