"""Take a payment: from a card to a charge, its fee and its events."""

from .cards import NOT_AUTHENTICATED, Behaviour, Card
from .errors import ApiError, Obj
from .events import emit
from .ledger import book, settles_on
from .money import card_fee
from .shapes import shown
from .simulator import Call, Simulator


def new_intent(
    sim: Simulator, *, account: str, amount: int, currency: str, call: Call | None, **body: object
) -> Obj:
    """Create a payment intent that waits for a card."""
    intent = sim.new(
        "payment_intent", "pi_3",
        account=account,
        amount=amount, amount_capturable=0, amount_received=0, currency=currency,
        amount_details={"tip": {}}, automatic_payment_methods={"allow_redirects": "always", "enabled": True},
        capture_method="automatic_async", confirmation_method="automatic", payment_method_types=["card"],
        latest_charge=None, status="requires_payment_method", metadata={},
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
    )  # fmt: skip
    intent |= {"client_secret": f"{intent['id']}_secret_{sim.id('')}", **body}
    sim.store.save(intent)
    emit(sim, "payment_intent.created", intent, account=account, call=call)
    return intent


def attempt(
    sim: Simulator, intent: Obj, card: Card, *, call: Call | None = None, authenticated: bool | None = None
) -> Obj:
    """Pay an intent with a card; a decline is recorded and then raised as a card error."""
    account = sim.store.account_of(intent["id"])
    if intent["status"] == "succeeded":
        raise ApiError(
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.",
            code="payment_intent_unexpected_state", payment_intent=shown(intent),
        )  # fmt: skip
    if intent["status"] == "canceled":
        raise ApiError(
            "You cannot confirm this PaymentIntent because it has a status of canceled.",
            code="payment_intent_unexpected_state", payment_intent=shown(intent),
        )  # fmt: skip
    behaviour = card.behaviour
    if behaviour.authenticate and authenticated is None:
        intent |= {"status": "requires_action", "_card": card.__dict__, "payment_method": None}
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": None, "url": f"{sim.config.public_url}/c/3ds/{intent['id']}"},
        }
        sim.store.save(intent)
        emit(sim, "payment_intent.requires_action", intent, account=account, call=call)
        return intent
    intent.pop("_card", None)
    intent["next_action"] = None
    if authenticated is False:
        _declined(sim, intent, card, NOT_AUTHENTICATED, account=account, call=call)
    if behaviour.code:
        _declined(sim, intent, card, behaviour, account=account, call=call)
    return _succeeded(sim, intent, card, behaviour, account=account, call=call)


def _method(sim: Simulator, card: Card, *, account: str) -> Obj:
    details = {
        "brand": card.behaviour.brand, "display_brand": card.behaviour.brand, "country": card.country,
        "exp_month": card.exp_month, "exp_year": card.exp_year, "funding": "credit", "last4": card.number[-4:],
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "fingerprint": f"sim{card.number[-8:]}", "three_d_secure_usage": {"supported": True}, "wallet": None,
    }  # fmt: skip
    return sim.new(
        "payment_method", "pm_1",
        account=account, type="card", card=details, billing_details=_billing(card), customer=None,
        allow_redisplay="limited", metadata={},
    )  # fmt: skip


def _billing(card: Card) -> Obj:
    address = {
        "city": None,
        "country": card.country,
        "line1": None,
        "line2": None,
        "postal_code": None,
        "state": None,
    }
    return {"address": address, "email": card.email, "name": card.name or None, "phone": None, "tax_id": None}


def _charge(sim: Simulator, intent: Obj, card: Card, method: Obj, *, account: str, **body: object) -> Obj:
    charge = sim.new(
        "charge",
        "ch_3",
        account=account,
        amount=intent["amount"],
        amount_captured=0,
        amount_refunded=0,
        currency=intent["currency"],
        balance_transaction=None,
        billing_details=method["billing_details"],
        captured=False,
        customer=intent.get("customer"),
        description=intent.get("description"),
        disputed=False,
        fraud_details={},
        metadata=intent["metadata"],
        paid=False,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={
            "type": "card",
            "card": {**method["card"], "amount_authorized": intent["amount"]},
        },
        receipt_email=intent.get("receipt_email"),
        refunded=False,
        status="pending",
        transfer_group=intent.get("transfer_group"),
    )
    charge.update(body)
    return sim.store.save(charge)


def _declined(
    sim: Simulator, intent: Obj, card: Card, why: Behaviour, *, account: str, call: Call | None
) -> None:
    method = _method(sim, card, account=account)
    charge = _charge(
        sim, intent, card, method,
        account=account, status="failed", failure_code=why.code, failure_message=why.message,
        outcome={
            "type": "issuer_declined", "network_status": "declined_by_network", "reason": why.decline_code or why.code,
            "risk_level": "normal", "seller_message": "The bank did not return any further details with this decline.",
        },
    )  # fmt: skip
    error: Obj = {
        "type": "card_error", "code": why.code, "message": why.message, "charge": charge["id"],
        "payment_method": shown(method), **({"decline_code": why.decline_code} if why.decline_code else {}),
    }  # fmt: skip
    intent |= {
        "status": "requires_payment_method", "latest_charge": charge["id"], "payment_method": None,
        "last_payment_error": error,
    }  # fmt: skip
    sim.store.save(intent)
    emit(sim, "charge.failed", charge, account=account, call=call)
    emit(sim, "payment_intent.payment_failed", intent, account=account, call=call)
    more = {name: error[name] for name in ("charge", "decline_code") if name in error}
    raise ApiError(
        why.message, status=402, type="card_error", code=why.code, payment_intent=shown(intent), **more
    )


def _succeeded(
    sim: Simulator, intent: Obj, card: Card, behaviour: Behaviour, *, account: str, call: Call | None
) -> Obj:
    method = _method(sim, card, account=account)
    charge = _charge(
        sim, intent, card, method,
        account=account, status="succeeded", paid=True, captured=True, amount_captured=intent["amount"],
        outcome={
            "type": "authorized", "network_status": "approved_by_network", "reason": None, "risk_level": "normal",
            "risk_score": 20, "seller_message": "Payment complete.",
        },
    )  # fmt: skip
    entry = book(
        sim, account=account, type="charge", amount=intent["amount"], currency=intent["currency"], source=charge["id"],
        fee=card_fee(intent["amount"]), description=intent.get("description"),
        available_on=sim.now() if behaviour.at_once else settles_on(sim),
    )  # fmt: skip
    charge |= {
        "balance_transaction": entry["id"],
        "receipt_url": f"{sim.config.public_url}/receipts/{charge['id']}",
    }
    sim.store.save(charge)
    intent |= {
        "status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"],
        "payment_method": method["id"], "last_payment_error": None,
    }  # fmt: skip
    sim.store.save(intent)
    emit(sim, "charge.succeeded", charge, account=account, call=call)
    emit(sim, "payment_intent.succeeded", intent, account=account, call=call)
    if behaviour.dispute:
        from .disputes import open_dispute

        open_dispute(sim, charge, reason=behaviour.dispute)
    return intent
