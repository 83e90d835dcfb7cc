"""Signing up, signing in and losing a password, in our own words."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from marketplace.models import User
from tests import people

pytestmark = pytest.mark.django_db
NEW = {
    "door": "film",
    "email": "Nina@Example.org",
    "password1": "long enough pass",
    "password2": "long enough pass",
}


@pytest.mark.parametrize("door", ["film", "buy"])
def test_the_link_to_a_door_ticks_it(client: Client, door: str) -> None:
    html = client.get(f"/accounts/signup/?door={door}").content.decode()
    (ticked,) = re.findall(r'<input type="radio"[^>]*checked[^>]*>', html)
    assert f'value="{door}"' in ticked


def test_without_a_door_none_is_ticked(client: Client) -> None:
    assert "checked" not in client.get("/accounts/signup/?door=nonsense").content.decode()


def test_a_new_person_confirms_the_address_and_is_in(client: Client) -> None:
    answer = client.post("/accounts/signup/?door=film", NEW, follow=True)
    assert "Look in your inbox" in answer.content.decode()
    (message,) = mail.outbox
    assert message.subject == "[Fairframe] Confirm your e-mail address"
    assert message.to == ["nina@example.org"]
    assert "Welcome to Fairframe." in message.body
    assert "example.com" not in message.body
    (link,) = re.findall(r"http://\S+/accounts/confirm-email/\S+", str(message.body))
    page = client.get(link)
    assert "Is nina@example.org your address?" in page.content.decode()
    done = client.post(link)
    assert done.status_code == 302
    user = User.objects.get()
    assert user.first_door == "film"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_every_mistake_is_named_at_its_field_and_at_the_top(client: Client) -> None:
    html = client.post(
        "/accounts/signup/", {**NEW, "door": "", "email": "nina@", "password2": "x"}
    ).content.decode()
    assert 'class="error-summary" role="alert"' in html
    for name in ("door", "email", "password2"):
        assert f'href="#id_{name}"' in html
        assert f'id="id_{name}"' in html
        assert f'id="id_{name}_error"' in html
    (email,) = re.findall(r'<input type="email"[^>]*>', html)
    assert 'aria-invalid="true"' in email
    assert "id_email_error" in re.search(r'aria-describedby="([^"]+)"', email)[1]  # type: ignore[index]
    assert not User.objects.exists()


def test_an_address_that_is_taken_learns_it_by_mail_only(client: Client) -> None:
    people.bob()
    known = client.post("/accounts/signup/", {**NEW, "email": "bob@example.org"}, follow=True)
    assert "Look in your inbox" in known.content.decode()
    (message,) = mail.outbox
    assert message.subject == "[Fairframe] You already have an account"
    assert "/accounts/password/reset/" in message.body


def test_a_wrong_password_says_what_to_do_and_keeps_the_address(client: Client) -> None:
    people.bob()
    html = client.post("/accounts/login/", {"login": "bob@example.org", "password": "no"}).content.decode()
    assert "error-summary" in html
    assert 'value="bob@example.org"' in html
    assert "Forgotten it?" in html


def test_bob_sets_a_new_password_by_mail(client: Client) -> None:
    people.bob()
    answer = client.post("/accounts/password/reset/", {"email": "bob@example.org"}, follow=True)
    assert "Look in your inbox" in answer.content.decode()
    (message,) = mail.outbox
    assert message.subject == "[Fairframe] Set a new password"
    (link,) = re.findall(r"http://\S+/accounts/password/reset/key/\S+", str(message.body))
    form = client.get(link, follow=True)
    assert "Set a new password" in form.content.decode()
    new = {"password1": "another good one", "password2": "another good one"}
    done = client.post(form.redirect_chain[-1][0], new, follow=True)
    assert "Your password is changed" in done.content.decode()
    assert (
        client.login(username="bob@example.org", password="another good one")
        or client.post(
            "/accounts/login/", {"login": "bob@example.org", "password": "another good one"}
        ).status_code
        == 302
    )


def test_an_unknown_address_is_told_so_by_mail_only(client: Client) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "nobody@example.org"}, follow=True)
    assert "Look in your inbox" in answer.content.decode()
    (message,) = mail.outbox
    assert message.subject == "[Fairframe] No account with this address"


def test_two_step_sign_in_from_switching_on_to_the_code(client: Client) -> None:
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    bob = people.bob()
    client.post("/accounts/login/", {"login": bob.email, "password": people.PASSWORD})
    again = client.get("/accounts/2fa/totp/activate/", follow=True)
    assert "Is it still you?" in again.content.decode()
    page = client.post(again.redirect_chain[-1][0], {"password": people.PASSWORD}, follow=True)
    html = page.content.decode()
    assert 'src="data:image/svg+xml;base64,' in html
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    codes = client.post("/accounts/2fa/totp/activate/", {"code": code}, follow=True)
    assert "10 of 10 are left" in codes.content.decode()
    assert "Switch it off" in client.get("/accounts/2fa/").content.decode()

    other = Client()
    step = other.post("/accounts/login/", {"login": bob.email, "password": people.PASSWORD}, follow=True)
    assert "Second step" in step.content.decode()
    recovery = codes.context["unused_codes"][0]
    done = other.post("/accounts/2fa/authenticate/", {"code": recovery})
    assert done.status_code == 302
    assert other.session["_auth_user_id"] == str(bob.pk)
