"""The pages hold up for people with a screen reader, a keyboard, a phone or a large screen."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import people

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SIZES = [(360, 740), (1440, 900)]
PAGES = ["/", "/accounts/signup/?door=film", "/accounts/login/", "/no/such/page/", "/privacy/"]


def serious(page: Page) -> list[str]:
    """List what axe calls serious or critical."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {rule['help']} at {[node['target'] for node in rule['nodes']][:5]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}px")
@pytest.mark.parametrize("path", PAGES)
def test_nothing_serious_is_wrong(page: Page, live_server: object, path: str, size: tuple[int, int]) -> None:
    if path == "/":
        ride = people.make_footage(people.alice(), state="decided", showcase=True)
        people.make_package([people.make_clip(ride, position=i) for i in range(3)])
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{live_server}{path}")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"


def test_a_form_with_mistakes_has_none_of_its_own(page: Page, live_server: object) -> None:
    page.goto(f"{live_server}/accounts/signup/")
    page.get_by_label("E-mail").fill("nobody@")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_accessible_description(
        "We write here about your account, and nothing else. Enter a valid email address."
    )
    assert serious(page) == []


def test_the_menu_of_an_account_works_by_keyboard(page: Page, live_server: object) -> None:
    people.bob()
    page.goto(f"{live_server}/accounts/login/")
    page.get_by_label("E-mail").fill("bob@example.org")
    page.get_by_label("Password", exact=True).fill(people.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/buy/")
    page.goto(f"{live_server}/accounts/email/")
    opener = page.locator("details.menu > summary")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_first_tab_leads_to_the_content(page: Page, live_server: object) -> None:
    page.goto(f"{live_server}/terms/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
