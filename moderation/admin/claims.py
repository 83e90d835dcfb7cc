"""Refunds, disputes, policies and the nightly comparison with Stripe: what finance staff do with paid money."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action

from marketplace.money import Money
from moderation.admin.base import Desk
from moderation.confirm import ask
from moderation.refund_form import RefundForm
from payouts import evidence, refunds
from payouts.models import Dispute, Reconciliation, Refund, RefundState, SplitPolicy


class Refunding(Desk):
    """Add to the page of an order or of a plan's month: refund it, in full or in part."""

    refund_sentence = ""
    actions_detail = ["refund"]

    @action(description="Refund", url_path="refund", permissions=["refund"])
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how much and why, then refund through Stripe."""
        row = get_object_or_404(self.model, pk=object_id)
        here = reverse(f"admin:buyers_{self.opts.model_name}_change", args=[row.pk])
        form = RefundForm(request.POST or None, of=row)
        if form.is_valid():
            try:
                made = refunds.ask(
                    of=row,
                    amount_minor=form.amount_minor,
                    reason=form.cleaned_data["reason"],
                    actor=request.user,
                    seen_minor=form.cleaned_data["seen"],
                )
            except refunds.RefundRefused as why:
                form.add_error(None, str(why))
            else:
                amount = Money(made.amount_minor, made.currency)
                tell = messages.error if made.state == RefundState.REFUSED else messages.success
                tell(request, f"{amount}: {made.get_state_display()} {made.note}".strip())
                return redirect(here)
        context = {
            **admin.site.each_context(request),
            "title": f"Refund {row}",
            "sentence": f"{row.organisation} paid {Money(row.total_minor, row.currency)}; "
            f"{Money(refunds.given_minor(row), row.currency)} of it was refunded. {self.refund_sentence}",
            "form": form,
            "button": "Refund",
            "back": here,
        }
        return TemplateResponse(request, "moderation/form.html", context)

    def has_refund_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("payouts.add_refund")


class WithAmount:
    """Show an amount with its currency."""

    @admin.display(description="Amount", ordering="amount_minor")
    def amount(self, row: Any) -> str:
        return str(Money(row.amount_minor, row.currency))


@admin.register(Refund)
class RefundAdmin(WithAmount, Desk):
    list_display = ["__str__", "amount", "state", "reason", "actor", "created_at", "note"]
    list_filter = ["state"]
    search_fields = ["order__id", "period__id", "stripe_id", "reason"]
    list_select_related = ["order", "period", "actor"]


@admin.register(Dispute)
class DisputeAdmin(WithAmount, Desk):
    list_display = ["__str__", "amount", "status", "reason", "opened_at", "answer_by", "evidence_sent_at"]
    list_filter = ["status"]
    search_fields = ["order__id", "period__id", "stripe_id"]
    list_select_related = ["order", "period"]
    actions_detail = ["evidence_pack", "send_evidence"]

    @action(description="Evidence (ZIP)", url_path="evidence", permissions=["answer"])
    def evidence_pack(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the evidence to look at."""
        dispute = get_object_or_404(Dispute, pk=object_id)
        response = HttpResponse(evidence.pack(dispute), content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="evidence-{dispute.stripe_id}.zip"'
        return response

    @action(description="Send the evidence to the bank", url_path="answer", permissions=["answer"])
    def send_evidence(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once more, then hand the evidence to the bank."""
        dispute = get_object_or_404(Dispute, pk=object_id)
        here = reverse("admin:payouts_dispute_change", args=[dispute.pk])
        page = ask(
            request,
            title=f"Answer the {str(dispute).lower()}",
            sentence="The acceptances, what was delivered, downloads and uses of the API go to the buyer's bank. "
            "A bank takes evidence once: look at the ZIP first.",
            button="Send the evidence",
            back=here,
        )
        if page:
            return page
        try:
            evidence.send(dispute=dispute, actor=request.user)
            messages.success(request, "The evidence is with the bank. It decides, usually within 75 days.")
        except evidence.NotSent as why:
            messages.error(request, str(why))
        return redirect(here)

    def has_answer_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("payouts.change_dispute")


@admin.register(SplitPolicy)
class SplitPolicyAdmin(Desk):
    """A policy is added for a day to come and never changed."""

    list_display = [
        "vertical",
        "starts_at",
        "share_percent",
        "minute_least_minor",
        "minute_most_minor",
        "made_by",
    ]
    list_filter = ["vertical"]
    fields = ["vertical", "starts_at", "share_percent", "minute_least_minor", "minute_most_minor"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payouts.add_splitpolicy")

    def save_model(self, request: HttpRequest, obj: SplitPolicy, form: Any, change: bool) -> None:
        if change:
            raise PermissionDenied("A policy never changes; add one that takes over.")
        obj.made_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)


@admin.register(Reconciliation)
class ReconciliationAdmin(Desk):
    list_display = ["day", "currency", "movements", "stripe", "ours", "difference", "missing", "checked_at"]
    list_filter = ["currency"]
    date_hierarchy = "day"

    @admin.display(description="At Stripe")
    def stripe(self, row: Reconciliation) -> str:
        return str(Money(row.stripe_minor, row.currency))

    @admin.display(description="In the books")
    def ours(self, row: Reconciliation) -> str:
        return str(Money(row.ours_minor, row.currency))

    @admin.display(description="Difference (0 is right)", ordering="difference_minor")
    def difference(self, row: Reconciliation) -> str:
        return str(Money(row.difference_minor, row.currency))
