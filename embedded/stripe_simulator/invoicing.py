"""Carry an invoice from draft to paid or void."""

from typing import Any

from . import promotions, taxes
from .cards import Card
from .errors import ApiError, Obj
from .events import emit
from .ledger import book
from .payments import attempt, new_intent
from .shapes import listing, shown
from .simulator import Call, Simulator


def new(sim: Simulator, *, account: str, customer: Obj, currency: str, call: Call | None, **body: Any) -> Obj:
    """Create a draft."""
    invoice = sim.new(
        "invoice", "in_1",
        account=account, customer=customer["id"], currency=currency, status="draft", number=None,
        customer_email=customer.get("email"), customer_name=customer.get("name"),
        customer_address=customer.get("address"), customer_phone=None, customer_shipping=None,
        customer_tax_exempt=customer.get("tax_exempt", "none"), customer_tax_ids=taxes.numbers(sim, customer["id"]),
        attempt_count=0, attempted=False, amount_overpaid=0, amount_shipping=0, starting_balance=0,
        ending_balance=None, post_payment_credit_notes_amount=0, pre_payment_credit_notes_amount=0,
        account_country=taxes.settings(sim)["origin"], account_name="Simulated", issuer={"type": "self"},
        default_tax_rates=[], discounts=[], hosted_invoice_url=None, invoice_pdf=None, due_date=None,
        period_start=sim.now(), period_end=sim.now(), metadata={},
        status_transitions=dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None, "disabled_reason": None},
        payment_settings={
            "default_mandate": None, "payment_method_options": None, "payment_method_types": ["card"],
        },
        _discount=None, _intent=None,
        **body,
    )  # fmt: skip
    emit(sim, "invoice.created", add_up(sim, invoice), account=account, call=call)
    return invoice


def add_up(sim: Simulator, invoice: Obj) -> Obj:
    """Work out lines, discount, tax and what is due; drafts only change."""
    rows = sim.store.find("invoiceitem", where={"invoice": invoice["id"]}, oldest_first=True)
    amounts = [row["amount"] for row in rows]
    off = 0
    if invoice["_discount"]:
        coupon = sim.need(invoice["_discount"]["coupon"], "coupon")
        off = promotions.taken_off(coupon, total=sum(amounts), currency=invoice["currency"])
    less = promotions.shared(off, amounts)
    net = [amount - part for amount, part in zip(amounts, less, strict=True)]
    tax, described = [0] * len(rows), None
    country = (invoice["customer_address"] or {}).get("country")
    if invoice["automatic_tax"]["enabled"] and country:
        tax, described = taxes.taxed(sim, net, country=country, number=bool(invoice["customer_tax_ids"]))
    invoice["lines"] = listing(
        [_line(sim, invoice, *parts) for parts in zip(rows, less, tax, strict=True)],
        f"/v1/invoices/{invoice['id']}/lines",
    )
    total = sum(net) + sum(tax)
    paid = invoice.get("amount_paid") or 0
    invoice |= {
        "subtotal": sum(amounts), "subtotal_excluding_tax": sum(amounts), "total": total,
        "total_excluding_tax": sum(net), "amount_due": total, "amount_paid": paid, "amount_remaining": total - paid,
        "total_discount_amounts": [{"amount": off, "discount": "di_1simulated"}] if off else [],
        "total_taxes": [_total_tax(described)] if described else [],
    }  # fmt: skip
    return sim.store.save(invoice)


def _total_tax(described: Obj) -> Obj:
    return {
        "amount": described["amount"],
        "tax_behavior": "exclusive",
        "tax_rate_details": {"tax_rate": described["rate"]["id"]},
        "taxability_reason": described["taxability_reason"],
        "taxable_amount": described["taxable_amount"],
        "type": "tax_rate_details",
    }


def _line(sim: Simulator, invoice: Obj, row: Obj, less: int, tax: int) -> Obj:
    return shown({
        "id": f"il_{row['id'].removeprefix('ii_')}", "object": "line_item", "livemode": False, "amount": row["amount"],
        "currency": row["currency"], "description": row["description"], "discountable": True, "discounts": [],
        "discount_amounts": [{"amount": less, "discount": "di_1simulated"}] if less else [], "invoice": invoice["id"],
        "metadata": row["metadata"], "period": row["period"], "quantity": row["quantity"], "subtotal": row["amount"],
        "taxes": [{"amount": tax, "tax_behavior": "exclusive"}] if tax else [], **_recurring(row),
    })  # fmt: skip


def _recurring(row: Obj) -> Obj:
    """Say which price and which subscription a line is of."""
    if "_subscription" not in row:
        return {}
    details = {
        "subscription": row["_subscription"], "subscription_item": row["_item"], "proration": False,
        "invoice_item": None, "proration_details": None,
    }  # fmt: skip
    price = {"price": row["_price"], "product": None}
    return {
        "subscription": row["_subscription"],
        "parent": {"type": "subscription_item_details", "subscription_item_details": details},
        "pricing": {
            "type": "price_details",
            "price_details": price,
            "unit_amount_decimal": str(row["amount"]),
        },
    }


def finalize(sim: Simulator, invoice: Obj, *, intent: Obj | None = None, call: Call | None = None) -> Obj:
    """Close a draft to changes, number it and open it for payment, by ``intent`` when one has paid it already."""
    if invoice["status"] != "draft":
        raise ApiError("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    invoice["customer_tax_ids"] = taxes.numbers(sim, invoice["customer"])
    add_up(sim, invoice)
    if not invoice["number"]:
        customer = sim.need(invoice["customer"], "customer")
        number = customer.get("next_invoice_sequence", 1)
        invoice["number"] = f"{customer.get('invoice_prefix') or 'SIM'}-{number:04d}"
        sim.store.save({**customer, "next_invoice_sequence": number + 1})
    now = sim.now()
    account = sim.store.account_of(invoice["id"])
    intent = intent or new_intent(
        sim, account=account, amount=invoice["total"], currency=invoice["currency"], call=call,
        customer=invoice["customer"], metadata={}, description=f"Invoice {invoice['number']}",
    )  # fmt: skip
    days = invoice.get("_days")
    invoice |= {
        "status": "open", "_intent": intent["id"], "hosted_invoice_url": f"{sim.config.public_url}/i/{invoice['id']}",
        "due_date": now + days * 86_400 if days is not None else invoice["due_date"],
        "status_transitions": {**invoice["status_transitions"], "finalized_at": now},
    }  # fmt: skip
    sim.store.save(invoice)
    emit(sim, "invoice.finalized", invoice, account=account, call=call)
    return invoice


def open_intent(sim: Simulator, invoice: Obj) -> Obj:
    """Give the payment intent of an open invoice."""
    if invoice["status"] != "open":
        raise ApiError(f"Invoice {invoice['id']} is {invoice['status']}; it takes no payment.")
    return sim.need(invoice["_intent"], "payment_intent")


def transfer_arrives(sim: Simulator, invoice: Obj) -> Obj:
    """Pay an open invoice with a bank transfer of its whole amount."""
    intent, account = open_intent(sim, invoice), sim.store.account_of(invoice["id"])
    amount, currency = invoice["amount_remaining"], invoice["currency"]
    charge = sim.new(
        "charge", "py_3",
        account=account, amount=amount, amount_captured=amount, amount_refunded=0, currency=currency, captured=True,
        customer=invoice["customer"], description=intent.get("description"), disputed=False, paid=True, refunded=False,
        metadata=intent["metadata"], payment_intent=intent["id"], status="succeeded", fraud_details={},
        payment_method_details={"type": "customer_balance", "customer_balance": {}},
        billing_details={"address": None, "email": None, "name": invoice["customer_name"], "phone": None},
    )  # fmt: skip
    # 0.5 %, at most $5 (https://stripe.com/pricing/local-payment-methods, bank transfers).
    fee = min((amount * 5 + 500) // 1000, 500)
    entry = book(
        sim, account=account, type="payment", amount=amount, currency=currency, source=charge["id"], fee=fee,
        description=intent.get("description"),
    )  # fmt: skip
    charge |= {
        "balance_transaction": entry["id"],
        "receipt_url": f"{sim.config.public_url}/receipts/{charge['id']}",
    }
    sim.store.save(charge)
    intent |= {
        "status": "succeeded", "amount_received": amount, "latest_charge": charge["id"],
        "payment_method_types": ["customer_balance"],
    }  # fmt: skip
    sim.store.save(intent)
    emit(sim, "charge.succeeded", charge, account=account)
    emit(sim, "payment_intent.succeeded", intent, account=account)
    return paid(sim, invoice, intent)


def card(sim: Simulator, invoice: Obj, with_card: Card, *, call: Call | None = None) -> Obj:
    """Try a card on an open invoice; a decline is told by an event and raised."""
    intent, account = open_intent(sim, invoice), sim.store.account_of(invoice["id"])
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    sim.store.save(invoice)
    try:
        intent = attempt(sim, intent, with_card, call=call, authenticated=True)
    except ApiError:
        emit(sim, "invoice.payment_failed", invoice, account=account, call=call)
        raise
    return paid(sim, invoice, intent)


def paid(sim: Simulator, invoice: Obj, intent: Obj) -> Obj:
    """Mark an invoice paid by an intent."""
    account, amount = sim.store.account_of(invoice["id"]), intent["amount_received"]
    sim.new(
        "invoice_payment", "inpay_1",
        account=account, invoice=invoice["id"], amount_paid=amount, amount_requested=amount,
        currency=invoice["currency"], is_default=True, status="paid",
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
        status_transitions={"canceled_at": None, "paid_at": sim.now()},
    )  # fmt: skip
    invoice |= {
        "status": "paid", "amount_paid": amount, "amount_remaining": 0, "attempted": True,
        "status_transitions": {**invoice["status_transitions"], "paid_at": sim.now()},
    }  # fmt: skip
    sim.store.save(invoice)
    emit(sim, "invoice.paid", invoice, account=account)
    emit(sim, "invoice.payment_succeeded", invoice, account=account)
    if invoice.get("_subscription"):
        from .subscribing import settled

        settled(sim, invoice)
    return invoice


def void(sim: Simulator, invoice: Obj, *, call: Call | None = None) -> Obj:
    """Void an open invoice: nobody has to pay it."""
    if invoice["status"] not in ("open", "uncollectible"):
        raise ApiError(f"You can only void open invoices; this one is {invoice['status']}.")
    transitions = {**invoice["status_transitions"], "voided_at": sim.now()}
    invoice |= {"status": "void", "status_transitions": transitions}
    sim.store.save(invoice)
    emit(sim, "invoice.voided", invoice, account=sim.store.account_of(invoice["id"]), call=call)
    return invoice


def overdue(sim: Simulator) -> None:
    """Tell once of each open invoice whose due date has passed."""
    for invoice in sim.store.find("invoice", where={"status": "open"}):
        if invoice["due_date"] and invoice["due_date"] < sim.now() and not invoice.get("_overdue"):
            sim.store.save(invoice | {"_overdue": True})
            emit(sim, "invoice.overdue", invoice, account=sim.store.account_of(invoice["id"]))
