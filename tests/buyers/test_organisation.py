"""Bob starts an organisation, invites Bea, and only the right people come in."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from buyers.models import Invitation, Membership, Organisation
from tests import people

pytestmark = pytest.mark.django_db


def logged_in(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def test_a_new_buyer_says_for_whom_and_goes_on_where_they_were() -> None:
    client = logged_in(people.make_user("bob@example.org", first_door="buy"))
    assert client.get("/orders/")["Location"] == "/buy/start/"
    answer = client.post("/buy/start/", {"name": " Bob   Robotics ", "country": "US"})
    assert answer["Location"] == "/orders/"
    assert Organisation.objects.get().name == "Bob Robotics"
    assert client.get("/buy/").status_code == 200


def test_a_name_that_is_taken_is_said_and_what_was_typed_is_kept() -> None:
    people.bob()
    client = logged_in(people.make_user("eve@example.org"))
    answer = client.post("/buy/start/", {"name": "bob robotics", "country": "DE"})
    assert answer.status_code == 400
    assert "is here already" in answer.content.decode()
    assert 'value="bob robotics"' in answer.content.decode()


def invited(bob: Client, email: str = "bea@example.org") -> str:
    bob.post("/buy/members/", {"email": email})
    found = re.search(r"/buy/join/([\w-]+)/", mail.outbox[-1].body)
    assert found
    return found[1]


def test_bea_joins_by_the_link_in_her_mail_and_sees_the_orders() -> None:
    bob = logged_in(people.bob())
    code = invited(bob)
    assert code not in str(Invitation.objects.values_list()), "the code itself is stored nowhere"
    bea = logged_in(people.make_user("bea@example.org"))
    assert "Join Bob Robotics" in bea.get(f"/buy/join/{code}/").content.decode()
    bea.post(f"/buy/join/{code}/")
    assert Membership.objects.get(user__email="bea@example.org").organisation.name == "Bob Robotics"
    assert bea.get("/orders/").status_code == 200
    assert logged_in(people.make_user("x@example.org")).get(f"/buy/join/{code}/").status_code == 410


def test_an_invitation_is_for_one_address_once_and_for_two_weeks() -> None:
    bob = logged_in(people.bob())
    code = invited(bob)
    mallory = logged_in(people.make_user("other@example.org"))
    answer = mallory.post(f"/buy/join/{code}/", follow=True)
    assert "is for bea@example.org" in answer.content.decode()
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert logged_in(people.make_user("bea@example.org")).get(f"/buy/join/{code}/").status_code == 410
    assert Membership.objects.count() == 1


def test_only_owners_invite_and_remove_and_the_last_owner_stays() -> None:
    bob_user = people.bob()
    bob = logged_in(bob_user)
    code = invited(bob)
    bea_user = people.make_user("bea@example.org")
    bea = logged_in(bea_user)
    bea.post(f"/buy/join/{code}/")
    assert bea.post("/buy/members/", {"email": "c@example.org"}).status_code == 403
    assert bea.post(f"/buy/members/{bob_user.membership.pk}/remove/").status_code == 403
    bob.post(f"/buy/members/{bob_user.membership.pk}/remove/")
    assert Membership.objects.filter(user=bob_user).exists()
    bob.post(f"/buy/members/{Membership.objects.get(user=bea_user).pk}/remove/")
    assert not Membership.objects.filter(user=bea_user).exists()


def test_an_invitation_can_be_taken_back() -> None:
    bob = logged_in(people.bob())
    code = invited(bob)
    bob.post(f"/buy/invitations/{Invitation.objects.get().pk}/revoke/")
    assert logged_in(people.make_user("bea@example.org")).get(f"/buy/join/{code}/").status_code == 410
