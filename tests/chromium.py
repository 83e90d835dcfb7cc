"""The system's Chromium, driven by Playwright."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def visitor(browser: Browser, *, width: int, height: int, **choices: Any) -> BrowserContext:
    """Open an empty profile of somebody who asked for less motion.

    Without a GPU one pulsing dot has the whole window drawn 60 times a second: a core, as long as the page is open.
    """
    size: Any = {"width": width, "height": height}
    return browser.new_context(viewport=size, reduced_motion="reduce", **choices)


@contextlib.contextmanager
def launched() -> Iterator[Browser]:
    """Start Chromium for this session."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.fail("There is no Chromium on this machine: run `make chromium`.")
    # Playwright's loop runs in this thread, which Django takes for async code that must not query the database.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, headless=True, args=QUIET)
            yield browser
            browser.close()
    finally:
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
        if before is not None:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before
