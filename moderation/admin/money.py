"""Orders, the ledger and payouts: read-only, but for the payout run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from unfold.admin import TabularInline
from unfold.decorators import action

from buyers.models import Entitlement, Order, OrderLine, Organisation, PlanPeriod, PlanUse
from marketplace.money import Money
from moderation.admin.base import Desk
from moderation.admin.claims import Refunding
from moderation.confirm import ask
from payouts import transfers
from payouts.models import (
    Earning,
    LedgerAccount,
    LedgerLine,
    LedgerTransaction,
    StripeEvent,
    Transfer,
)


class Rows(TabularInline):
    """Rows of another table on a page, to read."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OrderLineRows(Rows):
    model = OrderLine
    fields = ["title", "version", "price"]
    readonly_fields = ["price"]

    @admin.display(description="Price")
    def price(self, row: OrderLine) -> str:
        return str(Money(row.price_minor, row.order.currency))


class LedgerLineRows(Rows):
    model = LedgerLine
    fields = ["account", "amount"]
    readonly_fields = ["amount"]

    @admin.display(description="Debit (credit below zero)")
    def amount(self, row: LedgerLine) -> str:
        return str(Money(row.amount_minor, row.currency))


@admin.register(Organisation)
class OrganisationAdmin(Desk):
    list_display = ["name", "country", "created_at"]
    search_fields = ["name"]


@admin.register(Order)
class OrderAdmin(Refunding):
    refund_sentence = (
        "Every contributor's share goes down in proportion; with the whole sum the downloads close."
    )
    list_display = ["short_number", "organisation", "total", "state", "created_at", "paid_at"]
    list_filter = ["state", "currency"]
    search_fields = ["id", "organisation__name", "stripe_session_id"]
    list_select_related = ["organisation"]
    inlines = [OrderLineRows]

    @admin.display(description="Total", ordering="total_minor")
    def total(self, row: Order) -> str:
        return str(Money(row.total_minor, row.currency))


class PlanUseRows(Rows):
    model = PlanUse
    fields = ["order", "ms", "value_minor", "at"]


@admin.register(PlanPeriod)
class PlanPeriodAdmin(Refunding):
    refund_sentence = (
        "It comes from our part: contributors keep what used hours earned. With the whole sum the month's hours and "
        "the downloads taken with it close."
    )
    list_display = ["__str__", "organisation", "total", "standing", "starts_at", "ends_at", "closed_at"]
    list_filter = ["standing", "plan"]
    search_fields = ["id", "organisation__name", "stripe_invoice_id", "stripe_charge"]
    list_select_related = ["organisation"]
    inlines = [PlanUseRows]

    @admin.display(description="Paid, with tax")
    def total(self, row: PlanPeriod) -> str:
        return str(Money(row.total_minor, row.currency))


@admin.register(Entitlement)
class EntitlementAdmin(Desk):
    list_display = ["organisation", "version", "starts_at", "until", "revoked_at"]
    list_select_related = ["organisation", "version__package"]


@admin.register(StripeEvent)
class StripeEventAdmin(Desk):
    list_display = ["stripe_id", "kind", "received_at", "handled_at", "attempts", "note"]
    list_filter = ["kind", ("handled_at", admin.EmptyFieldListFilter)]
    search_fields = ["stripe_id"]


@admin.register(LedgerAccount)
class LedgerAccountAdmin(Desk):
    list_display = ["kind", "contributor", "currency"]
    list_filter = ["kind", "currency"]
    search_fields = ["contributor__email"]
    list_select_related = ["contributor"]


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(Desk):
    list_display = ["at", "kind", "memo", "reference"]
    list_filter = ["kind"]
    search_fields = ["reference", "memo"]
    date_hierarchy = "at"
    inlines = [LedgerLineRows]


@admin.register(Earning)
class EarningAdmin(Desk):
    list_display = ["contributor", "amount", "formula", "earned_at", "available_on", "transfer"]
    search_fields = ["contributor__email"]
    list_select_related = ["contributor", "transfer__contributor"]

    @admin.display(description="Amount", ordering="amount_minor")
    def amount(self, row: Earning) -> str:
        return str(Money(row.amount_minor, row.currency))


@admin.register(Transfer)
class TransferAdmin(Desk):
    list_display = ["contributor", "amount", "state", "created_at", "sent_at", "stripe_id", "reason"]
    list_filter = ["state", "currency"]
    search_fields = ["contributor__email", "stripe_id"]
    list_select_related = ["contributor"]
    actions_list = ["run_payouts"]
    actions_detail = ["take_back", "release"]

    @admin.display(description="Amount", ordering="amount_minor")
    def amount(self, row: Transfer) -> str:
        return str(Money(row.amount_minor, row.currency))

    @action(description="Run payouts now", url_path="run", permissions=["run"])
    def run_payouts(self, request: HttpRequest) -> HttpResponse:
        """Ask once more, then pay what is past its hold, like the run on the 1st of the month."""
        here = reverse("admin:payouts_transfer_changelist")
        page = ask(
            request,
            title="Run payouts now",
            sentence="Everyone whose earnings are past the hold and above the minimum is paid at once.",
            button="Run payouts",
            back=here,
        )
        if page:
            return page
        outcome = transfers.run(actor=request.user)
        messages.success(request, f"Payouts have run: {outcome}")
        return redirect(here)

    @action(description="Take back", url_path="take-back", permissions=["run"])
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once more, then take the whole transfer back at Stripe."""
        row = get_object_or_404(Transfer, pk=object_id)
        sentence = (
            f"What is left of {self.amount(row)} comes back from the contributor's Stripe account, as far as it is "
            "still there. It is owed to them again: release it, and it goes with the next payout."
        )
        return self._ask(request, row, "Take this transfer back", sentence, self._take_back)

    @action(description="Release", url_path="release", permissions=["run"])
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once more, then let what came back go with the next run."""
        row = get_object_or_404(Transfer, pk=object_id)
        sentence = f"The earnings of {self.amount(row)} that came back go with the next payout again."
        return self._ask(request, row, "Release this transfer", sentence, self._release)

    def _take_back(self, row: Transfer, actor: Any) -> str:
        try:
            return transfers.take_back(transfer=row, actor=actor)
        except transfers.NotTakenBack as why:
            return str(why)

    def _release(self, row: Transfer, actor: Any) -> str:
        done = transfers.release(transfer=row, actor=actor)
        return (
            "It goes with the next payout." if done else "Only what came back as a whole is released, once."
        )

    def _ask(
        self,
        request: HttpRequest,
        row: Transfer,
        title: str,
        sentence: str,
        do: Callable[[Transfer, Any], str],
    ) -> HttpResponse:
        here = reverse("admin:payouts_transfer_change", args=[row.pk])
        page = ask(request, title=title, sentence=sentence, button=title, back=here)
        if page:
            return page
        messages.info(request, do(row, request.user))
        return redirect(here)

    def has_run_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("payouts.add_transfer")
