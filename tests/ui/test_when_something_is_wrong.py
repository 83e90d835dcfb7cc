"""Every refusal is a page of ours that says what happened, what was kept and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from marketplace import views
from tests import people


@pytest.mark.django_db
def test_an_address_that_is_not_there(client: Client) -> None:
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    html = answer.content.decode()
    assert "<title>Nothing here · Fairframe</title>" in html
    assert "tried" not in html, "the resolver's table is not for visitors"


@pytest.mark.django_db
def test_a_view_may_say_what_is_not_there(rf: RequestFactory) -> None:
    answer = views.not_found(rf.get("/x/"), Http404("No <b>footage</b> of yours has this address."))
    assert "No &lt;b&gt;footage&lt;/b&gt; of yours has this address." in answer.content.decode()


@pytest.mark.django_db
def test_a_page_for_other_people(rf: RequestFactory) -> None:
    answer = views.forbidden(rf.get("/x/"), PermissionDenied("Only owners invite members."))
    assert answer.status_code == 403
    assert "Only owners invite members." in answer.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_changes_nothing() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.alice(), backend="django.contrib.auth.backends.ModelBackend")
    answer = strict.post("/accounts/logout/")
    assert answer.status_code == 403
    assert "The form was too old" in answer.content.decode()
    assert "_auth_user_id" in strict.session


@pytest.mark.parametrize(("view", "code"), [(views.server_error, 500), (views.bad_request, 400)])
def test_the_page_for_our_faults_needs_no_database(
    rf: RequestFactory, django_assert_num_queries: Any, db: None, view: Any, code: int
) -> None:
    with django_assert_num_queries(0) as queries:
        answer = view(rf.get("/")) if code == 500 else view(rf.get("/"), ValueError("x"))
    assert isinstance(queries, CaptureQueriesContext)
    assert answer.status_code == code
    assert "<h1>" in answer.content.decode()


@pytest.mark.django_db
def test_guessing_a_password_stops_after_ten_tries(client: Client, settings: Any) -> None:
    settings.AXES_ENABLED = True
    people.bob()
    wrong = {"login": "bob@example.org", "password": "guess"}
    answers = [client.post("/accounts/login/", wrong) for _ in range(10)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert "<title>Too many tries · Fairframe</title>" in answers[-1].content.decode()
    right = client.post("/accounts/login/", {**wrong, "password": people.PASSWORD})
    assert right.status_code == 429, "the right password is refused too until the hour is over"
