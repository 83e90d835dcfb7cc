"""Answer with every field that the pinned client's classes declare, null where nothing is known."""

from functools import cache
from typing import Any

import stripe

from .errors import Obj

CLASSES = {
    "checkout.session": "checkout.Session", "item": "LineItem", "price": "Price", "product": "Product",
    "payment_intent": "PaymentIntent", "charge": "Charge", "balance_transaction": "BalanceTransaction",
    "refund": "Refund", "transfer": "Transfer", "payout": "Payout", "customer": "Customer", "dispute": "Dispute",
    "webhook_endpoint": "WebhookEndpoint", "bank_account": "BankAccount", "account": "Account",
    "v2.core.account": "v2.core.Account", "topup": "Topup",
    "coupon": "Coupon", "discount": "Discount", "promotion_code": "PromotionCode", "tax_id": "TaxId",
    "invoice": "Invoice",
    "invoiceitem": "InvoiceItem", "line_item": "InvoiceLineItem", "invoice_payment": "InvoicePayment",
    "subscription": "Subscription", "subscription_item": "SubscriptionItem",
    "billing_portal.session": "billing_portal.Session",
}  # fmt: skip
# Fields that Stripe leaves out unless they are asked for or belong to another kind of object.
LEFT_OUT = {
    "checkout.session": {"line_items"},
    "charge": {"refunds", "level3", "authorization_code"},
    "customer": {"sources", "subscriptions", "tax", "tax_ids", "cash_balance", "invoice_credit_balance"},
    "account": {"company", "individual", "groups"},
    "webhook_endpoint": {"secret"},
    "price": {"currency_options", "tiers"},
    "coupon": {"applies_to", "currency_options"},
    "invoice": {"payments", "confirmation_secret", "effective_at"},
}


@cache
def declared(kind: str) -> tuple[str, ...]:
    """List the fields of the client's class for a kind of object."""
    if kind not in CLASSES:
        return ()
    cls: Any = stripe
    for part in CLASSES[kind].split("."):
        cls = getattr(cls, part)
    skip = LEFT_OUT.get(kind, set()) | {"deleted"}
    return tuple(
        name
        for name, hint in cls.__annotations__.items()
        if not name.startswith("_") and name not in skip and "ClassVar" not in str(hint)
    )


def shown(obj: Obj) -> Obj:
    """Drop the simulator's own fields (they start with _) and add the declared ones that are unknown."""
    full: Obj = dict.fromkeys(declared(str(obj.get("object"))))
    full.update({name: value for name, value in obj.items() if not name.startswith("_")})
    return full


def listing(data: list[Obj], url: str, *, has_more: bool = False) -> Obj:
    """Wrap objects as a v1 list."""
    return {"object": "list", "url": url, "has_more": has_more, "data": data}
