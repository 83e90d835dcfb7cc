"""The upload page in a real browser: retry, pause, reload, another file in its place, resume, done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as fixed
from django.test import Client
from playwright.sync_api import Page, Route, expect

from marketplace import storage
from marketplace.models import Footage, User
from marketplace.states import FootageState
from tests import people
from tests.telemetry import files

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PART = 5 * 1024**2
SLOW = 60_000  # ms: two busy cores hash and send 16 MB


@pytest.fixture
def ride(tmp_path: Path) -> Path:
    """A file of four parts, the last one short."""
    path = tmp_path / "2024-05-03_evening_ride.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(range(251)) * (3 * PART // 251) + b"the end" * 150_000)
    return path


@pytest.fixture
def alices_page(live_server: Any, page: Page, s3: object, settings: Any) -> Iterator[Page]:
    """The upload page, with Alice signed in and small parts."""
    settings.UPLOAD_PART_BYTES = PART
    client = Client()
    client.force_login(people.alice())
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security" in line.text else None)
    page.goto(f"{live_server.url}/film/upload/")
    yield page
    page.unroute_all(behavior="ignoreErrors")
    assert errors == []


def agree(page: Page) -> None:
    """Tick what is needed."""
    for purpose in ("store", "sell", "people"):
        page.check(f"#consent_{purpose}")


def put_number(route: Route) -> int:
    """Read the part's number from the address it is sent to."""
    return int(route.request.url.partition("partNumber=")[2].partition("&")[0])


def test_an_upload_survives_a_lost_part_a_pause_and_a_reload(alices_page: Page, ride: Path) -> None:
    page, sent = alices_page, []
    held: list[Route] = []

    def through(route: Route) -> None:
        number = put_number(route)
        sent.append(number)
        if number == 1 and sent.count(1) == 1:
            route.abort("connectionreset")  # the first try of part 1 is lost
        elif number == 3:
            held.append(route)  # part 3 hangs
        else:
            route.continue_()

    page.route("**/originals/**", through)
    page.set_input_files("#picker", ride)
    row = page.locator("#files .file")
    expect(row.locator("[data-part=title-input]")).to_have_value("2024 05 03 evening ride")
    expect(row.locator("[data-part=recorded_on-input]")).to_have_value("2024-05-03")
    row.locator("[data-part=title-input]").fill("Evening ride")
    page.click("#start")
    expect(page.locator("#details .error-summary")).to_contain_text(
        "“Store and process” is not ticked", timeout=SLOW
    )
    assert not Footage.objects.exists()
    agree(page)
    page.click("#start")
    # Three of four parts arrive, part 1 at its second try.
    expect(row.locator("[data-part=size]")).to_contain_text("11.5 MB of 16.8 MB (68%)", timeout=SLOW)
    assert sent.count(1) == 2
    expect(page.locator("#consent_store")).not_to_be_checked()  # the next files ask again
    row.get_by_role("button", name="Pause").click()
    expect(row.locator("[data-part=state]")).to_contain_text("Paused", timeout=SLOW)
    page.reload()
    waiting = page.locator("[data-unfinished]")
    expect(waiting).to_contain_text("11.5 MB of 16.8 MB have arrived", timeout=SLOW)

    # Another file under the same name and of the same size, different only in the middle.
    changed = bytearray(ride.read_bytes())
    changed[PART + 1000] ^= 1
    other = ride.parent / "other" / ride.name
    other.parent.mkdir()
    other.write_bytes(changed)
    page.set_input_files("#picker", other)
    expect(page.locator("#files [data-part=problem-text]")).to_contain_text(
        "has changed since this upload began", timeout=SLOW
    )

    # And one that already begins otherwise.
    changed[100] ^= 1
    other.write_bytes(changed)
    page.reload()
    page.set_input_files("#picker", other)
    expect(waiting.locator("[data-part=note]")).to_contain_text(
        "have changed since this upload began", timeout=SLOW
    )

    page.unroute("**/originals/**")
    sent.clear()

    def noted(route: Route) -> None:
        sent.append(put_number(route))
        route.continue_()

    page.route("**/originals/**", noted)
    page.set_input_files("#picker", ride)
    expect(row.locator("[data-part=state]")).to_contain_text("Uploaded and checked in", timeout=SLOW)
    assert sent == [3]  # nothing else is sent again
    footage = Footage.objects.get()
    assert (footage.state, footage.title) == (FootageState.QUEUED, "Evening ride")
    assert footage.sha256 == hashlib.sha256(ride.read_bytes()).hexdigest()
    assert storage.get_bytes(bucket=fixed.S3_BUCKET_ORIGINALS, key=footage.original_key) == ride.read_bytes()
    row.get_by_role("link", name="See how it is processed").click()
    expect(page.get_by_role("heading", name="What happens now")).to_be_visible()


def test_files_that_cannot_be_uploaded_are_told_before_anything_is_sent(
    alices_page: Page, tmp_path: Path
) -> None:
    page = alices_page
    empty, picture = tmp_path / "empty.mp4", tmp_path / "holiday.jpg"
    empty.touch()
    picture.write_bytes(b"\xff\xd8\xff")
    page.set_input_files("#picker", [empty, picture])
    problems = page.locator("#files [data-part=problem-text]")
    expect(problems.nth(0)).to_contain_text("It is empty (0 bytes)", timeout=SLOW)
    expect(problems.nth(1)).to_contain_text("not a kind of file that we take", timeout=SLOW)
    page.click("#start")
    expect(page.locator("#details .error-summary")).to_contain_text("Add a video first", timeout=SLOW)
    assert not Footage.objects.exists()


def test_a_running_upload_can_be_stopped_and_thrown_away(alices_page: Page, ride: Path) -> None:
    page = alices_page
    page.route("**/originals/**", lambda route: None)  # nothing arrives
    page.set_input_files("#picker", ride)
    agree(page)
    page.click("#start")
    row = page.locator("#files .file")
    expect(row.locator("[data-part=state]")).to_contain_text("Uploading", timeout=SLOW)
    row.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Stop and throw away").click()
    expect(row).to_have_count(0, timeout=SLOW)
    assert Footage.objects.get().state == FootageState.ABANDONED
    assert User.objects.get().footage.count() == 1


def test_a_telemetry_file_goes_with_its_video(alices_page: Page, tmp_path: Path) -> None:
    page = alices_page
    (tmp_path / "ride.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + b"ride" * 1000)
    (tmp_path / "shopping.csv").write_text("milk,2\n")
    (tmp_path / "ride.gpx").write_bytes(files.gpx(files.trip(60)))
    page.set_input_files("#picker", tmp_path / "ride.mp4")
    row = page.locator("#files .file")
    page.select_option("[name=country]", "DE")
    agree(page)
    row.get_by_label("Telemetry file").set_input_files(tmp_path / "shopping.csv")
    row.get_by_label("Clock offset").fill("-2.5")
    page.click("#start")
    expect(row.locator("[data-part=telemetry-wrong]")).to_contain_text(
        "“shopping.csv” is none of GPX, NMEA or CSV"
    )
    assert not Footage.objects.exists()
    row.get_by_label("Telemetry file").set_input_files(tmp_path / "ride.gpx")
    page.click("#start")
    expect(row.locator("[data-part=state]")).to_have_text("Uploaded and checked in", timeout=SLOW)
    kept = Footage.objects.get().telemetry_file
    assert (kept.name, kept.fixes, kept.clock_offset_s) == ("ride.gpx", 61, -2.5)
