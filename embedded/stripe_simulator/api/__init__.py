"""Answer the API's methods; importing this registers all of them."""

from . import (  # noqa: F401 -- each registers its routes
    account_links,
    accounts,
    accounts_v2,
    balance,
    checkout,
    customers,
    disputes,
    events,
    invoice_items,
    invoices,
    line_items,
    payment_intents,
    payouts,
    prices,
    promotions,
    refunds,
    reversals,
    tax_ids,
    transfers,
    webhook_endpoints,
)
