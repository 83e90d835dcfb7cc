"""The cart of an organisation, and what has happened to its packages since they were put in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from buyers.models import CartItem, Entitlement, Membership
from marketplace.models import LicenceTerms, Package


@dataclass(frozen=True)
class Line:
    """One package in the cart; with ``gone`` it cannot be bought any more and the sentence says why."""

    item: CartItem
    gone: str = ""
    note: str = ""


@dataclass(frozen=True)
class Cart:
    """What is in the cart now; only ``buyable`` lines count."""

    lines: list[Line]

    @property
    def buyable(self) -> list[Line]:
        return [line for line in self.lines if not line.gone]

    @property
    def total_minor(self) -> int:
        return sum(line.item.package.price_minor for line in self.buyable)

    @property
    def currency(self) -> str:
        return self.buyable[0].item.package.currency if self.buyable else "usd"

    @property
    def terms(self) -> list[LicenceTerms]:
        """The distinct licence texts to accept."""
        found = {line.item.package.licence_id: line.item.package.licence for line in self.buyable}
        return list(found.values())

    @property
    def fingerprint(self) -> str:
        """What the person saw: packages, versions and prices; a change since then is asked about again."""
        seen = [
            (str(x.item.package_id), str(x.item.package.current_id), x.item.package.price_minor)
            for x in self.buyable
        ]
        return ";".join(f"{package}:{version}:{price}" for package, version, price in sorted(seen))


def put(*, member: Membership, package: Package) -> bool:
    """Put a package into the cart; False when it was there already."""
    _, new = CartItem.objects.get_or_create(
        organisation_id=member.organisation_id, package=package, defaults={"added_by_id": member.user_id}
    )
    return new


def take_out(*, member: Membership, package_id: Any) -> None:
    """Take a package out of the cart."""
    CartItem.objects.filter(organisation_id=member.organisation_id, package_id=package_id).delete()


def look(*, member: Membership) -> Cart:
    """Look what is in the cart and whether each package can still be bought."""
    items = list(
        CartItem.objects.filter(organisation_id=member.organisation_id).select_related(
            "package__licence", "package__current"
        )
    )
    listed = set(
        Package.objects.listed()
        .filter(pk__in=[item.package_id for item in items])
        .values_list("pk", flat=True)
    )
    owned = set(
        Entitlement.objects.filter(
            organisation_id=member.organisation_id, revoked_at=None, until__gt=timezone.now()
        ).values_list("version_id", flat=True)
    )
    lines = []
    currency = next((i.package.currency for i in items if i.package_id in listed), "usd")
    for item in items:
        gone = note = ""
        if item.package_id not in listed:
            gone = "It is no longer for sale, so it is not counted. The rest of your cart is kept."
        elif item.package.currency != currency:
            gone = f"It is sold in {item.package.currency.upper()}: buy it in an order of its own."
        elif item.package.current_id in owned:
            note = "Your organisation has this version already and can still download it."
        lines.append(Line(item, gone, note))
    return Cart(lines)
