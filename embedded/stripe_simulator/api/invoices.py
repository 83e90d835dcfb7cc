"""Create, finalise, send, void and read invoices."""

from .. import invoicing, promotions
from ..errors import ApiError, Obj, unsupported
from ..events import emit
from ..money import check_currency
from ..routing import route
from ..shapes import listing, shown
from ..simulator import Call, merge_metadata

SUPPORTED = (
    "auto_advance automatic_tax collection_method currency custom_fields customer days_until_due description discounts"
    " footer number payment_settings pending_invoice_items_behavior"
)


@route("POST", "/v1/invoices", "InvoiceCreateParams", supports=SUPPORTED)
def create(call: Call) -> Obj:
    """Create a draft for a customer."""
    given = call.params
    if "customer" not in given:
        raise ApiError("Missing required param: customer.", code="parameter_missing", param="customer")
    customer = call.need(given["customer"], "customer", param="customer")
    method = given.get("collection_method", "charge_automatically")
    if method == "send_invoice" and "days_until_due" not in given:
        raise ApiError(
            "If collection_method is send_invoice, due_date or days_until_due is required.",
            param="days_until_due",
        )
    if given.get("pending_invoice_items_behavior", "exclude") != "exclude":
        raise unsupported("pending_invoice_items_behavior=include", param="pending_invoice_items_behavior")
    currency = check_currency(given.get("currency", "usd"))
    # What a percentage takes off is known when the lines are; the code itself is checked now.
    _, discount = promotions.asked(call, total=2**40, currency=currency)
    automatic = bool(given.get("automatic_tax", {}).get("enabled"))
    if automatic and not (customer.get("address") or {}).get("country"):
        raise ApiError(
            "The customer's location isn't recognized. Set a valid customer address in order to automatically"
            " calculate tax.",
            code="customer_tax_location_invalid",
            param="automatic_tax[enabled]",
        )
    invoice = invoicing.new(
        call.sim, account=call.account, customer=customer, currency=currency, call=call,
        collection_method=method, auto_advance=given.get("auto_advance", False), billing_reason="manual",
        custom_fields=given.get("custom_fields"), description=given.get("description"), footer=given.get("footer"),
        parent=None, _days=given.get("days_until_due"),
    )  # fmt: skip
    if automatic:
        liability = {"type": "self", "account": None}
        invoice["automatic_tax"] |= {
            "enabled": True, "liability": liability, "provider": "stripe", "status": "complete",
        }  # fmt: skip
    invoice |= {"_discount": discount, "metadata": given.get("metadata", {}), "number": given.get("number")}
    invoice["payment_settings"] |= given.get("payment_settings", {})
    return invoicing.add_up(call.sim, invoice)


@route("GET", "/v1/invoices/{id}", "InvoiceRetrieveParams")
def retrieve(call: Call, id: str) -> Obj:
    """Read an invoice."""
    return call.need(id, "invoice")


@route("POST", "/v1/invoices/{id}", "InvoiceUpdateParams", supports="number description footer")
def update(call: Call, id: str) -> Obj:
    """Change a draft; of a final one only the metadata."""
    invoice = call.need(id, "invoice")
    if invoice["status"] != "draft" and set(call.params) - {"metadata", "expand"}:
        raise ApiError("Finalized invoices can't be updated in this way.", code="invoice_not_editable")
    number = call.params.get("number")
    if number and any(row["id"] != id for row in call.store.find("invoice", where={"number": number})):
        raise ApiError(f"The invoice number {number} is already used.", param="number")
    invoice |= {
        name: call.params[name] for name in ("number", "description", "footer") if name in call.params
    }
    invoice["metadata"] = merge_metadata(invoice["metadata"], call.params.get("metadata"))
    return call.store.save(invoice)


@route("POST", "/v1/invoices/{id}/finalize", "InvoiceFinalizeInvoiceParams", supports="auto_advance")
def finalize(call: Call, id: str) -> Obj:
    """Finalise a draft."""
    invoice = call.need(id, "invoice")
    if not call.store.find("invoiceitem", where={"invoice": id}, limit=1):
        raise ApiError("Nothing to invoice for customer.", code="invoice_no_customer_line_items")
    return invoicing.finalize(call.sim, invoice, call=call)


@route("POST", "/v1/invoices/{id}/send", "InvoiceSendInvoiceParams")
def send(call: Call, id: str) -> Obj:
    """Say that the invoice was mailed; nothing is mailed here."""
    invoice = call.need(id, "invoice")
    if invoice["collection_method"] != "send_invoice":
        raise ApiError("You can only manually send an invoice with collection_method send_invoice.")
    if invoice["status"] == "draft":
        invoicing.finalize(call.sim, invoice, call=call)
    emit(call.sim, "invoice.sent", invoice, account=call.account, call=call)
    return invoice


@route("POST", "/v1/invoices/{id}/void", "InvoiceVoidInvoiceParams")
def void(call: Call, id: str) -> Obj:
    """Void an open invoice."""
    return invoicing.void(call.sim, call.need(id, "invoice"), call=call)


@route(
    "GET", "/v1/invoices", "InvoiceListParams",
    supports="created customer ending_before limit starting_after status subscription",
)  # fmt: skip
def list_invoices(call: Call) -> Obj:
    """List invoices."""
    where = {"customer": call.params.get("customer"), "status": call.params.get("status")}
    return call.page("invoice", where={**where, "_subscription": call.params.get("subscription")})


@route("GET", "/v1/invoice_payments", "InvoicePaymentListParams", supports="invoice limit payment")
def list_payments(call: Call) -> Obj:
    """List what paid an invoice, or which invoice a payment paid."""
    given, where = call.params, {}
    if "invoice" in given:
        where["invoice"] = given["invoice"]
    if "payment" in given:
        if given["payment"].get("type") != "payment_intent":
            raise unsupported("payment[type] other than payment_intent", param="payment[type]")
        where["payment.payment_intent"] = given["payment"]["payment_intent"]
    rows = call.store.find("invoice_payment", account=call.account, where=where)
    return listing([shown(row) for row in rows[: call.params.get("limit", 10)]], call.path)
