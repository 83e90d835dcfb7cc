"""Put lines on a draft invoice."""

from .. import invoicing
from ..errors import ApiError, Obj
from ..money import check_amount, check_currency
from ..routing import route
from ..simulator import Call


@route(
    "POST", "/v1/invoiceitems", "InvoiceItemCreateParams",
    supports="amount currency customer description invoice tax_behavior tax_code",
)  # fmt: skip
def create(call: Call) -> Obj:
    """Add one line."""
    given = call.params
    for name in ("customer", "invoice", "amount", "currency"):
        if name not in given:
            raise ApiError(f"Missing required param: {name}.", code="parameter_missing", param=name)
    invoice = call.need(given["invoice"], "invoice", param="invoice")
    if invoice["customer"] != given["customer"]:
        raise ApiError("The invoice is of another customer.", param="invoice")
    if invoice["status"] != "draft":
        raise ApiError(
            "You can only add items to draft invoices.", code="invoice_not_editable", param="invoice"
        )
    currency = check_currency(given["currency"])
    if currency != invoice["currency"]:
        raise ApiError(f"The invoice is in {invoice['currency']}.", param="currency")
    check_amount(given["amount"], currency)
    now = call.sim.now()
    item = call.sim.new(
        "invoiceitem", "ii_1",
        account=call.account, amount=given["amount"], currency=currency, customer=given["customer"], date=now,
        description=given.get("description"), discountable=True, discounts=[], invoice=invoice["id"],
        metadata=given.get("metadata", {}), net_amount=given["amount"], parent=None,
        period={"start": now, "end": now}, proration=False, quantity=1, quantity_decimal="1", tax_rates=[],
        _tax_behavior=given.get("tax_behavior", "unspecified"),
    )  # fmt: skip
    invoicing.add_up(call.sim, invoice)
    return item
