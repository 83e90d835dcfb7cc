"""The worker, the Stripe simulator and the browser that tests may ask for are real, and on the test's own services."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from buyers import stripe_api
from marketplace.celery import app

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer


@pytest.mark.django_db(transaction=True)
def test_the_worker_takes_from_all_three_queues(worker: None) -> None:
    answers = app.control.inspect(timeout=5, limit=1).active_queues() or {}
    (queues,) = answers.values()
    assert {queue["name"] for queue in queues} == {"media", "io", "money"}


def test_the_official_client_speaks_to_the_simulator(stripe_simulator: str) -> None:
    assert stripe_simulator == settings.STRIPE_API_BASE
    customer = stripe_api.client().v1.customers.create(params={"email": "bob@example.org"})
    assert stripe_api.client().v1.customers.retrieve(customer.id).email == "bob@example.org"


def test_the_simulator_forgets_what_another_test_did(stripe_simulator: str) -> None:
    assert stripe_api.client().v1.customers.list().data == []


@pytest.mark.e2e
def test_the_browser_sees_the_site_with_its_styles(live_server: LiveServer, page: Page) -> None:
    from playwright.sync_api import expect

    assert live_server.url == settings.SITE_URL
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    page.goto(live_server.url)
    expect(page).to_have_title(re.compile("Fairframe"))
    expect(page.locator("h1")).to_be_visible()
    assert failed == []
