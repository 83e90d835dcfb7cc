"""Bob starts an organisation, invites Bea, and only the right people come in."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from buyers import organisations
from buyers.models import Entitlement, Invitation, Membership, Organisation
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
    found = re.search(r"/buy/join/([\w-]+)/", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_bea_joins_by_the_link_in_her_mail_and_sees_the_orders() -> None:
    bob = logged_in(people.bob())
    code = invited(bob)
    assert code not in str(Invitation.objects.values_list()), "the code itself is stored nowhere"
    bea = logged_in(people.make_user("bea@example.org"))
    assert "Join Bob Robotics" in bea.get(f"/buy/join/{code}/").content.decode()
    bea.post("/buy/join/")
    assert Membership.objects.get(user__email="bea@example.org").organisation.name == "Bob Robotics"
    assert bea.get("/orders/").status_code == 200
    assert logged_in(people.make_user("x@example.org")).get(f"/buy/join/{code}/").status_code == 410


def test_an_invitation_is_for_one_address_once_and_for_two_weeks() -> None:
    bob = logged_in(people.bob())
    code = invited(bob)
    mallory = logged_in(people.make_user("other@example.org"))
    mallory.get(f"/buy/join/{code}/")
    answer = mallory.post("/buy/join/", follow=True)
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
    bea.get(f"/buy/join/{code}/")
    bea.post("/buy/join/")
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


def test_somebody_without_an_account_finds_the_invitation_again_after_signing_up() -> None:
    code = invited(logged_in(people.bob()))
    bea = Client()
    page = bea.get(f"/buy/join/{code}/").content.decode()
    assert "Bob invites" in page
    assert f"/accounts/signup/?door=buy&amp;next=/buy/join/{code}/" in page
    bea.force_login(people.make_user("bea@example.org", first_door="buy"))
    assert "Join Bob Robotics" in bea.get("/buy/start/").content.decode()
    assert bea.post("/buy/join/", follow=True).redirect_chain[-1][0] == "/buy/"


def test_an_address_that_is_not_confirmed_does_not_join() -> None:
    code = invited(logged_in(people.bob()))
    user = people.make_user("bea@example.org")
    EmailAddress.objects.filter(user=user).update(verified=False)
    bea = logged_in(user)
    bea.get(f"/buy/join/{code}/")
    bea.post("/buy/join/")
    assert not Membership.objects.filter(user=user).exists()


@pytest.mark.parametrize("who", ["film", "desk"])
def test_an_account_of_another_door_does_not_join(who: str) -> None:
    code = invited(logged_in(people.bob()), "mallory@example.org" if who == "film" else "mo@example.org")
    other = logged_in(people.mallory() if who == "film" else people.mo())
    answer = other.get(f"/buy/join/{code}/")
    assert answer.status_code == 403
    assert "with another e-mail address" in answer.content.decode()
    assert Membership.objects.count() == 1


def test_one_account_buys_for_one_organisation() -> None:
    people.bob("eve@example.org", "Eve Cars")
    code = invited(logged_in(people.bob()), "eve@example.org")
    eve = logged_in(Membership.objects.get(user__email="eve@example.org").user)
    eve.get(f"/buy/join/{code}/")
    answer = eve.post("/buy/join/", follow=True)
    assert "You buy for Eve Cars" in answer.content.decode()


def test_a_mail_that_does_not_go_out_invites_nobody(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens on the discard port
    answer = logged_in(people.bob()).post("/buy/members/", {"email": "bea@example.org"})
    assert answer.status_code == 400
    assert "The mail could not be sent" in answer.content.decode()
    assert not Invitation.objects.exists()


def test_nobody_sends_our_mail_to_the_whole_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organisations, "INVITATIONS", 2)
    bob = logged_in(people.bob())
    for name in ("a", "b", "b"):
        assert bob.post("/buy/members/", {"email": f"{name}@example.org"}).status_code == 302
    assert "wait already" in bob.post("/buy/members/", {"email": "c@example.org"}).content.decode()


def test_owners_of_another_organisation_change_nothing_here() -> None:
    bob_user = people.bob()
    invited(logged_in(bob_user))
    eve = logged_in(people.bob("eve@example.org", "Eve Cars"))
    eve.post(f"/buy/members/{bob_user.membership.pk}/remove/")
    eve.post(f"/buy/invitations/{Invitation.objects.get().pk}/revoke/")
    assert Membership.objects.count() == 2
    assert Invitation.objects.count() == 1


def test_the_home_page_shows_what_is_open_and_what_waits() -> None:
    user = people.bob()
    package = people.make_package([people.make_clip(people.make_footage(people.alice()))])
    waiting = people.make_order(user, package)
    people.make_order(user, package, state="paid")
    page = logged_in(user).get("/buy/").content.decode()
    until = Entitlement.objects.get().until
    for words in (
        "Open downloads",
        f"{until:%-d %B %Y}",
        "Waiting for payment",
        f"/orders/{waiting.pk}/pay/",
    ):
        assert words in page
