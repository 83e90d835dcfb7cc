"""Finance's page at the desk and its files."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from marketplace.models import User
from marketplace.models.event import record
from marketplace.money import Money
from moderation.finance import TABLES, Table, as_csv
from payouts import tax_year

SHOWN = 20  # every rule of the books among them
finance_only = permission_required("payouts.view_ledgertransaction", raise_exception=True)


@finance_only
@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Show the head of every table; the files have all."""
    context = {
        **admin.site.each_context(request),
        "title": "Finance",
        "tables": [_shown(table) for table in TABLES.values()],
        "years": tax_year.years() if request.user.has_perm("payouts.view_taxprofile") else [],
    }
    return TemplateResponse(request, "moderation/finance.html", context)


def _shown(table: Table) -> dict[str, Any]:
    rows = list(islice(table.rows(), SHOWN + 1))
    at = table.columns.index("currency") if "currency" in table.columns else None
    cells = [
        [
            str(Money(cell, row[at])) if at is not None and name.endswith("_minor") else cell
            for name, cell in zip(table.columns, row, strict=True)
        ]
        for row in rows[:SHOWN]
    ]
    heads = [name.removesuffix("_minor").replace("_", " ").capitalize() for name in table.columns]
    return {"table": table, "heads": heads, "rows": cells, "more": len(rows) > SHOWN}


def _file(lines: Iterator[str], name: str) -> HttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="fairframe-{name}.csv"'
    return response  # type: ignore[return-value]


@finance_only
@require_safe
@never_cache
def table_csv(request: HttpRequest, name: str) -> HttpResponse:
    """Give one table as a file."""
    if name not in TABLES:
        raise Http404("There is no such table.")
    return _file(as_csv(TABLES[name]), name)


@permission_required("payouts.view_taxprofile", raise_exception=True)
@require_safe
@never_cache
def tax_csv(request: HttpRequest, year: int) -> HttpResponse:
    """Give the yearly export for the tax offices; it names people, so who took it is written down."""
    by = cast(User, request.user)
    record("finance.tax_export", subject=by, actor=by, data={"year": year})
    return _file(tax_year.rows(year), f"tax-{year}")
