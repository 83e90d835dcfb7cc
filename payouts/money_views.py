"""A contributor's statements, transfers cent by cent, and tax details."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from contributors.access import contributors_only
from marketplace import countries
from marketplace.models import User
from payouts import statements, trends
from payouts.earnings import read_month
from payouts.models import TaxProfile, Transfer


@contributors_only
@require_safe
@never_cache
def listing(request: HttpRequest) -> HttpResponse:
    """List the months, newest first, with what was earned and sent in each."""
    now = timezone.now()
    found = [
        {
            "month": month,
            "over": trends.ends(month, now=now),
            "statements": statements.of(request.user, month),
        }
        for month in statements.months(request.user)[:24]
    ]
    return render(request, "payouts/statements.html", {"months": found})


def me(request: HttpRequest) -> User:
    """Give the contributor whom ``contributors_only`` let in."""
    return cast(User, request.user)


def _month(text: str) -> date:
    month = read_month(text)
    if month is None:
        raise Http404("There is no such month.")
    return month


@contributors_only
@require_safe
@never_cache
def statement(request: HttpRequest, month: str, form: str) -> HttpResponse:
    """Give one month as PDF or CSV."""
    day = _month(month)
    found = statements.of(request.user, day)
    if form == "csv":
        response = HttpResponse("".join(statements.as_csv(found)), content_type="text/csv; charset=utf-8")
    else:
        name = me(request).shown_name
        data = statements.as_pdf(found, name=name, month=day, made_at=timezone.now())
        response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="fairframe-statement-{month}.{form}"'
    return response


@contributors_only
@require_safe
@never_cache
def transfer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show which clips of which sales one transfer paid."""
    row = Transfer.objects.filter(pk=pk, contributor=me(request)).first()
    if row is None:
        raise Http404("You have no such transfer.")
    rows = row.earnings.select_related("clip__footage", "line").order_by("-earned_at", "pk")
    return render(request, "payouts/transfer.html", {"transfer": row, "rows": rows})


class TaxForm(forms.ModelForm):
    """Who somebody is for the tax office."""

    country = forms.ChoiceField(
        choices=[("", "Choose a country"), *countries.CHOICES], label="Country of residence for tax"
    )

    class Meta:
        model = TaxProfile
        fields = [
            "kind", "legal_name", "birth_date", "line1", "postal_code", "city", "country", "tax_number", "registration",
            "vat_id",
        ]  # fmt: skip
        widgets = {"kind": forms.RadioSelect, "birth_date": forms.DateInput(attrs={"type": "date"})}
        help_texts = {
            "tax_number": "As your tax office writes it, e.g. SSN or EIN in the US, Steuer-ID in Germany.",
            "registration": "Companies only.",
            "vat_id": "Only if you have one.",
        }

    def clean(self) -> dict[str, Any]:
        """Ask for the birth date of people and the register number of companies."""
        values = super().clean() or {}
        needed = {
            "person": ("birth_date", "your date of birth"),
            "company": ("registration", "its register number"),
        }
        name, words = needed.get(values.get("kind", ""), ("", ""))
        if name and not values.get(name) and name not in self.errors:
            self.add_error(name, f"Tax offices want {words} too.")
        born = values.get("birth_date")
        if born and born >= timezone.now().date():
            self.add_error("birth_date", "This day has not come yet. Check the year.")
        return values


@contributors_only
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def tax(request: HttpRequest) -> HttpResponse:
    """Show and change what tax offices want to know."""
    known = TaxProfile.objects.filter(contributor=me(request)).first()
    form = TaxForm(request.POST or None, instance=known)
    if request.method == "POST" and form.is_valid():
        row = form.save(commit=False)
        row.contributor = request.user
        row.save()
        messages.success(request, "Saved. The next yearly report has these details.")
        return redirect("payouts:earnings")
    return render(request, "payouts/tax.html", {"form": form}, status=400 if form.errors else 200)
