"""Ask once more before something at the desk takes effect: a link alone never changes anything."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


def ask(request: HttpRequest, *, title: str, sentence: str, button: str, back: str) -> HttpResponse | None:
    """Give the page that asks, or None once its form was sent."""
    if request.method == "POST":
        return None
    context = {
        **admin.site.each_context(request),
        "title": title,
        "sentence": sentence,
        "button": button,
        "back": back,
    }
    return TemplateResponse(request, "moderation/confirm.html", context)
