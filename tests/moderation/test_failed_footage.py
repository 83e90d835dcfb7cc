"""Footage that failed through our fault is put back into the queue by the desk, and nothing else is."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.states import FootageState
from pipeline.models import Job
from tests import people

pytestmark = pytest.mark.django_db


def test_mo_has_it_processed_again(client: Client) -> None:
    alice = people.alice()
    failed = people.make_footage(alice, state=FootageState.FAILED, reason="The disk was full.")
    decided = people.make_footage(alice, state=FootageState.DECIDED)
    client.force_login(people.mo())
    answer = client.post(
        reverse("admin:marketplace_footage_changelist"),
        {"action": "process_again", "_selected_action": [str(failed.pk), str(decided.pk)]},
        follow=True,
    )
    assert "1 of 2 wait for a worker again" in answer.content.decode()
    failed.refresh_from_db()
    decided.refresh_from_db()
    assert (failed.state, failed.reason, decided.state) == (FootageState.QUEUED, "", FootageState.DECIDED)
    assert Job.objects.get().footage == failed
