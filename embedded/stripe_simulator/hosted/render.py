"""Fill the page templates; every value is escaped unless it is HTML made here."""

from functools import cache
from html import escape
from pathlib import Path
from string import Template

from ..gateway import Answer

PAGES = Path(__file__).parent / "pages"
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Html(str):
    """Mark text that is HTML already."""


@cache
def _template(name: str) -> Template:
    return Template((PAGES / name).read_text(encoding="utf-8"))


def part(template: str, /, **values: object) -> Html:
    """Fill one template."""
    safe = {key: value if isinstance(value, Html) else escape(str(value)) for key, value in values.items()}
    return Html(_template(template).substitute(safe))


def page(template: str, /, *, title: str, status: int = 200, **values: object) -> Answer:
    """Fill a template and put the frame of all pages around it."""
    whole = part("layout.html", title=title, content=part(template, **values))
    return Answer(status, whole.encode(), dict(HEADERS))


def notice(
    title: str, text: str, *, link: str | None = None, label: str = "Go back", status: int = 200
) -> Answer:
    """Tell a person one thing, with a way on."""
    action = part("action.html", href=link, label=label) if link else Html("")
    return page("notice.html", title=title, heading=title, text=text, action=action, status=status)


def redirect(url: str) -> Answer:
    """Send the browser on, with a GET."""
    return Answer(303, b"", {"Location": url, "Cache-Control": "no-store"})


def options(names: dict[str, str], chosen: str) -> Html:
    """List the choices of a select."""
    return Html(
        "".join(
            f'<option value="{escape(code)}"{" selected" if code == chosen else ""}>{escape(name)}</option>'
            for code, name in names.items()
        )
    )


def field_error(field: str, errors: dict[str, str]) -> Html:
    """Say what is wrong with a field, tied to it by aria-describedby."""
    text = errors.get(field)
    return part("field_error.html", id=f"{field}-error", text=text) if text else Html("")
