"""Carry a subscription from its first payment through renewals and failed cards to its end."""

import calendar
from datetime import UTC, datetime
from typing import Any

from . import invoicing
from .cards import Card
from .errors import ApiError, Obj
from .events import emit
from .payments import attempt, new_intent
from .shapes import listing, shown
from .simulator import DAY, Call, Simulator

RETRY_AFTER = (3 * DAY, 5 * DAY, 7 * DAY)  # three more tries, then the subscription ends
LIVE = ("active", "past_due")


def months_later(moment: int, *, anchor: int) -> int:
    """Give the same day of the next month; a short month ends the period with its last day."""
    at, first = datetime.fromtimestamp(moment, UTC), datetime.fromtimestamp(anchor, UTC)
    year, month = (at.year + 1, 1) if at.month == 12 else (at.year, at.month + 1)
    day = min(first.day, calendar.monthrange(year, month)[1])
    return int(at.replace(year=year, month=month, day=day).timestamp())


def begin(sim: Simulator, session: Obj, intent: Obj, card: Card) -> Obj:
    """Start the subscription of a paid Checkout Session: its object, its first invoice, both told."""
    account, now = sim.store.account_of(session["id"]), sim.now()
    customer = keep_card(sim, sim.need(session["customer"], "customer"), card, country=session["_country"])
    sub = sim.new(
        "subscription", "sub_1",
        account=account, customer=customer["id"], currency=session["currency"], status="active", discounts=[],
        automatic_tax={**session["automatic_tax"], "disabled_reason": None}, billing_cycle_anchor=now,
        billing_mode={"type": "flexible", "flexible": None, "updated_at": None}, cancel_at_period_end=False,
        cancellation_details={"comment": None, "feedback": None, "reason": None}, default_tax_rates=[],
        collection_method="charge_automatically", default_payment_method=intent["payment_method"],
        invoice_settings={"account_tax_ids": None, "issuer": {"type": "self"}}, start_date=now,
        metadata=session["_subscription"].get("metadata", {}), description=None, latest_invoice=None,
    )  # fmt: skip
    line = session["_items"][0]
    if session["_discount"]:
        sub["discounts"] = [_discount(sim, sub, session["_discount"])["id"]]
    item: Obj = {
        "id": sim.id("si_", 14), "object": "subscription_item", "created": now, "discounts": [], "metadata": {},
        "price": line["price"], "quantity": line["quantity"], "subscription": sub["id"], "tax_rates": [],
        "current_period_start": now, "current_period_end": months_later(now, anchor=now),
    }  # fmt: skip
    sub["items"] = listing([shown(item)], f"/v1/subscription_items?subscription={sub['id']}")
    emit(sim, "customer.subscription.created", sim.store.save(sub), account=account)
    invoice = _invoice(sim, sub, reason="subscription_create")
    invoicing.finalize(sim, invoice, intent=intent)
    invoicing.paid(sim, invoice, intent)
    session |= {"subscription": sub["id"], "invoice": invoice["id"]}
    return sub


def _discount(sim: Simulator, sub: Obj, found: Obj) -> Obj:
    """Put a coupon on a subscription."""
    return sim.new(
        "discount", "di_1",
        account=sim.store.account_of(sub["id"]), customer=sub["customer"], subscription=sub["id"], start=sim.now(),
        end=None, source={"type": "coupon", "coupon": found["coupon"]}, promotion_code=found["promotion_code"],
    )  # fmt: skip


def _take_off(sim: Simulator, sub: Obj, invoice: Obj) -> None:
    """Use the subscription's discount for an invoice; one that holds once is used up with it."""
    for id in sub["discounts"]:
        found = sim.need(id, "discount")
        coupon = found["source"]["coupon"]
        invoice["_discount"] = {"coupon": coupon, "promotion_code": found["promotion_code"]}
        if sim.need(coupon, "coupon")["duration"] == "once":
            sub["discounts"] = []


def keep_card(sim: Simulator, customer: Obj, card: Card, *, country: str | None = None) -> Obj:
    """Remember the card that renewals are taken from."""
    address = customer.get("address") or {"country": country or card.country}
    return sim.store.save({**customer, "_card": card.__dict__, "address": address})


def card_of(sim: Simulator, customer: str) -> Card:
    """Give the card that a customer's renewals are taken from."""
    return Card(**sim.need(customer, "customer")["_card"])


def item_of(sub: Obj) -> Obj:
    """Give the one item of a subscription."""
    item: Obj = sub["items"]["data"][0]
    return item


def _invoice(sim: Simulator, sub: Obj, *, reason: str, call: Call | None = None) -> Obj:
    """Make the draft of a subscription's current period."""
    account, item = sim.store.account_of(sub["id"]), item_of(sub)
    customer = sim.need(sub["customer"], "customer")
    details = {"metadata": sub["metadata"], "subscription": sub["id"], "subscription_proration_date": None}
    invoice = invoicing.new(
        sim, account=account, customer=customer, currency=sub["currency"], call=call, auto_advance=True,
        collection_method="charge_automatically", billing_reason=reason, custom_fields=None, description=None,
        footer=None, _days=None, _subscription=sub["id"],
        parent={"type": "subscription_details", "quote_details": None, "subscription_details": details},
    )  # fmt: skip
    invoice["automatic_tax"] = {**invoice["automatic_tax"], "enabled": sub["automatic_tax"]["enabled"]}
    price = item["price"]
    product = sim.need(price["product"], "product")
    sim.new(
        "invoiceitem", "ii_1",
        account=account, amount=price["unit_amount"] * item["quantity"], currency=sub["currency"],
        customer=customer["id"], date=sim.now(), description=f"{item['quantity']} × {product['name']}",
        discountable=True, discounts=[], invoice=invoice["id"], metadata={}, parent=None, proration=False,
        period={"start": item["current_period_start"], "end": item["current_period_end"]},
        quantity=item["quantity"], tax_rates=[], _price=price["id"], _subscription=sub["id"], _item=item["id"],
    )  # fmt: skip
    _take_off(sim, sub, invoice)
    sim.store.save(sub | {"latest_invoice": invoice["id"]})
    return invoicing.add_up(sim, invoice)


def renew(sim: Simulator, sub: Obj) -> None:
    """Begin the next period: bill it and try the card; or end where that was asked for."""
    if sub["cancel_at_period_end"]:
        end(sim, sub)
        return
    item = item_of(sub)
    start = item["current_period_end"]
    later = months_later(start, anchor=sub["billing_cycle_anchor"])
    item |= {"current_period_start": start, "current_period_end": later}
    invoicing.finalize(sim, invoice := _invoice(sim, sub, reason="subscription_cycle"))
    emit(sim, "customer.subscription.updated", sub, account=sim.store.account_of(sub["id"]))
    collect(sim, invoice)


def next_month(sim: Simulator, sub: Obj) -> Obj:
    """Begin the next period whatever the clock says, or try the card again on the one that is not paid yet."""
    if sub["status"] not in LIVE:
        raise ApiError(f"This subscription is {sub['status']}: it has no next month.")
    unpaid = sim.store.find("invoice", where={"_subscription": sub["id"], "status": "open"}, limit=1)
    if unpaid:
        collect(sim, unpaid[0])
    else:
        renew(sim, sub)
    return sim.need(sub["id"], "subscription")


def collect(sim: Simulator, invoice: Obj) -> None:
    """Try the card on an open invoice; a decline makes the subscription past due, the last one ends it."""
    sub = sim.need(invoice["_subscription"], "subscription")
    try:
        invoicing.card(sim, invoice, card_of(sim, sub["customer"]))
    except ApiError:
        tries = invoice["attempt_count"]
        if tries > len(RETRY_AFTER):
            sim.store.save(invoice | {"next_payment_attempt": None})
            end(sim, sub, reason="payment_failed")
            return
        sim.store.save(invoice | {"next_payment_attempt": sim.now() + RETRY_AFTER[tries - 1]})
        _state(sim, sub, "past_due")


def settled(sim: Simulator, invoice: Obj) -> None:
    """Follow a paid invoice: its subscription is in order again."""
    sim.store.save(invoice | {"next_payment_attempt": None})
    sub = sim.need(invoice["_subscription"], "subscription")
    if sub["status"] == "past_due":
        _state(sim, sub, "active")


def _state(sim: Simulator, sub: Obj, status: str) -> None:
    if sub["status"] != status:
        sim.store.save(sub | {"status": status})
        sub["status"] = status
        emit(sim, "customer.subscription.updated", sub, account=sim.store.account_of(sub["id"]))


def end(sim: Simulator, sub: Obj, *, reason: str = "cancellation_requested", call: Call | None = None) -> Obj:
    """End a subscription now; what was paid stays paid."""
    now = sim.now()
    details = {"comment": None, "feedback": None, "reason": reason}
    sub |= {"status": "canceled", "ended_at": now, "canceled_at": now, "cancellation_details": details}
    sim.store.save(sub)
    account = sim.store.account_of(sub["id"])
    emit(sim, "customer.subscription.deleted", sub, account=account, call=call)
    return sub


def start_over(sim: Simulator, sub: Obj, price: Obj, *, call: Call) -> Obj:
    """Begin a period now at another price, paid at once; a declined card changes nothing and is raised."""
    item, account, now = item_of(sub), sim.store.account_of(sub["id"]), sim.now()
    total = price["unit_amount"] * item["quantity"]
    period: Any = {"current_period_start": now, "current_period_end": months_later(now, anchor=now)}
    changed = {**sub, "billing_cycle_anchor": now}
    changed["items"] = {**sub["items"], "data": [{**item, **period, "price": shown(price)}]}
    draft = _invoice(sim, changed, reason="subscription_update", call=call)
    intent = new_intent(
        sim, account=account, amount=draft["total"] or total, currency=sub["currency"], call=call,
        customer=sub["customer"], metadata={}, description="Subscription update",
    )  # fmt: skip
    try:
        intent = attempt(sim, intent, card_of(sim, sub["customer"]), call=call, authenticated=True)
    except ApiError:
        sim.store.delete(draft["id"])
        sim.store.save(sub)
        raise
    sim.store.save(changed := {**changed, "latest_invoice": draft["id"]})
    emit(sim, "customer.subscription.updated", changed, account=account, call=call)
    invoicing.finalize(sim, draft, intent=intent, call=call)
    invoicing.paid(sim, draft, intent)
    return changed


def upkeep(sim: Simulator) -> None:
    """Renew what is due and try declined cards again."""
    for status in LIVE:
        for sub in sim.store.find("subscription", where={"status": status}, oldest_first=True):
            while sub["status"] in LIVE and item_of(sub)["current_period_end"] <= sim.now():
                renew(sim, sub)
                sub = sim.need(sub["id"], "subscription")
    for invoice in sim.store.find("invoice", where={"status": "open"}, oldest_first=True):
        due = invoice.get("next_payment_attempt")
        if due and due <= sim.now():
            collect(sim, invoice)
