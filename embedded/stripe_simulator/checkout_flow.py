"""Carry a session from the pay button to its completion."""

from . import promotions, subscribing, taxes
from .cards import Card
from .checkout_totals import add_up
from .errors import ApiError, Obj
from .events import emit
from .payments import attempt, new_intent
from .simulator import Simulator


def pay(sim: Simulator, session: Obj, card: Card, *, authenticated: bool | None = None) -> Obj:
    """Pay an open session; a declined card leaves it open. Returns the session as it is then."""
    if session["status"] != "open" or session["expires_at"] <= sim.now():
        raise ApiError(f"This Checkout Session is {session['status']}; it takes no payment any more.")
    account = sim.store.account_of(session["id"])
    if session["automatic_tax"]["enabled"] and session["_country"] is None:
        add_up(sim, session, country=card.country)
        sim.store.save(session)
    intent = sim.store.get(session["payment_intent"]) if session["payment_intent"] else None
    if intent is None:
        intent = new_intent(
            sim, account=account, amount=session["amount_total"], currency=session["currency"], call=None,
            customer=session["customer"], **session["_intent"],
        )  # fmt: skip
        session["payment_intent"] = intent["id"]
        sim.store.save(session)
    elif intent["amount"] != session["amount_total"] and intent["status"] != "succeeded":
        intent["amount"] = session["amount_total"]
        sim.store.save(intent)
    intent = attempt(sim, intent, card, authenticated=authenticated)
    if intent["status"] == "succeeded":
        _complete(sim, session, card, account, intent)
    return session


def _complete(sim: Simulator, session: Obj, card: Card, account: str, intent: Obj) -> None:
    address = {
        "city": None,
        "country": session["_country"] or card.country,
        "line1": None,
        "line2": None,
        "postal_code": None,
        "state": None,
    }
    known = sim.store.get(session["customer"]) if session["customer"] else None
    email = session["customer_email"] or (known or {}).get("email") or card.email
    session |= {
        "status": "complete",
        "payment_status": "paid",
        "url": None,
        "customer_details": {
            "address": address,
            "business_name": None,
            "email": email,
            "individual_name": None,
            "name": card.name or None,
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": taxes.numbers(sim, session["customer"]),
        },
        "collected_information": {"business_name": None, "individual_name": None, "shipping_details": None},
    }
    subscribes = session["mode"] == "subscription"
    if (subscribes or session["customer_creation"] == "always") and not session["customer"]:
        customer = sim.new(
            "customer", "cus_", account=account, length=14, email=email, name=card.name or None, metadata={}, balance=0,
            delinquent=False, preferred_locales=[], tax_exempt="none",
        )  # fmt: skip
        session["customer"] = customer["id"]
        emit(sim, "customer.created", customer, account=account)
    if subscribes:
        subscribing.begin(sim, session, intent, card)
        session["payment_intent"] = None  # Stripe names it on the invoice
    promotions.redeem(sim, session["_discount"])
    sim.store.save(session)
    emit(sim, "checkout.session.completed", session, account=account)
