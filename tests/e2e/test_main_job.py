"""The main job through the pages: Alice uploads and submits, Mo approves, Cora publishes, Bob buys and downloads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from buyers.models import Order
from marketplace.models import Footage, PackageVersion, User
from marketplace.states import FootageState, OrderState, VersionState
from payouts import checks, ledger
from payouts.models import Earning
from tests import people
from tests.chromium import visitor
from tests.media import make_video

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]
WORK = 180_000  # ms for a worker on two busy cores
Opened = Callable[[User], Page]


@pytest.fixture
def as_person(browser: Browser, live_server: Any) -> Iterator[Opened]:
    """Open a browser of one's own and log in through the page; nothing may break the content security policy."""
    contexts, broken = [], []

    def log_in(user: User) -> Page:
        context = visitor(browser, width=1280, height=900, base_url=live_server.url)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda line: broken.append(line.text) if "Content Security" in line.text else None)
        page.goto("/accounts/login/")
        page.fill("#id_login", user.email)
        page.fill("#id_password", people.PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/accounts/login" not in url)
        return page

    yield log_in
    for context in contexts:
        context.close()
    assert broken == []


@pytest.mark.usefixtures("s3", "worker", "stripe_simulator")
def test_from_a_drive_to_a_download(as_person: Opened, tmp_path: Path) -> None:
    ride = tmp_path / "evening ride.mp4"
    make_video(ride, seconds=2, plate="B FF 2607", extra=["-metadata", "location=+52.5200+013.4050/"])
    alice = as_person(people.alice())
    upload(alice, ride)
    review(alice)
    approve(as_person(people.mo()))
    publish(as_person(people.staff("cora@example.org", "Curators")))
    buy(as_person(people.bob()), tmp_path)
    see_earnings(alice)
    assert checks.broken() == []
    assert set(ledger.balance_sum().values()) == {0}


def upload(page: Page, ride: Path) -> None:
    page.goto("/film/upload/")
    page.set_input_files("#picker", ride)
    page.select_option("#id_country", "DE")
    page.fill("#id_place", "Berlin")
    start = page.get_by_role("button", name=re.compile("^(Start|Upload)"))
    for purpose in ("store", "sell", "people"):
        assert not page.is_checked(f"#consent_{purpose}"), "no box is ticked for her"
        page.check(f"#consent_{purpose}")
    start.first.click()
    link = page.locator("#files .file a[href*='/film/footage/']")
    expect(link).to_be_visible(timeout=60_000)
    link.click()
    footage = Footage.objects.get()
    assert footage.sha256 == hashlib.sha256(ride.read_bytes()).hexdigest()


def review(page: Page) -> None:
    submit = page.get_by_role("button", name="Submit to the moderators")
    expect(submit).to_be_visible(timeout=WORK)
    expect(page.locator("video").first).to_be_visible()
    assert page.locator("video").first.evaluate(
        "video => new Promise(done => { video.muted = true; video.play();"
        " video.ontimeupdate = () => done(video.videoWidth); })"
    )
    submit.click()
    expect(page.get_by_text("with our moderators now")).to_be_visible()


def approve(page: Page) -> None:
    page.goto("/desk/")
    page.get_by_role("link", name="Review the oldest").click()
    page.get_by_role("button", name="Show the original").click()
    expect(page.locator("video[data-role=original]")).to_have_attribute("src", re.compile("/desk/original/"))
    while page.get_by_role("button", name=re.compile("^Approve")).count():
        with page.expect_navigation():
            page.keyboard.press("a")
    expect(page.get_by_text("Nothing waits for a verdict")).to_be_visible()
    assert Footage.objects.get().state == FootageState.DECIDED


def publish(page: Page) -> None:
    page.goto("/desk/marketplace/clip/?state__exact=approved")
    page.check("#action-toggle")
    page.select_option("select[name=action]", "make_package")
    page.locator("button[name=index]").click()
    page.fill("#id_title", "Evenings in Berlin")
    page.fill("#id_summary", "A short ride with a plate that nobody can read.")
    page.fill("#id_price", "250")
    page.get_by_role("button", name="Make the draft").click()
    page.get_by_role("link", name="Publish", exact=True).click()
    expect(page.get_by_text("go on sale for $250.00")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Publish", exact=True).click()
    for _ in range(60):
        if PackageVersion.objects.filter(state=VersionState.PUBLISHED).exists():
            break
        page.wait_for_timeout(500)
    # A fresh visit, not a reload: a page that is still settling refuses to be reloaded.
    page.goto(page.url)
    page.get_by_role("link", name="See its page").click()
    expect(page.get_by_role("heading", name="Evenings in Berlin")).to_be_visible()


def buy(page: Page, folder: Path) -> None:
    page.goto("/packages/")
    page.fill("input[name=q]", "berlin")
    expect(page).to_have_url(re.compile("q=berlin"))
    page.get_by_role("link", name="Evenings in Berlin").click()
    page.get_by_role("button", name="Add to cart").click()
    pay = page.get_by_role("button", name=re.compile("^Pay"))
    pay.click()
    assert not Order.objects.exists(), "the licence has to be accepted first"
    page.check("input[name^=terms_]")
    pay.click()
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_label("Expiry").fill("12 / 40")
    page.get_by_label("CVC").fill("123")
    page.get_by_label("Name on card").fill("Bob Builder")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_text("downloads open until")).to_be_visible(timeout=60_000)
    assert Order.objects.get().state == OrderState.PAID
    sums = (
        requests_session(page)
        .get(page.url.partition("?")[0] + "evenings-in-berlin/SHA256SUMS", timeout=10)
        .text
    )
    for group in page.locator("#evenings-in-berlin details").all()[1:]:
        group.locator("summary").click()  # all but the first are folded
    for line in sums.splitlines():
        digest, _, path = line.partition("  ")
        with page.expect_download() as saving:
            page.locator(f'a[href$="/files/{path}"]').click()
        saved = folder / path.replace("/", "_")
        saving.value.save_as(saved)
        assert hashlib.sha256(saved.read_bytes()).hexdigest() == digest, path
        assert b"+52.5200" not in saved.read_bytes(), path


def requests_session(page: Page) -> requests.Session:
    session = requests.Session()
    for cookie in page.context.cookies():
        session.cookies.set(cookie["name"], cookie["value"])
    return session


def see_earnings(page: Page) -> None:
    page.goto("/film/earnings/")
    expect(page.get_by_text("$75.00").first).to_be_visible()
    minutes = Earning.objects.get(line=None).amount_minor
    assert 1 <= minutes <= 7, "two seconds at $0.50 to $2.00 a minute"
