"""The pages work under a policy that allows no inline script and no inline style."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

TEMPLATES = [
    path
    for path in sorted((settings.BASE_DIR / "templates").rglob("*.html"))
    if path.relative_to(settings.BASE_DIR / "templates").parts[0] not in ("admin", "moderation", "unfold")
]
FORBIDDEN = {
    "an inline script": r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>",
    "an inline style": r"\sstyle\s*=",
    "a style element": r"<style\b",
    "an event attribute": r"\son[a-z]+\s*=\s*[\"']",
    "a javascript: address": r"javascript:",
    "htmx that evaluates": r"hx-on|hx-vals=[\"']js:|hx-headers=[\"']js:",
    "somebody else's server": r"(?:src|href)=[\"'](?:https?:)?//(?!\{)",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_a_template_has_nothing_that_the_policy_refuses(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    found = [what for what, pattern in FORBIDDEN.items() if re.search(pattern, source)]
    assert not found, f"{path.name} has {', '.join(found)}"


def test_the_stylesheet_loads_nothing_from_elsewhere() -> None:
    css = (settings.BASE_DIR / "static" / "app.css").read_text(encoding="utf-8")
    assert "@import" not in css
    assert set(re.findall(r"url\(\s*[\"']?([a-z]+:)", css)) <= {"data:"}


@pytest.mark.django_db
def test_the_policy_is_sent_and_strict(client: Client) -> None:
    policy = client.get("/terms/").headers["Content-Security-Policy"]
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())
    assert rules["script-src"] == "'self'"
    assert rules["style-src"] == "'self'"
    assert rules["default-src"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy
