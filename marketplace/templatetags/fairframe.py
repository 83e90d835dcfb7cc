"""What templates need to write money, time, size, state and icons for a person."""

from __future__ import annotations

from typing import Any

from django import template
from django.forms import BoundField
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from marketplace import navigation, taxonomy
from marketplace.icons import ICONS
from marketplace.money import Money

register = template.Library()
NOTHING = "–"

# The colour of a state: wait = waiting on you, live = a machine is at work, ok, bad, idle.
TONES = {
    "live": {"uploading", "queued", "processing", "publishing", "running"},
    "wait": {"contributor_review", "stopped", "pending", "due", "awaiting"},
    "ok": {"decided", "approved", "published", "paid", "settled", "sent", "done", "active"},
    "bad": {"refused", "failed", "past_due", "rejected", "reversed"},
}


@register.filter
def money(minor: Any, currency: str = "usd") -> str:
    """Write minor units: ``123450|money:"usd"`` → ``$1,234.50``; a Money writes itself."""
    if isinstance(minor, Money):
        return str(minor)
    return NOTHING if minor in (None, "") else str(Money(int(minor), currency or "usd"))


@register.filter
def duration(milliseconds: Any) -> str:
    """Write a length in words: ``48 s``, ``3 min 05 s``, ``2 h 07 min``."""
    if milliseconds in (None, ""):
        return NOTHING
    seconds = round(float(milliseconds) / 1000)
    if 0 < float(milliseconds) < 1000:
        return f"{float(milliseconds) / 1000:.1f} s"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds // 3600:,} h {seconds % 3600 // 60:02d} min"


@register.filter
def hours(milliseconds: Any) -> str:
    """Write a length as hours for a figure: ``0.4``, ``12.5``, ``1,204``."""
    value = float(milliseconds or 0) / 3_600_000
    return (
        f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 0.1 or not value else f"{value:.2f}"
    )


@register.filter
def clock(seconds: Any) -> str:
    """Write a moment in a video: ``0:07``, ``12:40``, ``1:02:03``."""
    if seconds in (None, ""):
        return NOTHING
    whole = int(float(seconds))
    minutes, rest = divmod(whole, 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


@register.filter
def clock_ms(milliseconds: Any) -> str:
    """Write a moment that is given in milliseconds."""
    return NOTHING if milliseconds in (None, "") else clock(float(milliseconds) / 1000)


@register.filter
def filesize(size: Any) -> str:
    """Write bytes in decimal units, as file managers and bills do: ``512 B``, ``16.8 MB``, ``2.1 GB``."""
    if size in (None, ""):
        return NOTHING
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit in ("B", "kB") else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} TB"


@register.filter
def percent(fraction: Any, digits: int = 0) -> str:
    """Write a fraction: ``0.987|percent`` → ``99%``, ``0.987|percent:1`` → ``98.7%``."""
    return NOTHING if fraction in (None, "") else f"{float(fraction) * 100:.{int(digits)}f}%"


@register.filter
def tag_label(tag_id: str) -> str:
    """Write a scenario tag's value: ``odd.illumination.night_lit`` → ``Night lit``."""
    return taxonomy.label(tag_id)


@register.filter
def paragraphs(text: str) -> list[str]:
    """Split a text at its empty lines; inside a paragraph the page breaks the lines, not the file."""
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def tone(state: Any) -> str:
    """Give the colour name of a state."""
    return next((name for name, states in TONES.items() if str(state) in states), "idle")


@register.simple_tag
def pill(row: Any, *, sentence: bool = False) -> SafeString:
    """Show the state of ``row``; with ``sentence`` also what it means, since when, and the reason."""
    # A state's sentence is “Word: what happens next.”; the pill is the word.
    word, _, rest = str(row.get_state_display()).partition(":")
    context = {
        "word": word.rstrip("."),
        "rest": (rest.strip()[:1].upper() + rest.strip()[1:]) if sentence else "",
        "tone": tone(row.state),
        "since": getattr(row, "state_changed_at", None) if sentence else None,
        "reason": getattr(row, "reason", "") if sentence else "",
    }
    return SafeString(render_to_string("components/pill.html", context))


@register.simple_tag
def described_by(field: BoundField, help_text: str = "") -> str:
    """List the ids of what explains ``field``: its help, also when only the page gives one, and its errors."""
    ids = [f"{field.auto_id}_helptext"] if help_text or field.help_text else []
    return " ".join([*ids, f"{field.auto_id}_error"] if field.errors else ids)


@register.simple_tag
def control(field: BoundField, help_text: str = "") -> SafeString:
    """Draw the control of ``field``, tied to its help and its errors."""
    ids = field.field.widget.attrs.get("aria-describedby") or described_by(field, help_text)
    return field.as_widget(attrs={"aria-describedby": ids} if ids else {})


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon; decoration unless it has a ``label``."""
    role = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" focusable="false" {}><path d="{}"/></svg>', role, ICONS[name]
    )


@register.simple_tag(takes_context=True)
def nav_links(context: template.Context) -> list[navigation.Link]:
    """List the links of the bar for this visitor."""
    request = context.get("request")
    return navigation.links(
        door=context.get("door") or "",
        cart_count=context.get("cart_count") or 0,
        path=getattr(request, "path", ""),
    )


@register.simple_tag(takes_context=True)
def account_links(context: template.Context) -> list[navigation.Link]:
    """List the pages about one's own account."""
    request = context.get("request")
    return navigation.account_links(door=context.get("door") or "", path=getattr(request, "path", ""))
