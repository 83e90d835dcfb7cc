"""The demo's people: one for each door and each desk, made once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache


@dataclass(frozen=True)
class Person:
    """Somebody who can log in."""

    role: str
    email: str
    does: str
    name: str
    groups: tuple[str, ...] = ()
    password: str = ""

    def with_password(self, password: str) -> Person:
        """Give the same person with the password that this data directory has."""
        return replace(self, password=password)


PEOPLE = (
    Person("driver", "driver@demo.example", "films with a dashcam (/film/)", "Dana"),
    Person("athlete", "athlete@demo.example", "films sports (/film/)", "Alex"),
    Person("buyer", "buyer@demo.example", "buys for Demo Robotics (/packages/)", "Billie"),
    Person("moderator", "moderator@demo.example", "approves clips (/desk/)", "Mo", ("Moderators",)),
    Person("curator", "curator@demo.example", "makes packages (/desk/)", "Cora", ("Curators",)),
    Person("finance", "finance@demo.example", "sees the money (/desk/)", "Fin", ("Finance",)),
    Person("admin", "admin@demo.example", "may do everything (/desk/)", "Ada"),
)


def make(*, password: str) -> None:
    """Make the people who are not there yet; the ones who are get this password and their groups back."""
    from django.db import transaction

    from moderation import roles

    roles.sync()
    with transaction.atomic():
        for person in PEOPLE:
            _make_one(person, password=password)


# Argon2 takes a third of a second on purpose, and they all have one password.
@cache
def _hashed(password: str) -> str:
    from django.contrib.auth.hashers import make_password

    return make_password(password)


@cache
def _is(password: str, hashed: str) -> bool:
    from django.contrib.auth.hashers import check_password

    return check_password(password, hashed)


def _make_one(person: Person, *, password: str) -> None:
    from allauth.account.models import EmailAddress
    from django.contrib.auth.models import Group

    from buyers.models import Membership, Organisation, Role
    from contributors.models import ContributorProfile, Kind
    from marketplace.models import User

    user = User.objects.filter(email=person.email).first()
    if user is None:
        user = User.objects.create_user(person.email, first_name=person.name)
        EmailAddress.objects.create(user=user, email=person.email, verified=True, primary=True)
    if not user.has_usable_password() or not _is(password, user.password):
        user.password = _hashed(password)
    user.is_staff = bool(person.groups) or person.role == "admin"
    user.is_superuser = person.role == "admin"
    user.save()
    user.groups.set(Group.objects.filter(name__in=person.groups))
    if person.role in ("driver", "athlete"):
        values = {"kind": Kind(person.role), "display_name": person.name, "country": "DE", "is_adult": True}
        ContributorProfile.objects.get_or_create(user=user, defaults=values)
    if person.role == "buyer":
        company, _ = Organisation.objects.get_or_create(name="Demo Robotics", defaults={"country": "US"})
        Membership.objects.get_or_create(user=user, defaults={"organisation": company, "role": Role.OWNER})
