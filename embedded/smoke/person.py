"""One person with a browser's habits: cookies, forms with their hidden fields, redirects."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests

SECONDS = 60


class StepFailed(Exception):
    """Say which step of the walk did not do what it should."""


class _Forms(HTMLParser):
    """Collect the forms of a page: action, method, and the fields a browser would send unasked."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._select: tuple[str, bool] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(
                {
                    "action": found.get("action", ""),
                    "method": found.get("method", "get").lower(),
                    "fields": {},
                }
            )
            return
        if not self.forms or ("name" not in found and tag != "option"):
            return
        fields = self.forms[-1]["fields"]
        if tag == "input" and found.get("type") not in ("submit", "button", "file", "checkbox", "radio"):
            fields.setdefault(found["name"], found.get("value", ""))
        elif tag == "input" and "checked" in found:
            fields.setdefault(found["name"], found.get("value", "on"))
        elif tag == "textarea":
            fields.setdefault(found["name"], "")
        elif tag == "select":
            self._select = (found["name"], False)
        elif tag == "option" and self._select:
            name, chosen = self._select
            if not chosen and ("selected" in found or name not in fields):
                fields[name] = found.get("value", "")
                self._select = (name, "selected" in found)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None


class Person:
    """A visitor of the site; every answer that is not what was asked for is a StepFailed."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.browser = requests.Session()
        self.browser.headers["User-Agent"] = "Fairframe smoke walk"

    def log_in(self, email: str, password: str) -> None:
        """Log in through the page that everyone uses."""
        page = self.get("/accounts/login/")
        answer = self.send(page, "login", {"login": email, "password": password})
        if "/accounts/login" in answer.url:
            raise StepFailed(f"{email} could not log in: {said(answer)}")

    def get(self, address: str, *, expect: int = 200) -> requests.Response:
        """Open a page."""
        return self._checked(self.browser.get(urljoin(self.site, address), timeout=SECONDS), expect)

    def send(
        self,
        page: requests.Response,
        holds: str,
        values: dict[str, Any],
        *,
        action: str = "",
        expect: int = 200,
    ) -> requests.Response:
        """Fill in the form of ``page`` that has the field ``holds`` (or whose action has ``action``) and send it."""
        parser = _Forms()
        parser.feed(page.text)
        for form in parser.forms:
            if (
                (not holds or holds in form["fields"])
                and action in form["action"]
                and form["method"] == "post"
            ):
                target = urljoin(page.url, form["action"])
                data = {**form["fields"], **values}
                headers = {"Referer": page.url}
                return self._checked(
                    self.browser.post(target, data=data, headers=headers, timeout=SECONDS), expect
                )
        raise StepFailed(f"{page.url} has no form with “{holds or action}”: {said(page)}")

    def post_form(self, address: str, values: dict[str, Any]) -> dict[str, Any]:
        """Send a form as the page's own script does, and give the JSON answer."""
        return self._posted(address, data=values)

    def post_json(self, address: str, values: dict[str, Any]) -> dict[str, Any]:
        """Send JSON as the page's own script does, and give the JSON answer."""
        return self._posted(address, json=values)

    def _posted(self, address: str, **body: Any) -> dict[str, Any]:
        headers = {"X-CSRFToken": self.browser.cookies.get("csrftoken", ""), "Referer": self.site}
        answer = self.browser.post(urljoin(self.site, address), headers=headers, timeout=SECONDS, **body)
        return dict(self._checked(answer, answer.status_code if answer.ok else 200).json())

    def _checked(self, answer: requests.Response, expect: int) -> requests.Response:
        if "/accounts/login/" in answer.url and "/accounts/login/" not in (answer.history or [answer])[0].url:
            raise StepFailed(
                f"{answer.history[0].url} wants a log-in: this person was logged out on the way."
            )
        if answer.status_code != expect:
            raise StepFailed(f"{answer.url} answered {answer.status_code}: {said(answer)}")
        return answer


def said(answer: requests.Response) -> str:
    """Give the words of a page's errors and messages, or the first words of its content."""
    content = answer.text.split("<main", 1)[-1].partition(">")[2] or answer.text
    text = re.sub(r"<(script|style|head)\b.*?</\1>", " ", content, flags=re.S)
    spoken = re.findall(r'role="(?:alert|status)"[^>]*>(.*?)</', text, flags=re.S)
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", " ".join(spoken) or text)).strip()
    return plain[:300]
