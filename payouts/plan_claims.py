"""What is taken back of a plan's month: books, hours, downloads and the plan follow where Stripe has the payment.

Contributors keep what used hours earned them: what is taken back of a plan is taken from our part, and its tax.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone

from buyers import plan_documents, subscriptions
from buyers.models import Order, PlanPeriod
from marketplace.money import Money
from marketplace.states import OrderState
from payouts import claims, ledger, mirrors, plan_letters
from payouts.mirrors import Lines, Standing
from payouts.models import AccountKind, TransactionKind

# An order that used hours of several months stands as the worst of their payments does.
WORST_FIRST = (OrderState.CHARGED_BACK, OrderState.DISPUTED, OrderState.REFUNDED, OrderState.PAID)


def follow(*, charge: str) -> str | None:
    """Book what Stripe gave back or holds of a plan's payment; None when the charge is not of a month that is booked.

    A month that is refunded as a whole or in dispute gives no hours and closes the downloads that it paid for; both
    open again when the money stays with us after all. A lost dispute ends the plan with the month that is paid.
    """
    with transaction.atomic():
        rows = PlanPeriod.objects.select_for_update(of=("self",)).select_related("subscription__organisation")
        period = rows.filter(stripe_charge=charge).first()
        if period is None:
            return None
        standing = mirrors.ask_stripe(charge)
        done = [*_refunds(period, standing), *_disputes(period, standing)]
        was, period.standing = period.standing, standing.state(period.total_minor)
        open_now = period.standing == OrderState.PAID
        period.revoked_at = None if open_now else period.revoked_at or timezone.now()
        period.save(update_fields=["back_minor", "standing", "revoked_at"])
        for order in Order.objects.filter(plan_uses__period=period).distinct():
            _move(order)
        moved = was != period.standing
        if moved and period.standing == OrderState.CHARGED_BACK:
            subscriptions.let_end(row=period.subscription)
        if done or moved:
            plan_letters.claimed(period=period, was=was, done=done)
    if moved:
        done.append(f"{period} is {period.standing}")
    return f"{'; '.join(done)}." if done else "Nothing new."


def _move(order: Order) -> None:
    row = Order.objects.select_for_update().get(pk=order.pk)
    found = set(row.plan_uses.values_list("period__standing", flat=True))
    claims.move(row, next(state for state in WORST_FIRST if state in found))


def _refunds(period: PlanPeriod, standing: Standing) -> Iterator[str]:
    for found in standing.refunds:
        reason = mirrors.refund(period, found)
        for movement in (found.balance_transaction, getattr(found, "failure_balance_transaction", None)):
            if not movement or mirrors.is_booked(reference := f"refund:{movement.id}"):
                continue
            back = movement.amount > 0  # the buyer's bank did not take it
            minor = found.amount if back else -found.amount
            amount, word = Money(found.amount, period.currency), "came back" if back else "was refunded"
            tax = _lose(
                period,
                kind=TransactionKind.REFUND,
                reference=reference,
                others=mirrors.cash(movement, minor=minor, currency=period.currency),
                lost=-minor,
                memo=f"{amount} of {period} {word}: {reason}",
            )
            if not back:
                plan_documents.credit(
                    period=period, amount_minor=found.amount, tax_minor=tax, reference=reference
                )
            yield f"{amount} {word}"


def _disputes(period: PlanPeriod, standing: Standing) -> Iterator[str]:
    for found in standing.disputes:
        mirrors.dispute(period, found)
        yield from mirrors.hold(period, found)
        held = mirrors.undecided(period, found)
        if held:
            _lose(
                period,
                kind=TransactionKind.VERDICT,
                reference=mirrors.verdict_reference(period, found),
                others=[mirrors.released(period, held)],
                lost=held,
                memo=f"Dispute of {period} is {found.status}",
            )
            word = "lost" if held > 0 else "won back"
            yield f"{Money(abs(held), period.currency)} {word} in a dispute"


def _lose(
    period: PlanPeriod, *, kind: TransactionKind, reference: str, others: Lines, lost: int, memo: str
) -> int:
    """Book that ``lost`` more of a locked month was taken (below zero: given again); give the tax of it."""
    steps = [
        now - was
        for now, was in zip(
            _parts(period, period.back_minor + lost), _parts(period, period.back_minor), strict=True
        )
    ]
    kinds = (AccountKind.TAX, AccountKind.PLATFORM_REVENUE, AccountKind.FX)
    ours: Lines = [
        (ledger.account(to, currency=period.currency), step) for to, step in zip(kinds, steps, strict=True)
    ]
    ledger.post(kind, reference=reference, lines=[*others, *ours], memo=memo, period=period)
    period.back_minor += lost
    return steps[0]


def _parts(period: PlanPeriod, back: int) -> tuple[int, int, int]:
    """Share out what was taken so far, whatever the steps to it: tax, our part, and what goes beyond the price."""
    within = max(min(back, period.total_minor), 0)
    tax = period.tax_minor * within // max(period.total_minor, 1)
    return tax, within - tax, back - within
