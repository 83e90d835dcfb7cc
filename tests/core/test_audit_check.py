"""Every night the chain of the audit log is walked; a change behind the site's back is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import connection

from marketplace.models import Event
from marketplace.models.event import record
from marketplace.tasks import check_audit_log
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines() -> list[Event]:
    alice = people.alice()
    return [record("test.happened", subject=alice, actor=alice, data={"n": n}) for n in range(5)]


def test_a_whole_log_is_quiet(lines: list[Event]) -> None:
    assert check_audit_log() is None
    assert not mail.outbox


def test_an_edited_line_is_told_to_the_administrators(settings: Any, lines: list[Event]) -> None:
    settings.ADMINS = [("", "root@example.org")]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE marketplace_event DISABLE TRIGGER event_append_only")
        cursor.execute("UPDATE marketplace_event SET data = '{}' WHERE id = %s", [lines[2].pk])
        cursor.execute("ALTER TABLE marketplace_event ENABLE TRIGGER event_append_only")
    assert check_audit_log() == lines[2].pk
    assert mail.outbox[0].to == ["root@example.org"]
    assert f"line {lines[2].pk}" in mail.outbox[0].body
