"""The whole main job over HTTP: three doors, one video, one sale, one transfer."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedded.smoke import buyer, contributor, footage, staff
from embedded.smoke.person import Person, StepFailed

if TYPE_CHECKING:
    from embedded.accounts import Person as Account

PRICE = {"driving": "250.00", "sports": "80.00"}
WAIT_FOR_TRANSFER = 30  # seconds until Stripe's event about it has come back


def walk(
    site: str, accounts: dict[str, Account], source: Path | None, vertical: str, data: Path
) -> dict[str, Any]:
    """Walk through every step, printing each with its time, and give what came of it; raises StepFailed."""
    film = _logged_in(site, accounts["athlete" if vertical == "sports" else "driver"])
    if source is not None:
        with step("withdraw what earlier walks uploaded"):
            for name in ("driver", "athlete"):
                contributor.withdraw_walks(_logged_in(site, accounts[name]))
    with tempfile.TemporaryDirectory(prefix="fairframe-walk-") as scratch:
        with step("make the footage" if source is None else "take the footage"):
            video = _video(source, Path(scratch), vertical)
        with step("upload it through presigned parts"):
            address = contributor.upload(film, video, vertical=vertical)
    with step("redact, pose, tag and cut"):
        count = contributor.wait_for_review(film, address)
    with step("look at the clips and submit"):
        contributor.submit(film, address)
    with step("approve every clip at the desk"):
        clips = staff.approve_all(_logged_in(site, accounts["moderator"]), count)
    with step("make and publish a package"):
        page = staff.make_package(_logged_in(site, accounts["curator"]), clips, price=PRICE[vertical])
    buys = _logged_in(site, accounts["buyer"])
    with step("find, accept and pay"):
        bought = buyer.buy(buys, page)
    with step("download and check every checksum"):
        folder, right = buyer.download(buys, bought, data / "bought")
    with step("open the Stripe account"):
        contributor.onboard(film)
    with step("pay out"):
        desk = _logged_in(site, accounts["finance"])
        staff.run_payouts(desk)
        transfer = _transfer(film)
        total, holds = staff.books(desk)
    if not holds or total:
        raise StepFailed(f"The books are not in order: the lines sum to {total}.")
    if not right:
        raise StepFailed("A downloaded file has another checksum than promised.")
    return {
        "footage": str(source) if source else video.name,
        "clips": count,
        "package": page,
        "package_dir": str(folder),
        "order_minor": bought.total_minor,
        "currency": bought.currency,
        "ledger_sum": total,
        "transfer_minor": transfer,
        "download_sha256_ok": right,
    }


@contextmanager
def step(what: str) -> Iterator[None]:
    """Print one step and how long it took; name it when it fails."""
    began = time.monotonic()
    try:
        yield
    except StepFailed as failed:
        raise StepFailed(f"{what}: {failed}") from failed
    except (OSError, ValueError, KeyError) as error:
        raise StepFailed(f"{what}: {type(error).__name__}: {error}") from error
    print(f"  {what:<40} {time.monotonic() - began:7.1f} s", flush=True)


def _logged_in(site: str, account: Account) -> Person:
    person = Person(site)
    person.log_in(account.email, account.password)
    return person


def _video(source: Path | None, scratch: Path, vertical: str) -> Path:
    """Make a clip, or copy the given file; an empty box behind it makes the bytes new, for equal bytes are refused."""
    copy = scratch / (source.name if source else "walk.mp4")
    if source is None:
        from pipeline.video import weights

        footage.make(copy, face=weights.path("astronaut"), vertical=vertical)
    else:
        shutil.copyfile(source, copy)
    with copy.open("ab") as file:
        file.write((24).to_bytes(4, "big") + b"free" + uuid.uuid4().bytes)
    return copy


def _transfer(film: Person) -> int:
    """Read the newest transfer from the contributor's own page, in cents."""
    until = time.monotonic() + WAIT_FOR_TRANSFER
    while time.monotonic() < until:
        page = film.get("/film/earnings/").text
        table = page.partition(">Transfers</h2>")[2].partition("</tr>")[2].partition("</tr>")[0]
        amount = re.search(r"\$([\d,]+)\.(\d\d)", table)
        if amount and re.search(r"\btr_\w+", table):
            return int(amount[1].replace(",", "")) * 100 + int(amount[2])
        time.sleep(0.5)
    raise StepFailed("The contributor's page shows no transfer that was sent.")
