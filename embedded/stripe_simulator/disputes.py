"""Open and close a cardholder's dispute, with the money that it moves."""

from .errors import ApiError, Obj
from .events import emit
from .ledger import book
from .simulator import DAY, Simulator

# What Stripe takes for a dispute in the United States, in minor units; not given back when it is won.
DISPUTE_FEE = 1500
DAYS_TO_ANSWER = 9


def open_dispute(
    sim: Simulator, charge: Obj, *, reason: str = "fraudulent", amount: int | None = None
) -> Obj:
    """Withdraw the disputed amount; the amount may exceed the payment, as rates of exchange can make it."""
    if charge["disputed"]:
        raise ApiError(f"Charge {charge['id']} has been disputed already.", code="charge_disputed")
    if charge["status"] != "succeeded":
        raise ApiError(f"Charge {charge['id']} was not paid, so nobody can dispute it.")
    account = sim.store.account_of(charge["id"])
    dispute = sim.new(
        "dispute",
        "du_1",
        account=account,
        amount=charge["amount"] - charge["amount_refunded"] if amount is None else amount,
        currency=charge["currency"],
        charge=charge["id"],
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="needs_response",
        metadata={},
        evidence={},
        enhanced_eligibility_types=[],
        is_charge_refundable=False,
        balance_transactions=[],
        evidence_details={
            "due_by": sim.now() + DAYS_TO_ANSWER * DAY,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "enhanced_eligibility": {},
        },
        payment_method_details={
            "type": "card",
            "card": {"brand": "visa", "case_type": "chargeback", "network_reason_code": "10.4"},
        },
    )
    dispute["balance_transactions"] = [
        _move(sim, dispute, -dispute["amount"], fee=DISPUTE_FEE, word="dispute")
    ]
    sim.store.save(dispute)
    charge["disputed"] = True
    sim.store.save(charge)
    emit(sim, "charge.dispute.created", dispute, account=account)
    emit(sim, "charge.dispute.funds_withdrawn", dispute, account=account)
    return dispute


def close_dispute(sim: Simulator, dispute: Obj, *, status: str) -> Obj:
    """End a dispute: won gives the amount back, lost does not."""
    if status not in ("won", "lost"):
        raise ApiError("A dispute ends as won or as lost.", param="status")
    if dispute["status"] in ("won", "lost"):
        raise ApiError(f"This dispute is already closed: {dispute['status']}.")
    account = sim.store.account_of(dispute["id"])
    dispute["status"] = status
    if status == "won":
        dispute["balance_transactions"].append(
            _move(sim, dispute, dispute["amount"], fee=0, word="dispute_reversal")
        )
    sim.store.save(dispute)
    if status == "won":
        emit(sim, "charge.dispute.funds_reinstated", dispute, account=account)
    emit(sim, "charge.dispute.closed", dispute, account=account)
    return dispute


def _move(sim: Simulator, dispute: Obj, amount: int, *, fee: int, word: str) -> Obj:
    return book(
        sim, account=sim.store.account_of(dispute["id"]), type="adjustment", amount=amount, fee=fee, category=word,
        currency=dispute["currency"], source=dispute["id"], description=f"Chargeback for {dispute['charge']}",
    )  # fmt: skip
